"""Repository files: read on record, shipped copies, atomic writes."""

import errno
import os
import pickle
from collections.abc import Callable
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


@pytest.mark.parametrize(
    ("number", "cure"),
    [(errno.ENOSPC, "free some room there, or "), (errno.EACCES, ""), (errno.ENOLCK, "let its file")],
)
def test_a_failure_of_the_system_is_one_line_on_file_doing_and_cure(tmp_path: Path, number: int, cure: str):
    path = tmp_path / "file.txt"
    with (
        pytest.raises(files.FileError) as caught,
        files.explain_failure("outer work on", tmp_path),
        files.explain_failure("save the table", path, remedy="set X to another folder"),
    ):
        raise OSError(number, os.strerror(number))
    line = f"cannot save the table {path}: {os.strerror(number)}; {cure}"
    assert str(caught.value).startswith(line)
    assert str(caught.value).endswith("set X to another folder")
    assert "\n" not in str(caught.value)
    # A worker's failure comes back to its sweep in this way.
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.errno, copy.filename) == (str(caught.value), number, str(path))


def test_an_error_that_is_no_failure_of_the_system_stays_as_it_is(tmp_path: Path):
    with pytest.raises(FileExistsError, match=r"^no command edits a result$"), files.explain_failure("x", tmp_path):
        raise FileExistsError("no command edits a result")


def test_a_folder_is_tried_before_work_begins_and_nothing_is_left_in_it(tmp_path: Path):
    files.require_writable(tmp_path / "a" / "b", doing="store results in")
    assert list(tmp_path.iterdir()) == []
    files.require_writable(tmp_path, doing="store results in")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for place in (tmp_path / "file", *(tmp_path / name / "below" for name in ("file", "nowhere", "loop"))):
        with pytest.raises(files.FileError, match=rf"cannot store results in {place}: .*; give another$"):
            files.require_writable(place, doing="store results in", remedy="give another")


def test_a_full_disk_is_seen_by_the_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(files.FileError, match="No space left on device; free some room there"):
        files.require_writable(tmp_path, doing="store results in")
    assert list(tmp_path.iterdir()) == []


def _refuse(name: str) -> str:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("cache", [_refuse, lambda name: f"~nobody/.cache/{name}"])
def test_a_user_without_a_home_is_told_the_variable(cache: Callable[[str], str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pooch.os_cache", cache)
    monkeypatch.delenv("SOME_DIR", raising=False)
    with pytest.raises(RuntimeError, match="no home folder to keep files in; set SOME_DIR to a folder"):
        files.locate_user_folder("SOME_DIR")
    monkeypatch.setenv("SOME_DIR", "/somewhere")
    assert files.locate_user_folder("SOME_DIR") == Path("/somewhere")
    monkeypatch.setenv("SOME_DIR", "~nobody-of-that-name/x")
    with pytest.raises(RuntimeError, match="SOME_DIR is '~nobody-of-that-name/x', whose home is not known"):
        files.locate_user_folder("SOME_DIR")


def test_a_strangers_project_file_above_the_checkout_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "pyproject.toml").write_bytes('[project]\nname = "caf\u00e9"\n'.encode("latin-1"))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pyproject.toml").mkdir()
    (tmp_path / "a" / "b").mkdir()
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert files.root() not in (tmp_path, tmp_path / "a")
