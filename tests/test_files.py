"""Repository files: read on record, shipped copies, atomic writes."""

import errno
import os
from pathlib import Path

import pytest

from cl_core import files


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "cl-core"\n')
    (tmp_path / "results" / "smoke").mkdir(parents=True)
    (tmp_path / "results" / "smoke" / "b.json").write_text("{}")
    (tmp_path / "results" / "a.json").write_text("[]")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_the_checkout_is_found_from_below(checkout: Path):
    assert files.root() == checkout
    assert files.read_text("results/a.json") == "[]"
    assert files.names("results/*.json") == ["results/a.json", "results/smoke/b.json"]
    assert files.names("nowhere/*.json") == []


def test_reads_and_listings_are_recorded(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(files.RECORD, str(checkout / "record"))
    files.read_text("results/a.json")
    files.names("results/*.json")
    assert (checkout / "record").read_text().splitlines() == ["results/a.json", "listing:results/*.json"]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "results/../../secret", ""])
def test_names_that_leave_the_repository_are_refused(checkout: Path, name: str):
    with pytest.raises(ValueError, match="is not a name inside the repository"):
        files.read_bytes(name)


def test_a_missing_file_is_an_error_that_names_it(checkout: Path):
    with pytest.raises(FileNotFoundError, match=r"c\.json"):
        files.read_text("results/c.json")


def test_a_write_replaces_whole_files_and_leaves_nothing_beside_them(tmp_path: Path):
    path = tmp_path / "new" / "file.txt"
    files.write_text(path, "ξ\n")
    files.write_text(path, "η\n")
    assert path.read_text(encoding="utf-8") == "η\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_keeps_the_old_file_and_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "file.txt"
    files.write_text(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
