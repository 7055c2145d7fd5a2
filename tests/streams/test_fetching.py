"""From archive to stored arrays: once, verified, whole or not at all."""

import errno
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import numpy as np
import pytest

from cl_core.streams import DataError, arrays, fetch, fetching, load, locate_data, stream
from cl_core.streams.manifest import SOURCES

OFFICIAL = ["mnist", "cifar10", "cifar100", "cub200"]


def left(folder):
    return sorted(path.name for path in (folder / "official").iterdir() if path.name != ".lock")


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: a real write fails half-way, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("name", OFFICIAL)
def test_each_set_is_fetched_once_and_loads_as_it_was(name, official, server, data_folder):
    source, content = official(name)
    path = fetch(name, progress=False)
    assert server.asked == [archive.name for archive in source.archives]
    assert path.parent == data_folder / "official"
    data = load(name)
    assert (len(data.x_train), len(data.x_test), data.classes) == (source.train, source.test, source.classes)
    assert (data.label, data.route) == (source.title, "official")
    for key, array in content.items():
        np.testing.assert_array_equal(getattr(data, key), array)
    assert data.digest == arrays.digest(arrays.read(path))
    assert fetch(name, progress=False) == path
    assert len(server.asked) == len(source.archives)


def test_loading_fetches_what_is_absent_with_a_bar(official, server, capsys):
    official("cifar10")
    assert load("cifar10").names == SOURCES["cifar10"].names
    assert len(server.asked) == 1
    assert "%" in capsys.readouterr().err


