"""The parsers, on small archives in the official formats, whole and broken."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from cl_core.streams import DataError, arrays, formats
from cl_core.streams.manifest import SOURCES


def put(folder: Path, files: dict[str, bytes]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


@pytest.mark.parametrize("name", ["mnist", "cifar10", "cifar100"])
def test_every_pixel_and_label_comes_back(name, images, builders, tmp_path):
    content = images(SOURCES[name].classes, 5, 2, SOURCES[name].shape)
    parsed = getattr(formats, f"parse_{name}")(put(tmp_path / "a", builders[name](content)))
    for key in arrays.KEYS:
        found = getattr(parsed, key)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, content[key])
    assert parsed.names == (() if name == "mnist" else SOURCES[name].names)


def test_cifar_planes_are_red_green_blue(builders, tmp_path):
    x = np.zeros((5, 32, 32, 3), np.uint8)
    x[:, 0, 1] = (250, 100, 5)
    content = {"x_train": x, "x_test": x, "y_train": np.arange(5), "y_test": np.arange(5)}
    parsed = formats.parse_cifar10(put(tmp_path / "a", builders["cifar10"](content)))
    np.testing.assert_array_equal(parsed.x_train[0, 0, 1], [250, 100, 5])
    assert parsed.x_train[0].sum() == 355


def test_cub_is_cut_to_its_centre_resized_and_split(builders, tmp_path):
    parsed = formats.parse_cub200(put(tmp_path / "a", builders["cub200"](classes=3, train=2, test=1)))
    assert parsed.x_train.shape == (6, 64, 64, 3)
    assert parsed.x_test.shape == (3, 64, 64, 3)
    assert parsed.names == ("001.Bird_0", "002.Bird_1", "003.Bird_2")
    np.testing.assert_array_equal(parsed.y_train, [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(parsed.y_test, [0, 1, 2])
    # The white border left and right is outside the central square: one even colour is left, to JPEG's accuracy.
    middle = parsed.x_train[:, 10:-10, 10:-10].astype(int)
    np.testing.assert_allclose(
        middle[..., 0], np.array([20, 25, 80, 85, 140, 145])[:, None, None] * np.ones((44, 44)), atol=3
    )
    np.testing.assert_allclose(parsed.x_test[:, 32, 32, 0], [30, 90, 150], atol=3)
    assert parsed.x_train[..., 0].max() < 200


def test_a_grey_photograph_becomes_three_channels(builders, tmp_path):
    picture = builders["photograph"](90, (40, 80), mode="L")
    members = [("CUB_200_2011/images/001.A/a.jpg", picture)]
    members += [
        (f"CUB_200_2011/{name}", text)
        for name, text in {
            "images.txt": b"1 001.A/a.jpg\n",
            "image_class_labels.txt": b"1 1\n",
            "train_test_split.txt": b"1 1\n",
            "classes.txt": b"1 001.A\n",
        }.items()
    ]
    parsed = formats.parse_cub200(put(tmp_path / "a", {"c.tgz": builders["tar"](members)}))
    assert parsed.x_train.shape == (1, 64, 64, 3)
    np.testing.assert_allclose(parsed.x_train[0, 32, 32], [90, 90, 90], atol=3)


@pytest.mark.parametrize("name", ["mnist", "cifar10", "cifar100", "cub200"])
@pytest.mark.parametrize("kept", [0, 10, 0.3, 0.9, -9])
def test_a_truncated_archive_is_one_clear_error(name, kept, images, builders, tmp_path):
    made = (
        builders[name]()
        if name == "cub200"
        else builders[name](images(SOURCES[name].classes, 5, 2, SOURCES[name].shape))
    )
    first = next(iter(made))
    size = len(made[first])
    made[first] = made[first][: int(kept * size) if 0 < kept < 1 else kept]
    assert len(made[first]) < size
    with pytest.raises(DataError, match=rf"{first}.*(truncated|damaged|lacks|does not begin)"):
        getattr(formats, f"parse_{name}")(put(tmp_path / "a", made))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(made)


@pytest.mark.parametrize("name", ["mnist", "cifar100"])
def test_a_flipped_byte_in_an_archive_is_found(name, images, builders, tmp_path):
    made = builders[name](images(SOURCES[name].classes, 5, 2, SOURCES[name].shape))
    first = next(iter(made))
    raw = bytearray(made[first])
    raw[len(raw) // 2] ^= 1
    made[first] = bytes(raw)
    with pytest.raises(DataError, match="truncated or damaged"):
        getattr(formats, f"parse_{name}")(put(tmp_path / "a", made))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin with"),
        (struct.pack(">II", 2051, 3), "does not begin with"),
        (struct.pack(">IIII", 2049, 1, 2, 2) + b"1234", "does not begin with"),
        (struct.pack(">IIII", 2051, 2, 2, 2) + b"1234", "announces"),
        (struct.pack(">IIII", 2051, 2**31, 2**31, 2**31), "announces"),
    ],
)
def test_what_is_not_idx_is_refused(content, said, images, builders, tmp_path):
    made = builders["mnist"](images(10, 1, 1, (28, 28)))
    made["train-images-idx3-ubyte.gz"] = gzip.compress(content)
    with pytest.raises(DataError, match=said):
        formats.parse_mnist(put(tmp_path / "a", made))


def test_a_cifar_archive_with_a_part_record_or_without_a_file_is_refused(builders, tmp_path):
    batches = [(f"x/data_batch_{number}.bin", b"\0" * 3073) for number in range(1, 6)]
    with pytest.raises(DataError, match=r"lacks test_batch\.bin"):
        formats.parse_cifar10(put(tmp_path / "a", {"c.tar.gz": builders["tar"](batches)}))
    batches.append(("x/test_batch.bin", b"\0" * 3074))
    with pytest.raises(DataError, match=r"test_batch\.bin has 3,074 bytes"):
        formats.parse_cifar10(put(tmp_path / "b", {"c.tar.gz": builders["tar"](batches)}))


def cub_members(builders, **changes: bytes) -> bytes:
    texts = {
        "images.txt": b"1 001.A/a.jpg\n",
        "image_class_labels.txt": b"1 1\n",
        "train_test_split.txt": b"1 1\n",
        "classes.txt": b"1 001.A\n",
        "images/001.A/a.jpg": builders["photograph"](9),
    }
    texts |= changes
    return builders["tar"]([(f"CUB_200_2011/{name}", text) for name, text in texts.items() if text])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes.txt": b""}, r"lacks classes\.txt"),
        ({"images.txt": b"1 001.A/b.jpg\n"}, "do not agree.*b.jpg"),
        ({"image_class_labels.txt": b"1 0\n"}, "do not agree"),
        ({"image_class_labels.txt": b"1 bird\n"}, "do not agree"),
        ({"train_test_split.txt": b"2 1\n"}, "do not agree"),
        ({"images.txt": b"nonsense\n"}, "'nonsense'"),
        ({"classes.txt": b"\xff\xfe"}, "not text"),
        ({"images/001.A/a.jpg": b"not a photograph"}, "not a whole JPEG"),
    ],
)
def test_a_cub_archive_whose_parts_do_not_fit_is_refused(changes, said, builders, tmp_path):
    with pytest.raises(DataError, match=said):
        formats.parse_cub200(put(tmp_path / "a", {"c.tgz": cub_members(builders, **changes)}))


def test_a_cut_photograph_is_refused(builders, tmp_path):
    broken = cub_members(builders, **{"images/001.A/a.jpg": builders["photograph"](9)[:-200]})
    with pytest.raises(DataError, match=r"a\.jpg is not a whole JPEG"):
        formats.parse_cub200(put(tmp_path / "a", {"c.tgz": broken}))
