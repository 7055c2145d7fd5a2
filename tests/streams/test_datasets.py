"""Data sets in memory: the embedded digits, prepared files good and bad, and what every set promises."""

import io
import os
import struct
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from cl_core.streams import DataError, arrays, datasets, list_available, load
from cl_core.streams.manifest import PREPARED, SOURCES

SHAPES = {
    "mnist": (10, (28, 28)),
    "cifar10": (10, (32, 32, 3)),
    "cifar100": (100, (32, 32, 3)),
    "cub50": (50, (64, 64, 3)),
}


def prepare(folder, name, content):
    path = folder / "prepared" / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **content)
    return path


def prepared(folder, name, images):
    classes, shape = SHAPES[name]
    content = images(classes, 2, 1, shape)
    if name == "cub50":
        content["names"] = np.array([f"{label:03d}.Bird" for label in range(classes)])
    return prepare(folder, name, content), content


@pytest.mark.parametrize("elsewhere", [False, True])
def test_digits_are_scikit_learns_wherever_it_keeps_them(monkeypatch, elsewhere):
    from sklearn.datasets import load_digits  # half a second in every process that collects tests

    images, classes = load_digits(return_X_y=True)
    if elsewhere:
        monkeypatch.setattr(datasets, "find_spec", lambda name: None)
    else:
        monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # read past it: its import would now fail
    np.testing.assert_array_equal(datasets._read_digits(), np.column_stack([images, classes]))


def test_digits_are_the_known_ones():
    data = load("digits")
    assert data.digest in SOURCES["digits"].labels
    assert (data.label, data.route, data.names) == ("digits", "embedded", tuple("0123456789"))
    assert (len(data.x_train), len(data.x_test)) == (SOURCES["digits"].train, SOURCES["digits"].test)
    assert data.image_shape == (8, 8)
    assert (data.x_train.min(), data.x_train.max()) == (0, 255)
    shares = np.bincount(data.y_test) / (np.bincount(data.y_test) + np.bincount(data.y_train))
    assert np.all((shares > 0.19) & (shares <= 0.2))


@pytest.mark.parametrize("name", PREPARED)
def test_a_prepared_file_is_read_when_asked(name, images, data_folder):
    _, content = prepared(data_folder, name, images)
    data = load(name, "prepared")
    for key in arrays.KEYS:
        np.testing.assert_array_equal(getattr(data, key), content[key])
    assert data.route == "prepared"
    assert data.digest == arrays.digest(content)
    assert data.label == f"{SOURCES[name].title}, prepared {data.digest[:8]}"
    assert data.names[0] == ("000.Bird" if name == "cub50" else SOURCES[name].names[0])


def test_a_known_prepared_file_carries_its_label(images, data_folder, monkeypatch):
    _, content = prepared(data_folder, "cifar100", images)
    monkeypatch.setitem(SOURCES["cifar100"].labels, arrays.digest(content), "CIFAR-100, own split")
    assert load("cifar100", "prepared").label == "CIFAR-100, own split"


def test_the_digest_is_over_the_four_arrays_in_order(images):
    content = images(3, 2, 1, (2, 2))
    import hashlib

    whole = b"".join(content[key].tobytes() for key in ("x_train", "y_train", "x_test", "y_test"))
    assert arrays.digest(content) == hashlib.sha256(whole).hexdigest()


def test_a_prepared_file_that_is_not_there_is_named(data_folder):
    with pytest.raises(DataError, match="official") as caught:
        load("mnist", "prepared")
    assert str(data_folder / "prepared" / "mnist.npz") in str(caught.value)


@pytest.mark.parametrize("kept", [0, 5, 0.5, -30])
def test_a_truncated_prepared_file_is_refused(kept, images, data_folder):
    path, _ = prepared(data_folder, "mnist", images)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if 0 < kept < 1 else kept])
    with pytest.raises(DataError, match=r"is not a whole \.npz file of plain arrays"):
        load("mnist", "prepared")


