"""Pack what outlives a repository: ``python book/cl_book/archive.py WHEEL HTML_FOLDER PDF TARGET_FOLDER``, by `make archive`.

Two zip files are written: the book's pages alone, to be read offline, and everything: wheel, locks, results, notebooks,
pages and PDF, with SHA256SUMS. The same input gives the same bytes: entries are sorted and carry no times.
"""

import sys
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

SOURCES = (
    "README.md",
    "CITATION.cff",
    "CHANGELOG.md",
    "LICENSE",
    "LICENSE-TEXT",
    "environment.yml",
    "requirements.lock",
    "requirements-torch.lock",
    "requirements-peers.lock",
    "book/claims.yml",
    "book/paper.csv",
    "notebooks",
    "results",
)
"""Files and folders of the repository that the archive holds as they are."""

_EPOCH = (1980, 1, 1, 0, 0, 0)

Entry = tuple[str, bytes]


def list_files(folder: Path, prefix: str) -> Iterator[Entry]:
    """Yield the files below `folder`, or `folder` itself if it is a file, named from `prefix`; no hidden ones."""
    if folder.is_file():
        yield prefix, folder.read_bytes()
        return
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inner.parts):
            yield f"{prefix}/{inner.as_posix()}", path.read_bytes()


def write_checksums(entries: list[Entry]) -> bytes:
    """Return SHA256SUMS of `entries`, as ``sha256sum --check`` reads it."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in entries).encode()


def pack(target: Path, entries: list[Entry], root: str) -> None:
    """Write `entries` to the zip file `target`, below the folder `root` inside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(entries):
            entry = zipfile.ZipInfo(f"{root}/{name}", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    part.replace(target)


def main(wheel: Path, pages: Path, pdf: Path, target: Path) -> None:
    """Write both archives into `target`, named by the wheel's version. Raises SystemExit where something is missing."""
    for path in (wheel, pages / "index.html", pdf):
        if not path.exists():
            raise SystemExit(f"{path} does not exist; `make archive` makes it first")
    name = "-".join(wheel.name.split("-")[:2]).replace("_", "-")
    book = list(list_files(pages, "html"))
    entries = [
        *book,
        (pdf.name, pdf.read_bytes()),
        (wheel.name, wheel.read_bytes()),
        *(entry for source in SOURCES for entry in list_files(TOP / source, source)),
    ]
    entries.sort()
    pack(target / f"{name}-book.zip", book, f"{name}-book")
    pack(target / f"{name}.zip", [*entries, ("SHA256SUMS", write_checksums(entries))], name)
    for path in (target / f"{name}-book.zip", target / f"{name}.zip"):
        sys.stdout.write(f"{path} ({path.stat().st_size / 2**20:.1f} MB)\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
