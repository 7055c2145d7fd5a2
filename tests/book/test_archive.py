"""The archive holds what it says, in the same bytes each time, and its checksums fit."""

import zipfile
from hashlib import sha256

import pytest
from cl_book import archive

SCRIPT = vars(archive)


@pytest.fixture
def made(tmp_path):
    """A wheel, pages and a PDF, all made up."""
    pages = tmp_path / "html"
    (pages / ".hidden").mkdir(parents=True)
    (pages / ".hidden/a").write_text("no")
    (pages / "index.html").write_text("<p>")
    wheel, pdf = tmp_path / "cl_core-1.2-py3-none-any.whl", tmp_path / "book.pdf"
    wheel.write_bytes(b"wheel")
    pdf.write_bytes(b"pdf")
    return wheel, pages, pdf


def contents(path):
    """Return the files of a zip, by name without the folder at the top."""
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def test_the_archive_holds_everything_and_its_checksums_fit(made, tmp_path):
    SCRIPT["main"](*made, tmp_path / "dist")
    held = contents(tmp_path / "dist/cl-core-1.2.zip")
    assert {"html/index.html", "book.pdf", "book/claims.yml", "requirements.lock", "notebooks/02-bound.ipynb"} <= set(
        held
    )
    assert not any("hidden" in name for name in held)
    sums = dict(line.split("  ")[::-1] for line in held.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: sha256(content).hexdigest() for name, content in held.items()}
    assert set(contents(tmp_path / "dist/cl-core-1.2-book.zip")) == {"html/index.html"}


def test_the_same_input_gives_the_same_bytes(made, tmp_path):
    for folder in ("one", "two"):
        SCRIPT["main"](*made, tmp_path / folder)
    assert (tmp_path / "one/cl-core-1.2.zip").read_bytes() == (tmp_path / "two/cl-core-1.2.zip").read_bytes()


def test_what_is_missing_is_named(made, tmp_path):
    made[2].unlink()
    with pytest.raises(SystemExit, match=r"book\.pdf does not exist"):
        SCRIPT["main"](*made, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
