"""The page on the data: its tables come from the manifest and the results, and what was run on what adds up."""

import io

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core import files
from cl_core.streams.manifest import SOURCES

PAGE = (files.root() / "book" / "data.md").read_text(encoding="utf-8")


@pytest.fixture
def build(tmp_path):
    """Build a page of the given text alone; return the warnings and the text of its tables' rows, cell by cell."""

    def build_page(text):
        (tmp_path / "page").mkdir()
        (tmp_path / "page/index.md").write_text(f"# Data\n\n{text}\n", encoding="utf-8")
        given = {
            "extensions": ["myst_parser", "cl_book.pages.data_tables"],
            "myst_enable_extensions": ["colon_fence"],
            "html_theme": "basic",
            "source_suffix": {".md": "markdown"},
        }
        warnings = io.StringIO()
        out = tmp_path / "out"
        with patch_docutils(), docutils_namespace():
            Sphinx(tmp_path / "page", None, out, out, "html", given, status=None, warning=warnings).build()
        page = BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
        return warnings.getvalue(), [
            [cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("tbody tr")
        ]

    return build_page


def test_every_set_and_every_archive_stands_with_what_the_manifest_says(build):
    warnings, rows = build(":::{datasets}\n:::\n\n:::{datasets} archives\n:::")
    assert warnings == ""
    named = {row[0]: row[1:] for row in rows[: len(SOURCES)]}
    assert list(named) == list(SOURCES)
    assert named["cifar100"][:5] == ["CIFAR-100", "100", "50,000", "10,000", "32 × 32 × 3"]
    archives = [archive for source in SOURCES.values() for archive in source.archives]
    assert [row[3] for row in rows[len(SOURCES) :]] == [archive.sha256 for archive in archives]


def test_results_are_counted_by_the_images_that_they_were_computed_on(build, checkout, keep):
    for strategy in ("frozen", "initialized"):
        keep("split-cifar100", strategy, 0)
    keep("permuted-mnist", "frozen", 0)
    _, rows = build(":::{datasets} results\n:::")
    assert {row[0]: row[3] for row in rows} == {
        "digits": "0",
        "MNIST": "1",
        "CIFAR-10, prepared copy": "0",
        "CIFAR-100, own split": "2",
        "CUB-50": "0",
    }
    (own,) = [row for row in rows if row[0] == "CIFAR-100, own split"]
    assert own[1] == SOURCES["cifar100"].relation.replace("`", "")
    assert next(iter(SOURCES["cifar100"].labels)).startswith(own[2])


def test_an_unknown_table_is_red(build):
    assert (
        "there is no table of data sets 'archive'; did you mean 'archives'?" in build(":::{datasets} archive\n:::")[0]
    )


def test_the_page_has_every_table_and_explains_every_label_of_its_own():
    assert all(f":::{{datasets}}{choice}\n:::" in PAGE for choice in ("", " results", " archives"))
    for label in (label for source in SOURCES.values() for label in source.labels.values()):
        what = label.rpartition(", ")[2] if ", " in label else label
        assert what in ("digits", "MNIST") or f"**{what[0].upper()}{what[1:]}**" in PAGE, label
