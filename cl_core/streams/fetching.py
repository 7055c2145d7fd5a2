"""The official archives, fetched once: downloaded, checked, parsed and stored as arrays, whole or not at all."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from cl_core import files
from cl_core.naming import require_name
from cl_core.streams import archives, arrays, formats
from cl_core.streams.errors import DataError
from cl_core.streams.manifest import SOURCES, Archive, Source


class _Parser(Protocol):
    def __call__(self, paths: list[Path], *, progress: bool) -> formats.Parsed: ...


_PARSERS: dict[str, _Parser] = {
    "mnist": formats.parse_mnist,
    "cifar10": formats.parse_cifar10,
    "cifar100": formats.parse_cifar100,
    "cub200": formats.parse_cub200,
}

_PARTIAL = re.compile(r"tmp[a-z0-9_]{8}|\..+\.[a-z0-9_]{8}\.part")
"""Names that Python's tempfile gives: pooch's downloads, and what cl_core.files has not finished."""

_PARSING = 1
"""Raised when a parser gives other arrays for the same archive: what was stored before is then not read again."""


def locate_data() -> Path:
    """Return the folder of the data: ``$CL_DATA_DIR``, else the user's cache folder. It need not exist."""
    return files.locate_user_folder("CL_DATA_DIR")


def locate_prepared(source: Source) -> Path:
    """Return where the prepared arrays of `source` would stand."""
    return locate_data() / "prepared" / f"{source.name}.npz"


def locate_official(source: Source) -> Path:
    """Return where the arrays of the official archive of `source` would stand; its name tells what they are made from."""
    whole = SOURCES[source.part_of or source.name]
    made_from = " ".join([str(_PARSING), *(archive.sha256 for archive in whole.archives)])
    return locate_data() / "official" / f"{whole.name}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}.npz"


def fetch(name: str, progress: bool = True) -> Path:
    """Fetch the official archive of data set `name`, check it, and store its arrays; return their file.

    What is there already is kept. `progress` shows a bar on the terminal. Where two processes fetch at once, the
    second waits for the first. Once the arrays are stored, the archive itself is no longer needed.
    Raises ValueError for a name with nothing to fetch, DataError for data that cannot be had, stored or trusted.
    """
    require_name("data set", name, SOURCES)
    source = SOURCES[SOURCES[name].part_of or name]
    if source.name not in _PARSERS:
        raise ValueError(f"{name} comes with an installed package: there is nothing to fetch.")
    target = locate_official(source)
    with _alone(target.parent):
        if not target.exists():
            paths = [_obtain(source, archive, target.parent, progress=progress) for archive in source.archives]
            parsed = _PARSERS[source.name](paths, progress=progress)
            content: arrays.Arrays = {key: getattr(parsed, key) for key in arrays.KEYS}
            arrays.check(paths[0], content, shape=source.shape, classes=source.classes)
            counts = len(parsed.x_train), len(parsed.x_test)
            if counts != (source.train, source.test):
                raise DataError(
                    f"{paths[0]} holds {counts} training and test images, expected {(source.train, source.test)}."
                )
            names = np.array(parsed.names or source.names)
            arrays.write(target, {**content, "names": names, "digest": np.array(arrays.digest(content))})
    return target


def _obtain(source: Source, archive: Archive, folder: Path, *, progress: bool) -> Path:
    path = folder / archive.name
    if path.exists():
        archives.check(path, archive)
        return path
    try:
        archives.download(archive, folder, progress=progress)
    except ConnectionError as error:
        raise _make_unreachable_error(source, folder, error) from error
    return path


def _make_unreachable_error(source: Source, folder: Path, reason: Exception) -> DataError:
    lines = [f"{source.title} is not here and could not be fetched ({reason}).", f"Put into {folder}, as they are:"]
    for archive in source.archives:
        if not (folder / archive.name).exists():
            lines.append(f"  {archive.name} ({archive.bytes:,} bytes) from {archive.url}, SHA-256 {archive.sha256}")
    lines.append("and run the same command again.")
    if locate_prepared(source).exists():
        lines.append(f"A prepared copy is at {locate_prepared(source)}: route='prepared' (--data prepared) takes it.")
    return DataError("\n".join([*lines, source.hint]).strip())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that one process fetches while others wait; the system frees it with the process."""
    # Imported where it is needed: reading data needs no lock.
    from filelock import FileLock

    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise archives.make_write_error(folder, 0, error) from error
    try:
        # What a killed fetch left, under the names that pooch and cl_core.files give; nobody else is at work here.
        for leftover in (*folder.glob("tmp*"), *folder.glob(".*.part")):
            if _PARTIAL.fullmatch(leftover.name) and leftover.is_file():
                leftover.unlink()
        yield
    finally:
        lock.release()
