"""Which data are here, and are they what they should be?"""

from dataclasses import dataclass
from pathlib import Path

from cl_core.streams import arrays
from cl_core.streams.datasets import load
from cl_core.streams.errors import DataError
from cl_core.streams.fetching import locate_official, locate_prepared
from cl_core.streams.manifest import SOURCES, Route, Source


@dataclass(frozen=True)
class Presence:
    """A row of the table of data sets: one set by one route.

    `bytes` is what is stored, or, where nothing is, what would be fetched. `verified` is True where the digest is one
    that the manifest or the stored file vouches for, False where it is not, None where nothing is here. `digest` is that
    of the arrays, None where there are none to be read. `own` is the digest of arrays that only their user knows, None
    for all others: such a file is neither right nor wrong.
    """

    name: str
    route: Route
    path: Path | None
    bytes: int
    present: bool
    verified: bool | None
    licence: str
    own: str | None = None
    digest: str | None = None


def list_available() -> list[Presence]:
    """Return one row for each data set and route. Reads every stored file; fetches nothing."""
    return [_describe(source, route) for source in SOURCES.values() for route in source.routes]


def _describe(source: Source, route: Route) -> Presence:
    if route == "embedded":
        data = load(source.name, route)
        size = data.x_train.nbytes + data.x_test.nbytes
        known = data.digest in source.labels
        return Presence(source.name, route, None, size, True, known, source.licence, digest=data.digest)
    path = locate_official(source) if route == "official" else locate_prepared(source)
    if not path.exists():
        whole = SOURCES[source.part_of or source.name]
        size = sum(archive.bytes for archive in whole.archives) if route == "official" else 0
        return Presence(source.name, route, path, size, False, None, source.licence)
    verified, digest = _verify(source, route, path)
    own = digest if verified is None else None
    return Presence(source.name, route, path, path.stat().st_size, True, verified, source.licence, own, digest)


def _verify(source: Source, route: Route, path: Path) -> tuple[bool | None, str | None]:
    """Return whether the file at `path` is the right one (None: it is a user's own), and the digest of its arrays."""
    try:
        content = arrays.read(path)
        if route == "prepared":
            arrays.check(path, content, shape=source.shape, classes=source.classes)
        digest = arrays.digest(content)
    except (DataError, KeyError, OSError):
        return False, None
    if route == "official":
        return str(content.get("digest")) == digest, digest
    return True if digest in source.labels else None, digest
