"""A stranger's way to the book's images: the official archive, in any order, gives the companion's split of CIFAR-100."""

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from cl_core.streams import DataError, arrays, list_available, load, make_own_split
from cl_core.streams.fetching import locate_official
from cl_core.streams.manifest import SOURCES
from cl_core.streams.splits import OWN_SPLITS, split_by_digest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def put_together(content):
    return (np.concatenate([content[f"{key}_train"], content[f"{key}_test"]]) for key in "xy")


def deal(content, train, seed):
    """Return the images of `content` in a random order, the first `train` of each class as the training part."""
    x, y = put_together(content)
    order = np.random.default_rng(seed).permutation(len(y))
    place = np.array([np.count_nonzero(y[order[:i]] == y[position]) for i, position in enumerate(order)])
    first, rest = order[place < train], order[place >= train]
    return {"x_train": x[first], "y_train": y[first], "x_test": x[rest], "y_test": y[rest]}


def split_by_hand(content, train):
    """Return the split as its definition says it, one class after another."""
    x, y = put_together(content)
    parts = {"train": ([], []), "test": ([], [])}
    for label in range(int(y.max()) + 1):
        members = sorted(
            (image.tobytes() for image in x[y == label]), key=lambda data: hashlib.sha256(data).hexdigest()
        )
        for part, some in (("train", members[:train]), ("test", members[train:])):
            parts[part][0].extend(some)
            parts[part][1].extend([label] * len(some))
    return {
        **{f"x_{part}": np.frombuffer(b"".join(x), np.uint8).reshape(-1, 32, 32, 3) for part, (x, _) in parts.items()},
        **{f"y_{part}": np.array(y, np.uint8) for part, (_, y) in parts.items()},
    }


@pytest.fixture
def small(images):
    """CIFAR-100 in small: six images a class, of which class 0 holds one twice and class 1 holds one of class 2."""
    content = images(100, 5, 1, (32, 32, 3))
    x, y = content["x_train"], content["y_train"]
    (first, second, *_), one, two = (np.flatnonzero(y == label) for label in range(3))
    x[second], x[one[0]] = x[first], x[two[0]]
    return content


@pytest.mark.parametrize("seed", [0, 1])
def test_the_archive_in_any_order_gives_the_split_with_its_digest(seed, small, publish, builders):
    expected = split_by_hand(small, 5)
    label = {arrays.digest(expected): "as in the book"}
    archive = builders["cifar100"](deal(small, 5, seed))
    publish("cifar100", archive, train=500, test=100, labels=label)
    path = make_own_split("cifar100")
    data = load("cifar100", "prepared")
    assert (data.label, data.digest) == ("as in the book", arrays.digest(expected))
    for key, array in expected.items():
        np.testing.assert_array_equal(getattr(data, key), array)
    before = path.stat().st_mtime_ns
    locate_official(SOURCES["cifar100"]).rename(path.parent / "away.npz")
    assert make_own_split("cifar100").stat().st_mtime_ns == before
    (path.parent / "away.npz").rename(locate_official(SOURCES["cifar100"]))
    rows = {row.route: row for row in list_available() if row.name == "cifar100"}
    assert (rows["prepared"].verified, rows["prepared"].digest) == (True, data.digest)
    assert rows["official"].digest == load("cifar100", "official").digest != data.digest


def test_other_images_that_stand_there_are_not_replaced(small, publish, builders, data_folder):
    publish("cifar100", builders["cifar100"](small), train=500, test=100)
    path = data_folder / "prepared" / "cifar100.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **small)
    content = path.read_bytes()
    with pytest.raises(DataError, match=r"holds other images .* move the file away"):
        make_own_split("cifar100")
    assert path.read_bytes() == content


def test_classes_of_unequal_size_are_refused(images):
    with pytest.raises(DataError, match=r"3 to 4 images.* needs equally many"):
        split_by_digest(
            images(10, 2, 1, (4, 4), extra=1) | {"y_test": np.arange(10), "x_test": np.zeros((10, 4, 4))}, 2
        )
    with pytest.raises(DataError, match="more than that"):
        split_by_digest(images(10, 2, 1, (4, 4)), 3)


@pytest.mark.parametrize("name", sorted(set(SOURCES) - set(OWN_SPLITS)))
def test_a_set_without_such_a_split_says_how_its_copy_relates_to_the_archive(name):
    with pytest.raises(ValueError, match=f"^{name} has no split to be made") as caught:
        make_own_split(name)
    assert SOURCES[name].relation in str(caught.value)
    assert name == "cub200" or len(SOURCES[name].relation) > 50


if SHARED.is_dir():

    @pytest.mark.slow
    def test_the_sixty_thousand_images_of_cifar100_give_the_split_of_the_results(publish, builders, data_folder):
        """The official order is not known here: the images are dealt at random into an archive in the official format."""
        spec = importlib.util.spec_from_file_location("unpack", SHARED / "unpack.py")
        unpack = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(unpack)
        x = unpack.pixels(SHARED / "cifar100", json.loads((SHARED / "manifest.json").read_text())["cifar100"]["shape"])
        y = np.load(SHARED / "cifar100" / "labels.npz")["y"]
        dealt = np.concatenate(
            [np.random.default_rng(label).permutation(np.flatnonzero(y == label)) for label in range(100)]
        ).reshape(100, 600)
        mix = np.random.default_rng(100)
        first, rest = (mix.permutation(some.ravel()) for some in (dealt[:, :500], dealt[:, 500:]))
        content = {"x_train": x[first], "y_train": y[first], "x_test": x[rest], "y_test": y[rest]}
        publish("cifar100", builders["cifar100"](content))
        make_own_split("cifar100")
        assert load("cifar100", "prepared").label == "CIFAR-100, own split"
