"""Hostile archives, and downloads that fail."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from cl_core.streams import DataError, archives
from cl_core.streams.manifest import Archive


def one_member(path: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    member.size = len(content)
    good = tarfile.TarInfo("good.txt")
    good.size = 4
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(good, io.BytesIO(b"good"))
        archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a/..", "..\\x", "C:\\x", "C:/x"])
def test_a_member_that_would_leave_its_folder_is_refused(name, tmp_path):
    path = one_member(tmp_path / "a.tgz", tarfile.TarInfo(name), b"evil")
    with pytest.raises(DataError, match="would leave its folder") as caught:
        list(archives.read_members(path, 100))
    assert repr(name) in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tgz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_special_files_are_refused(kind, tmp_path):
    member = tarfile.TarInfo("harmless")
    member.type = kind
    member.linkname = "good.txt"
    with pytest.raises(DataError, match="link or special file"):
        list(archives.read_members(one_member(tmp_path / "a.tgz", member), 100))


def test_a_file_that_stands_there_twice_is_refused(builders, tmp_path):
    path = tmp_path / "a.tgz"
    path.write_bytes(builders["tar"]([("x", b"1"), ("y", b"2"), ("x", b"3")]))
    with pytest.raises(DataError, match=r"a\.tgz holds 'x' twice"):
        list(archives.read_members(path, 100))


def test_a_members_long_name_is_cut_in_the_line(tmp_path):
    with pytest.raises(DataError, match="leave its folder") as caught:
        list(archives.read_members(one_member(tmp_path / "a.tgz", tarfile.TarInfo("../" + "x" * 10_000)), 100))
    assert len(str(caught.value)) < 500


def test_files_come_in_order_and_large_ones_are_passed_over(builders, tmp_path):
    path = tmp_path / "a.tgz"
    path.write_bytes(builders["tar"]([("x/one", b"1"), ("x/large", b"2" * 101), ("./x/three", b"3" * 100)]))
    found = list(archives.read_members(path, 100))
    assert [(str(name), len(content)) for name, content in found] == [("x/one", 1), ("x/three", 100)]


def test_reading_shows_a_bar_only_when_asked(builders, tmp_path, capsys):
    path = tmp_path / "a.tgz"
    path.write_bytes(builders["tar"]([("x", b"1")]))
    list(archives.read_members(path, 100))
    assert capsys.readouterr() == ("", "")
    list(archives.read_members(path, 100, progress=True))
    assert "reading a.tgz" in capsys.readouterr().err


@pytest.fixture
def archive(server, builders) -> Archive:
    content = builders["tar"]([("x", b"1")])
    server.files["a.tgz"] = content
    (digest,) = [__import__("hashlib").sha256(content).hexdigest()]
    return Archive("a.tgz", f"{server.address}/a.tgz", digest, "", len(content))


def test_a_download_arrives_whole(archive, server, tmp_path):
    archives.download(archive, tmp_path, progress=False)
    assert (tmp_path / "a.tgz").read_bytes() == server.files["a.tgz"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tgz"]
    archives.check(tmp_path / "a.tgz", archive)


def test_another_file_at_the_address_is_refused_and_not_kept(archive, tmp_path):
    wrong = replace(archive, sha256="0" * 64)
    with pytest.raises(DataError, match="not the expected file") as caught:
        archives.download(wrong, tmp_path, progress=False)
    assert wrong.url in str(caught.value)
    assert wrong.sha256 in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_download_cut_short_leaves_nothing(archive, server, tmp_path):
    server.cut = True
    with pytest.raises((ConnectionError, DataError), match=r"a\.tgz"):
        archives.download(archive, tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_an_address_without_the_file_is_a_connection_error(archive, server, tmp_path):
    server.files.clear()
    with pytest.raises(ConnectionError, match="404"):
        archives.download(archive, tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named_with_both_digests(archive, server, tmp_path):
    path = tmp_path / "a.tgz"
    path.write_bytes(server.files["a.tgz"][:-1])
    with pytest.raises(DataError) as caught:
        archives.check(path, archive)
    for part in (str(path), archive.sha256, archives.digest_file(path), archive.url, "Delete it"):
        assert part in str(caught.value)