def test_a_flipped_byte_in_a_prepared_file_is_found(images, data_folder):
    path, content = prepared(data_folder, "mnist", images)
    raw = bytearray(path.read_bytes())
    raw[raw.index(content["x_train"].tobytes()) + 50] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(DataError, match=r"is not a whole"):
        load("mnist", "prepared")


class Bomb:
    """Pickles to a call that makes a file: reading it as a pickle would run that."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("bare", [False, True])
def test_pickled_objects_are_never_read(bare, images, data_folder, tmp_path):
    path, content = prepared(data_folder, "mnist", images)
    if bare:
        import pickle

        path.write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    else:
        content["y_train"] = np.array([Bomb(tmp_path / "ran")], dtype=object)
        np.savez(path, **content)
    with pytest.raises(DataError, match=r"pickled objects, which could run code|is not a whole \.npz"):
        load("mnist", "prepared")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("y_test"), "lacks y_test"),
        (lambda c: c.update(x_train=c["x_train"].astype(np.float32)), "x_train is float32"),
        (lambda c: c.update(x_test=c["x_test"][:, :27]), r"expected uint8 \(N, 28, 28\)"),
        (lambda c: c.update(y_train=c["y_train"].astype(np.int64)), "y_train is int64"),
        (lambda c: c.update(y_train=c["y_train"][:-1]), r"y_train is uint8 \(19,\), expected uint8 \(20,\)"),
        (lambda c: c.update(y_train=c["y_train"] + 1), "each of the labels 0 to 9"),
        (lambda c: c.update(y_test=np.zeros_like(c["y_test"])), "y_test does not hold each"),
        (lambda c: c.update(names=np.array(["only one"])), "10 classes, but its data give 1 names"),
    ],
)
def test_a_prepared_file_of_another_shape_is_refused(change, said, images, data_folder):
    _, content = prepared(data_folder, "mnist", images)
    change(content)
    prepare(data_folder, "mnist", content)
    with pytest.raises(DataError, match=said):
        load("mnist", "prepared")


def test_a_changed_prepared_file_is_read_anew(images, data_folder):
    path, content = prepared(data_folder, "mnist", images)
    first = load("mnist", "prepared")
    assert load("mnist", "prepared") is first
    content["x_train"] = 255 - content["x_train"]
    prepare(data_folder, "mnist", content)
    os.utime(path, ns=(1, 1))
    assert load("mnist", "prepared").digest == arrays.digest(content) != first.digest


@pytest.mark.parametrize(
    ("name", "route", "said"),
    [
        ("cifar-100", None, "did you mean 'cifar100'"),
        ("nothing like it", None, "There are digits, mnist"),
        ("digits", "official", "read by embedded"),
        ("mnist", "embedded", "read by official or prepared"),
        ("mnist", "preparred", "did you mean 'prepared'"),
        ("cub200", "prepared", "split-cub50"),
    ],
)
def test_a_wrong_name_or_route_says_what_is_right(name, route, said):
    with pytest.raises(ValueError, match=said):
        load(name, route)


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        load("digits").x_train[0, 0, 0] = 1


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_moments_are_read_only(kind, made):
    data = made(3, 7, 1)
    for moment in replace(data, x_train=data.x_train.astype(kind)).moments:
        with pytest.raises(ValueError, match="read-only"):
            moment /= 255


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3)])
def test_moments_are_those_of_all_training_images(shape, made):
    data = made(3, 700, 1, shape)
    mean, deviation = data.moments
    flat = data.x_train.reshape(-1, shape[2] if len(shape) == 3 else 1).astype(float)
    np.testing.assert_allclose(mean, flat.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, flat.std(axis=0), rtol=1e-9)


def rows():
    return {(row.name, row.route): row for row in list_available()}


def test_presence_of_nothing_but_digits(data_folder):
    found = rows()
    assert {key for key, row in found.items() if row.present} == {("digits", "embedded")}
    assert found["digits", "embedded"].verified is True
    assert found["cub200", "official"].bytes == 1_150_585_339
    assert found["cifar100", "official"].verified is None
    assert {(name, "prepared") for name in PREPARED} < set(found)
    assert all(row.licence for row in found.values())
    assert not data_folder.exists()


def test_presence_tells_known_from_unknown_and_damaged(official, images, data_folder, monkeypatch):
    path, content = prepared(data_folder, "cifar10", images)
    row = rows()["cifar10", "prepared"]
    assert (row.verified, row.own) == (None, arrays.digest(content))
    monkeypatch.setitem(SOURCES["cifar10"].labels, arrays.digest(content), "known")
    row = rows()["cifar10", "prepared"]
    assert (row.present, row.verified, row.bytes, row.path) == (True, True, path.stat().st_size, path)
    path.write_bytes(b"damaged")
    assert rows()["cifar10", "prepared"].verified is False
    official("mnist")
    assert not rows()["mnist", "official"].present
    load("mnist")
    stored = rows()["mnist", "official"]
    assert (stored.present, stored.verified) == (True, True)


REAL = {
    "mnist": "MNIST",
    "cifar10": "CIFAR-10, prepared copy",
    "cifar100": "CIFAR-100, own split",
    "cub50": "CUB-50",
}


def test_the_manifest_names_every_set_once_and_completely():
    for source in SOURCES.values():
        assert source.names == () or len(source.names) == source.classes == len(set(source.names))
        for archive in source.archives:
            assert archive.url.startswith("https://")
            assert archive.url.endswith(archive.name)
            assert (len(archive.sha256), len(archive.md5)) == (64, 32)
            assert archive.bytes > 0
    digests = [archive.sha256 for source in SOURCES.values() for archive in source.archives]
    assert len(set(digests)) == len(digests) == 7
    assert {name: next(iter(SOURCES[name].labels.values())) for name in REAL} == REAL


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(shape):
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def flag(content, central, local, value):
    """Change one byte of a zip archive's headers: where it is in the central one and in the local one."""
    changed = bytearray(content)
    changed[changed.find(b"PK\x01\x02") + central] = changed[changed.find(b"PK\x03\x04") + local] = value
    return bytes(changed)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("npy", "one array, as np.save writes it"),
        ("names-0d", "names is <U6"),
        ("names-numbers", "names is int64"),
        ("raw-member", "x_train"),
        ("huge", "is not a whole .npz"),
        ("huger", "is not a whole .npz"),
        ("bad-header", "is not a whole .npz"),
        ("encrypted", "is not a whole .npz"),
        ("zstd", "is not a whole .npz"),
        ("folder", "is not a whole .npz"),
    ],
)
def test_an_archive_that_is_not_what_is_meant_is_one_line_with_its_file(kind, said, images, data_folder):
    path, content = prepared(data_folder, "mnist", images)
    members = {
        "raw-member": ("x_train", b"raw"),
        "huge": ("x_train.npy", header((10**13, 28, 28))),
        "huger": ("x_train.npy", header((10**30,))),
        "bad-header": ("x_train.npy", b'\x93NUMPY\x01\x00\x10\x00{"a":__import__("o'),
    }
    whole = path.read_bytes()
    if kind == "npy":
        path.write_bytes(npy(content["x_train"]))
    elif kind.startswith("names"):
        np.savez(path, **content, names=np.array("digits") if kind == "names-0d" else np.arange(10))
    elif kind in members:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(*members[kind])
            for key in ("y_train", "x_test", "y_test"):
                archive.writestr(f"{key}.npy", npy(content[key]))
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(flag(whole, 8, 6, 1) if kind == "encrypted" else flag(whole, 10, 8, 93))
    with pytest.raises(DataError) as caught:
        load("mnist", "prepared")
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert rows()["mnist", "prepared"].verified is False
