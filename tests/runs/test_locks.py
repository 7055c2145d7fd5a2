"""A file held for one process: not twice at a time, whatever happens between, and nothing is left beside it."""

import multiprocessing
import os
from pathlib import Path

import pytest
from filelock import FileLock

from cl_core.files import FileError
from cl_core.runs import locks
from cl_core.runs.locks import HeldError, hold_file


def test_a_held_file_is_refused_until_it_is_free_and_no_lock_is_left(tmp_path):
    path = tmp_path / "folder" / "table.jsonl"
    for _ in range(2):
        with hold_file(path, doing="fill"):
            assert [each.name for each in path.parent.iterdir()] == [".table.jsonl.lock"]
            with pytest.raises(HeldError), hold_file(path, doing="fill"):
                pass
            with hold_file(tmp_path / "folder" / "other.jsonl", doing="fill"):
                pass
        assert list(path.parent.iterdir()) == []


def test_it_is_free_again_after_a_failure(tmp_path):
    path = tmp_path / "table.jsonl"
    with pytest.raises(KeyboardInterrupt), hold_file(path, doing="fill"):
        raise KeyboardInterrupt
    with hold_file(path, doing="fill"):
        pass


def test_a_lock_that_was_removed_as_it_was_taken_holds_nobody_off_and_is_taken_anew(tmp_path, monkeypatch):
    """Between our opening the lock's file and locking it, the holder before removes it and another takes a new one."""
    path, place = tmp_path / "table.jsonl", tmp_path / ".table.jsonl.lock"
    others = []

    class Slow(FileLock):
        def acquire(self, *args, **kwargs):
            held = super().acquire(*args, **kwargs)
            if not others:
                place.unlink()
                others.append(FileLock(place))
                others[0].acquire(blocking=False)
            return held

    monkeypatch.setattr(locks, "FileLock", Slow)
    with pytest.raises(HeldError), hold_file(path, doing="fill"):
        pass
    others[0].release()
    with hold_file(path, doing="fill"):
        assert place.exists()


def test_where_the_system_refuses_it_is_one_line(tmp_path):
    (tmp_path / "file").write_text("no folder")
    below = tmp_path / "file" / "table.jsonl"
    said = pytest.raises(FileError, match=r"^cannot fill .*table.*; give another folder$")
    with said, hold_file(below, doing="fill", remedy="give another folder"):
        pass


def _count(path, times):
    done = 0
    while done < times:
        try:
            with hold_file(path, doing="count"):
                path.write_text(str(int(path.read_text()) + 1))
                done += 1
        except HeldError:
            os.sched_yield()


@pytest.mark.slow
def test_what_several_processes_read_and_write_anew_is_never_lost(tmp_path):
    path = Path(tmp_path / "count")
    path.write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(path, 300)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert path.read_text() == "1200"