def test_fetching_without_progress_is_silent(official, capsys):
    official("cub200")
    fetch("cub200", progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_stored_arrays_suffice_without_the_archive(official, server, data_folder):
    official("cifar10")
    digest = load("cifar10").digest
    (data_folder / "official" / "cifar-10-binary.tar.gz").unlink()
    server.files.clear()
    assert load("cifar10").digest == digest
    assert len(server.asked) == 1


def test_a_file_put_there_by_hand_is_taken_without_a_network(official, server, data_folder):
    source, content = official("cifar100")
    (data_folder / "official").mkdir(parents=True)
    (data_folder / "official" / source.archives[0].name).write_bytes(server.files[source.archives[0].name])
    server.files.clear()
    np.testing.assert_array_equal(load("cifar100").x_test, content["x_test"])
    assert server.asked == []


@pytest.mark.parametrize("name", OFFICIAL)
def test_offline_and_absent_says_what_to_put_where(name, official, server, data_folder):
    source, _ = official(name)
    server.files.clear()
    with pytest.raises(DataError) as caught:
        load(name)
    said = str(caught.value)
    for archive in source.archives:
        assert archive.name in said
        assert archive.url in said
        assert archive.sha256 in said
    assert str(data_folder / "official") in said
    assert left(data_folder) == []


def test_an_address_that_cannot_be_reached_is_the_same_clear_error(official, monkeypatch, data_folder):
    source, _ = official("cifar10")
    away = [type(a)(a.name, "http://127.0.0.1:9/none", a.sha256, a.md5, a.bytes) for a in source.archives]
    monkeypatch.setitem(SOURCES, "cifar10", type(source)(**{**vars(source), "archives": tuple(away)}))
    with pytest.raises(DataError, match="could not be fetched"):
        stream("split-cifar10", 100)
    assert left(data_folder) == []


def test_a_prepared_copy_is_offered_and_not_taken(official, server, images, data_folder):
    official("cifar10")
    server.files.clear()
    (data_folder / "prepared").mkdir(parents=True)
    np.savez(data_folder / "prepared" / "cifar10.npz", **images(10, 2, 1, (32, 32, 3)))
    with pytest.raises(DataError, match="route='prepared'"):
        load("cifar10")


@pytest.mark.parametrize("name", ["split-cub200", "corrupted-cub200", "split-cub200-20"])
def test_birds_without_data_name_the_streams_of_the_first_fifty(name, official, server):
    official("cub200")
    server.files.clear()
    with pytest.raises(DataError, match=r"split-cub50.*corrupted-cub50"):
        stream(name, 100)
    with pytest.raises(ValueError, match=r"split-cub50.*corrupted-cub50"):
        stream(name, 100, route="prepared")


def test_the_first_classes_of_the_birds_are_a_set_of_their_own(official, publish, builders, monkeypatch):
    publish("cub200", builders["cub200"](classes=4, train=3, test=2), classes=4, train=12, test=8)
    small = type(SOURCES["cub50"])(**{**vars(SOURCES["cub50"]), "classes": 2})
    monkeypatch.setitem(SOURCES, "cub50", small)
    few, whole = load("cub50"), load("cub200")
    assert few.names == whole.names[:2]
    assert few.label == "CUB-50"
    np.testing.assert_array_equal(few.x_train, whole.x_train[whole.y_train < 2])
    np.testing.assert_array_equal(few.y_test, [0, 0, 1, 1])
    assert few.digest != whole.digest


def test_a_damaged_file_put_there_by_hand_is_refused_and_left_alone(official, server, data_folder):
    source, _ = official("cifar10")
    path = data_folder / "official" / source.archives[0].name
    path.parent.mkdir(parents=True)
    path.write_bytes(server.files[path.name][:1000])
    with pytest.raises(DataError, match=r"1,000 bytes of .*expected"):
        load("cifar10")
    assert left(data_folder) == [path.name]
    assert server.asked == []


def test_a_hostile_member_stops_everything_before_anything_is_stored(publish, builders, images, data_folder, tmp_path):
    whole = builders["cifar10"](images(10, 5, 2, (32, 32, 3)))
    import gzip

    (name,) = whole
    # The end-of-archive blocks are dropped, so that the hostile member follows the last good one.
    inner = gzip.decompress(whole[name]).rstrip(b"\0")
    inner += b"\0" * (-len(inner) % 512)
    evil = gzip.decompress(builders["tar"]([("../x", b"evil")]))
    publish("cifar10", {name: gzip.compress(inner + evil)}, train=50, test=20)
    with pytest.raises(DataError, match=r"'\.\./x'"):
        load("cifar10")
    assert left(data_folder) == [name]
    assert not list(tmp_path.rglob("x"))


def test_an_archive_with_too_few_images_is_refused(publish, builders, images, data_folder):
    publish("cifar10", builders["cifar10"](images(10, 5, 2, (32, 32, 3))))
    with pytest.raises(DataError, match=r"holds \(50, 20\).*expected \(50000, 10000\)"):
        load("cifar10")
    assert left(data_folder) == ["cifar-10-binary.tar.gz"]


def test_a_full_disk_during_the_download_leaves_nothing(official, data_folder):
    source, _ = official("cifar10")
    with disk_full_after(source.archives[0].bytes // 2), pytest.raises(DataError, match="Could not write") as caught:
        load("cifar10")
    assert f"{source.archives[0].bytes:,} bytes" in str(caught.value)
    assert "CL_DATA_DIR" in str(caught.value)
    assert left(data_folder) == []
    assert load("cifar10").classes == 10


def test_a_full_disk_while_arrays_are_stored_leaves_no_part_of_them(publish, builders, images, data_folder):
    # Even images, so that the archive is far smaller than the arrays and the download still fits.
    content = images(10, 5, 2, (32, 32, 3))
    content["x_train"][:], content["x_test"][:] = 7, 9
    source = publish("cifar10", builders["cifar10"](content), train=50, test=20)
    with disk_full_after(source.archives[0].bytes + 1000), pytest.raises(DataError, match=r"Could not write .*npz"):
        load("cifar10")
    assert left(data_folder) == ["cifar-10-binary.tar.gz"]
    assert load("cifar10").x_test.max() == 9


def test_no_space_left_says_so(official, monkeypatch, data_folder):
    official("mnist")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(DataError, match="No space left on device"):
        load("mnist")
    assert not [name for name in left(data_folder) if "npz" in name]


def test_a_folder_that_cannot_be_made_is_a_clear_error(official, tmp_path, monkeypatch):
    official("mnist")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(DataError, match="CL_DATA_DIR"):
        load("mnist")


@pytest.mark.parametrize("name", ["tmpk1ll3d_x", ".cifar10-0123.npz.k1ll3d_x.part"])
def test_what_a_killed_fetch_left_is_cleared(name, official, data_folder):
    official("cifar10")
    (data_folder / "official").mkdir(parents=True)
    (data_folder / "official" / name).write_bytes(b"part")
    fetch("cifar10", progress=False)
    assert name not in left(data_folder)
    assert len(left(data_folder)) == 2


def test_a_users_own_files_and_folders_are_left_where_they_are(official, data_folder):
    official("cifar10")
    (data_folder / "official" / "tmp").mkdir(parents=True)
    (data_folder / "official" / "tmpabcdefgh").mkdir()
    (data_folder / "official" / "tmp-notes.txt").write_text("mine")
    fetch("cifar10", progress=False)
    assert (data_folder / "official" / "tmp-notes.txt").read_text() == "mine"
    assert (data_folder / "official" / "tmp").is_dir()
    assert (data_folder / "official" / "tmpabcdefgh").is_dir()


def test_stored_arrays_of_another_archive_are_not_read(official, publish, builders, images, data_folder):
    official("cifar10")
    before = load("cifar10").digest
    publish("cifar10", builders["cifar10"](images(10, 5, 2, (32, 32, 3), seed=1)), train=50, test=20)
    (data_folder / "official" / "cifar-10-binary.tar.gz").unlink()
    assert load("cifar10").digest != before


def test_damaged_stored_arrays_are_refused(official):
    official("cifar10")
    path = fetch("cifar10", progress=False)
    content = arrays.read(path)
    content["x_train"][0, 0, 0, 0] ^= 1
    np.savez(path, **content)
    with pytest.raises(DataError, match="its digest is not the one stored in it"):
        load("cifar10")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"is not a whole \.npz file"):
        load("cifar10")


def test_two_that_fetch_at_once_fetch_once(official, server):
    official("cifar100")
    threads = [Thread(target=fetch, args=("cifar100",), kwargs={"progress": False}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1


def test_wrong_names_and_embedded_sets():
    with pytest.raises(ValueError, match="'cifar100'"):
        fetch("cifar-100")
    with pytest.raises(ValueError, match="nothing to fetch"):
        fetch("digits")


def test_the_folder_is_the_users_cache_unless_given(monkeypatch, data_folder):
    assert locate_data() == data_folder
    monkeypatch.delenv("CL_DATA_DIR")
    assert locate_data().name == "cl_core"
    assert fetching.locate_prepared(SOURCES["mnist"]) == locate_data() / "prepared" / "mnist.npz"
