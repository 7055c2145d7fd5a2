"""What lets a killed run go on: one atomic file a run, a lock, and a journal of the tasks begun and finished.

A checkpoint is an npz archive of plain arrays, one of which holds the record as JSON text; nothing is pickled.
Everything lies in ``$CL_CACHE_DIR/runs`` (default: the user's cache folder), never in the repository.
"""

import errno
import io
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from cl_core import files
from cl_core.files import FileError

CACHE = "CL_CACHE_DIR"
"""Name of the environment variable that moves the cache folder."""

_RECORD = "record.json"
_REMEDY = f"set {CACHE} to a folder on another disk"
_LOG = logging.getLogger(__name__)
Arrays = dict[str, NDArray[Any]]


def locate_cache() -> Path:
    """Return the folder for checkpoints: ``$CL_CACHE_DIR``, else the user's cache folder. RuntimeError if there is no home directory."""
    return files.locate_user_folder(CACHE)


@dataclass(frozen=True)
class Checkpoint:
    """The place of one run's checkpoint. `name` is the run's name, `identity` a digest of all that decides its bits.

    A checkpoint of another identity (other settings, data, code or versions) is never resumed.
    """

    name: str
    identity: str
    cache: Path

    @property
    def folder(self) -> Path:
        """Folder that holds this run's checkpoint and journal while it is unfinished."""
        return self.cache / "runs" / self.name.removesuffix(".json")

    def save(self, arrays: Mapping[str, NDArray[Any]], record: Mapping[str, Any]) -> None:
        """Replace the checkpoint by these arrays and this record, in one step.

        Raises FloatingPointError for a record with a number that is not finite: training has diverged.
        """
        try:
            text = json.dumps({"identity": self.identity, **record}, allow_nan=False)
        except ValueError:
            raise FloatingPointError("it has come to numbers that are not finite") from None
        buffer = io.BytesIO()
        contents: dict[str, Any] = {**arrays, _RECORD: np.frombuffer(text.encode("utf-8"), dtype=np.uint8)}
        np.savez(buffer, **contents)
        files.write_bytes(
            self.folder / "checkpoint.npz", buffer.getvalue(), doing="save the checkpoint", remedy=_REMEDY
        )

    def load(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return the arrays and the record saved last, or None where there is nothing to go on with."""
        path = self.folder / "checkpoint.npz"
        try:
            with files.explain_failure("read the checkpoint", path, remedy=_REMEDY):
                content = path.read_bytes()
        except FileError as error:
            if error.errno == errno.ENOENT:
                return None
            raise
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
            record = dict(json.loads(arrays.pop(_RECORD).tobytes().decode("utf-8")))
        except Exception:  # There is no list of what numpy and zipfile raise at bytes that are no archive.
            return None
        if record.pop("identity", None) != self.identity:
            return None
        return arrays, record

    def note(self, event: str, task: int) -> None:
        """Append one line to the journal: task `task` was ``begun`` or ``finished`` by this process.

        The journal is only recorded: where it cannot be written, the log says so and the run goes on.
        """
        path = self._journal
        line = json.dumps({"event": event, "task": task, "process": os.getpid()}).encode() + b"\n"
        try:
            with files.explain_failure("write the journal", path, remedy=_REMEDY):
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("a+b") as journal:
                    journal.seek(max(0, journal.seek(0, os.SEEK_END) - 1))
                    torn = journal.read(1) not in (b"", b"\n")
                    journal.write(b"\n" + line if torn else line)
        except FileError as error:
            _LOG.warning("%s", error)

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal's lines; one that was torn by a kill or a loss of power is passed over, and the log says so."""
        try:
            lines = self._journal.read_bytes().split(b"\n")
        except OSError:
            return []
        entries = []
        for number, line in enumerate(lines, start=1):
            entry = _parse_entry(line)
            if entry is not None:
                entries.append(entry)
            elif line.strip():
                _LOG.warning("%s: line %d is torn and passed over; what it noted is not counted", self._journal, number)
        return entries

    @property
    def _journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def clear(self) -> None:
        """Remove checkpoint and journal; the lock's file stays, because removing it would let two processes in."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def lock(self, waiting: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
        """Hold the run for this process; while another holds it, call `waiting` with its process id and wait.

        The system frees the lock when its holder ends in whatever way.
        """
        path = self.folder.with_name(self.folder.name + ".lock")
        # Beside the locked file, which some systems let nobody else read.
        holder = path.with_name(path.name + ".holder")
        lock = FileLock(path)
        with files.explain_failure("lock", path, remedy=_REMEDY):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                waiting(_read_holder(holder))
                lock.acquire()
        try:
            # On a full disk whoever waits is told of an unknown process.
            with suppress(OSError):
                holder.write_text(str(os.getpid()), encoding="utf-8")
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _parse_entry(line: bytes) -> dict[str, Any] | None:
    """Return what a line of the journal notes, None for one that is not whole."""
    try:
        entry = json.loads(line)
        return {"event": str(entry["event"]), "task": int(entry["task"]), "process": int(entry["process"])}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _read_holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"
