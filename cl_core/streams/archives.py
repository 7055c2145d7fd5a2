"""Archives: downloaded once, checked by digest, and read without extracting a file.

A tar archive is read from front to back, and only its content is used, so it cannot write a file anywhere. An archive
with a member that would leave its folder is refused.
"""

import gzip
import hashlib
import tarfile
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from cl_core.parsing import summarise_error
from cl_core.streams.errors import DataError
from cl_core.streams.manifest import Archive

_LONGEST_NAME = 100

_LARGEST_MEMBER = 2**32
"""Bytes that no member of an official archive comes near; skipping more than these takes minutes."""


def digest_file(path: Path) -> str:
    """Return the SHA-256 digest (hexadecimal) of the file at `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, archive: Archive) -> None:
    """Raise DataError unless the file at `path` is `archive`, byte for byte."""
    size, digest = path.stat().st_size, digest_file(path)
    if digest != archive.sha256:
        raise DataError(
            f"{path} is damaged or another file: {size:,} bytes of {archive.bytes:,}, SHA-256 {digest}, "
            f"expected {archive.sha256}. Delete it and run the same command again, or fetch it from {archive.url}."
        )


def download(archive: Archive, folder: Path, *, progress: bool) -> None:
    """Fetch `archive` into `folder`; the file appears there only when it is whole and its digest is right.

    Raises ConnectionError if the address cannot be reached, DataError for a wrong digest or a failed write.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            archive.url,
            known_hash=f"sha256:{archive.sha256}",
            fname=archive.name,
            path=folder,
            progressbar=progress,
        )
    except requests.RequestException as error:
        raise ConnectionError(f"{archive.url}: {error}") from error
    except ValueError as error:
        raise DataError(
            f"What {archive.url} sends is not the expected file (SHA-256 {archive.sha256}); nothing was kept. "
            f"The download may have been cut short: run the same command again, or put the right file at "
            f"{folder / archive.name}. ({error})"
        ) from error
    except OSError as error:
        raise make_write_error(folder / archive.name, archive.bytes, error) from error


def make_write_error(path: Path, size: int, error: OSError) -> DataError:
    """Return the error for a file of `size` bytes that could not be written to `path`."""
    return DataError(
        f"Could not write {path}: {error.strerror or error}. It needs {size:,} bytes; nothing half-written was left. "
        f"Free some space, or set CL_DATA_DIR to a folder on another disk, and run the same command again."
    )


def gunzip(path: Path, limit: int) -> bytes:
    """Return the content of the gzip file at `path`, at most `limit` bytes of it.

    Raises DataError if the file is truncated or damaged.
    """
    with _report_damage(path), gzip.open(path) as file:
        return file.read(limit)


def read_members(path: Path, limit: int, *, progress: bool = False) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the name and content of each regular file of the gzipped tar archive at `path`, in its order.

    Files of more than `limit` bytes are passed over; `progress` shows a bar on the terminal. Raises DataError for a member that is a link, a device or has a
    name outside its folder, and for a truncated or damaged archive; take nothing as read before the last member.
    """
    with (
        _report_damage(path),
        path.open("rb") as raw,
        _show_bar(raw, path, progress) as watched,
        gzip.open(watched) as inner,
        tarfile.open(fileobj=inner, mode="r|") as archive,
    ):
        names: set[str] = set()
        for member in archive:
            _refuse_hostile(path, member, names)
            names.add(member.name)
            if member.isfile() and member.size <= limit:
                file = archive.extractfile(member)
                if file is None:
                    raise tarfile.ReadError(f"no content for {member.name}")
                yield PurePosixPath(member.name), file.read()
        while inner.read(2**20):  # to the end, where gzip keeps its checksum
            pass


def _show_bar(raw: IO[bytes], path: Path, progress: bool) -> AbstractContextManager[IO[bytes]]:
    """Return `raw`, drawing a bar as it is read if `progress`."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    bar: AbstractContextManager[IO[bytes]] = tqdm.wrapattr(
        raw, "read", total=path.stat().st_size, desc=f"reading {path.name}", disable=not progress
    )
    return bar


def _refuse_hostile(path: Path, member: tarfile.TarInfo, earlier: Collection[str]) -> None:
    name = PurePosixPath(member.name)
    shown = repr(member.name if len(member.name) <= _LONGEST_NAME else f"{member.name[:_LONGEST_NAME]} …")
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or ":" in member.name:
        raise DataError(
            f"{path} holds a member named {shown}, which would leave its folder; nothing was taken from it. "
            f"Delete the file: it is not the official archive."
        )
    if not 0 <= member.size <= _LARGEST_MEMBER:
        raise DataError(
            f"{path} holds {shown} of {member.size:,} bytes, more than any official file; nothing was taken from "
            f"it. Delete the file: it is not the official archive."
        )
    if not (member.isfile() or member.isdir()):
        raise DataError(
            f"{path} holds {shown}, a link or special file where only files and folders may stand; nothing "
            f"was taken from it. Delete the file: it is not the official archive."
        )
    if member.isfile() and member.name in earlier:
        raise DataError(
            f"{path} holds {shown} twice; nothing was taken from it. Delete the file: it is not the official archive."
        )


@contextmanager
def _report_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, PermissionError, DataError):
        raise
    except Exception as error:  # There is no list of what tarfile raises at headers that are none.
        raise DataError(
            f"{path} is truncated or damaged ({summarise_error(error)}); delete it and run the same command again."
        ) from error
