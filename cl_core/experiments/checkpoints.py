"""What lets a killed run go on: one atomic file a run, a lock, and a journal of the tasks begun and finished.

A checkpoint is an npz archive of plain arrays, one of which holds the record as JSON text; nothing is pickled.
Everything lies in ``$CL_CACHE_DIR/runs`` (default: the user's cache folder), never in the repository.
"""

import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from cl_core import files

CACHE = "CL_CACHE_DIR"
"""Name of the environment variable that moves the cache folder."""

_RECORD = "record.json"
Arrays = dict[str, NDArray[Any]]


def locate_cache() -> Path:
    """Return the folder for checkpoints: ``$CL_CACHE_DIR``, else the user's cache folder."""
    # Imported where it is needed: in a notebook it warns of a missing widget, and a page stores no warnings.
    import pooch

    path = os.environ.get(CACHE)
    return Path(path).expanduser() if path else Path(pooch.os_cache("cl_core"))


@dataclass(frozen=True)
class Checkpoint:
    """The place of one run's checkpoint. `name` is the run's name, `identity` a digest of all that decides its bits.

    A checkpoint of another identity (other settings, data, code or versions) is never gone on with.
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
            raise FloatingPointError(
                f"{self.name} has come to numbers that are not finite: training diverged; try a third of learning_rate"
            ) from None
        buffer = io.BytesIO()
        contents: dict[str, Any] = {**arrays, _RECORD: np.frombuffer(text.encode("utf-8"), dtype=np.uint8)}
        np.savez(buffer, **contents)
        files.write_bytes(self.folder / "checkpoint.npz", buffer.getvalue())

    def load(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return the arrays and the record saved last, or None where there is nothing to go on with."""
        try:
            with np.load(self.folder / "checkpoint.npz", allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
        except (FileNotFoundError, zipfile.BadZipFile, ValueError, EOFError):
            return None
        record = json.loads(arrays.pop(_RECORD).tobytes().decode("utf-8"))
        if record.pop("identity") != self.identity:
            return None
        return arrays, record

    def note(self, event: str, task: int) -> None:
        """Append one line to the journal: task `task` was ``begun`` or ``finished`` by this process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(json.dumps({"event": event, "task": task, "process": os.getpid()}) + "\n")

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal's lines."""
        try:
            lines = (self.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def clear(self) -> None:
        """Remove checkpoint and journal; the lock's file stays, because removing it would let two processes in."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def lock(self, waiting: Callable[[str], None] = lambda holder: None) -> Iterator[None]:
        """Hold the run for this process; while another holds it, call `waiting` with its process id and wait.

        The system frees the lock when its holder ends in whatever way.
        """
        path = self.folder.with_name(self.folder.name + ".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside the locked file, which some systems let nobody else read.
        holder = path.with_name(path.name + ".holder")
        lock = FileLock(path)
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


def _read_holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "unknown"
    except OSError:
        return "unknown"
