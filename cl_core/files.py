"""The repository's own files: found, read on record, and written atomically.

A page is stale when a file it read has changed. So every read of a repository file goes through here, and when
``$CL_RECORD_READS`` names a file, the name of each file read (or the pattern of each listing) is appended to it.
In a wheel there is no repository; the copies shipped with the package answer instead.
"""

import errno
import fnmatch
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files as resources
from pathlib import Path, PurePosixPath

RECORD = "CL_RECORD_READS"
"""Name of the environment variable that holds the path of the record of reads."""

LISTING = "listing:"
"""Prefix, in the record, of a pattern whose matching names were listed."""

_SHIPPED = "_shipped"
_TRIAL = 1 << 16
"""Bytes that a folder must take before work begins whose result goes there; few results are larger."""


class FileError(OSError):
    """A failure of the system, in one line: what was being done, to which file, why it failed, and what to do."""

    line: str = ""

    def __str__(self) -> str:
        return self.line


@contextmanager
def explain_failure(doing: str, path: Path, *, remedy: str = "") -> Iterator[None]:
    """Turn a failure of the system at `path` into a FileError.

    `doing` is what was being done, such as ``save the checkpoint``; `remedy` what else helps, such as a variable that
    names another folder.
    """
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        failure = FileError(error.errno, error.strerror, str(path))
        cures = ", or ".join(cure for cure in (_CURES.get(error.errno, ""), remedy) if cure)
        failure.line = f"cannot {doing} {path}: {error.strerror}" + (f"; {cures}" if cures else "")
        raise failure from error


_CURES = {
    errno.ENOSPC: "free some room there",
    errno.EDQUOT: "free some room there",
    errno.ENOLCK: "let its file system give locks",
}


def require_writable(folder: Path, *, doing: str, remedy: str = "") -> None:
    """Write a small file where `folder` is or would be made, and remove it; raises FileError where that fails.

    To be called before the work whose result goes there. The folder itself is not made: work that fails leaves nothing.
    """
    with explain_failure(doing, folder, remedy=remedy):
        place = folder.absolute()
        while not place.exists():
            if place.is_symlink():
                raise OSError(errno.ENOENT, "it is a link that leads nowhere", str(place))
            place = place.parent
        # A file without a name, so that a process that is killed leaves nothing.
        with tempfile.TemporaryFile(dir=place) as trial:
            trial.write(bytes(_TRIAL))
            trial.flush()
            os.fsync(trial.fileno())


def locate_user_folder(variable: str) -> Path:
    """Return the folder that the environment's `variable` names, else the user's cache folder; it need not exist.

    Raises RuntimeError if there is no home directory, unless the variable is set, and for a variable that begins with
    the home of a user that does not exist.
    """
    named = os.environ.get(variable)
    if named:
        try:
            return Path(named).expanduser()
        except RuntimeError:
            raise RuntimeError(f"{variable} is {named!r}, whose home is not known; give a path without ~") from None
    # Imported where it is needed: in a notebook it warns of a missing widget, and a page stores no warnings.
    import pooch

    try:
        folder = Path(pooch.os_cache("cl_core"))
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        raise RuntimeError(f"the user has no home folder to keep files in; set {variable} to a folder")
    return folder


def root() -> Path | None:
    """Top folder of the checkout that the working folder stands in, else of the package's own; None in a wheel."""
    here = Path.cwd().resolve()
    package = Path(__file__).resolve().parents[1]
    for folder in (here, *here.parents, package):
        if _is_checkout(folder):
            return folder
    return None


def _is_checkout(folder: Path) -> bool:
    # Folders above the checkout are strangers': their files may be in any encoding, and closed.
    try:
        return b'name = "cl-core"' in (folder / "pyproject.toml").read_bytes()
    except OSError:
        return False


def locate(name: str) -> Path | None:
    """Return where the repository file `name` lies, in the checkout or in the wheel; None if it is not there.

    Not recorded as a read: for what no page's numbers depend on. Raises ValueError if `name` leaves the repository.
    """
    _require_inside(name)
    path = base() / name
    return path if path.is_file() else None


def base() -> Path:
    """Return the folder that repository names start from: the checkout's top, in a wheel that of the shipped copies."""
    return root() or Path(str(resources("cl_core").joinpath(_SHIPPED)))


def read_bytes(name: str) -> bytes:
    """Return the content of the repository file `name` (a POSIX path from the top folder) and record the read.

    The checkout's file wins over the copy shipped in the wheel.
    Raises FileNotFoundError if neither exists, ValueError if `name` leaves the repository.
    """
    _require_inside(name)
    _record(name)
    path = base() / name
    if not path.is_file() and root() is None:
        raise FileNotFoundError(
            f"{name!r} is not among the files that this package ships; clone the repository to have it"
        )
    return path.read_bytes()


def read_text(name: str) -> str:
    """Return the text (UTF-8) of the repository file `name`, as :func:`read_bytes` finds it."""
    return read_bytes(name).decode("utf-8")


def names(pattern: str) -> list[str]:
    """Return the sorted names of repository files that match `pattern` (``*`` also crosses ``/``) and record the listing."""
    _require_inside(pattern)
    _record(LISTING + pattern)
    return sorted(name for name in _all_names(PurePosixPath(pattern).parts[0]) if fnmatch.fnmatchcase(name, pattern))


def _all_names(first: str) -> Iterator[str]:
    top = base()
    yield from (path.relative_to(top).as_posix() for path in (top / first).rglob("*") if path.is_file())


def write_bytes(path: Path, data: bytes, *, doing: str = "write", remedy: str = "") -> None:
    """Write `data` to `path` so that a reader sees the old content or the new, never a part, whatever happens.

    Raises FileError, with `doing` and `remedy` in its line, where the system refuses.
    """
    with explain_failure(doing, path, remedy=remedy):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).chmod(0o666 & ~_umask())
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str, *, doing: str = "write", remedy: str = "") -> None:
    """Write `text` (UTF-8) to `path` atomically, as :func:`write_bytes` does."""
    write_bytes(path, text.encode("utf-8"), doing=doing, remedy=remedy)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _require_inside(name: str) -> None:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise ValueError(
            f"{name!r} is not a name inside the repository; give a path from its top folder, such as 'results/README.md'"
        )


def _record(entry: str) -> None:
    record = os.environ.get(RECORD)
    if record:
        with Path(record).open("a", encoding="utf-8") as file:
            file.write(entry + "\n")
