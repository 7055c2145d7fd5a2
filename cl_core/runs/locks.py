"""A file held for one process, by a lock beside it: whoever shares the file shares the lock, wherever their caches are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cl_core import files


class HeldError(Exception):
    """Another process holds the file."""


@contextmanager
def hold_file(path: Path, *, doing: str, remedy: str = "") -> Iterator[None]:
    """Hold the file at `path`, which need not exist, for this process; the file of its lock is gone afterwards.

    Raises HeldError while another process holds it, and FileError, with `doing` and `remedy` in its line, where the
    system refuses. The system frees the lock when its holder ends in whatever way.
    """
    place = path.with_name(f".{path.name}.lock")
    with files.explain_failure(doing, path, remedy=remedy):
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquire(place)
    try:
        yield
    finally:
        # While it is held: whoever has opened it by then finds another file in its place, or none. Some systems remove
        # no file that is open, and there the lock does so itself when it is released.
        with suppress(OSError):
            place.unlink()
        lock.release()


def _acquire(place: Path) -> FileLock:
    lock = FileLock(place)
    while True:
        # Kept open, so that no new file gets its number: a lock on one that was removed meanwhile holds nobody off.
        with place.open("ab") as seen:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                raise HeldError(str(place)) from None
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(seen.fileno()), place.stat()):
                    return lock
            lock.release()
