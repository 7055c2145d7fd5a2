"""A chapter has the number of its file, wherever it stands in the book."""

import pytest
from bs4 import BeautifulSoup
from cl_book.pages.chapter_numbers import number_of, renumber
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils


def test_the_number_is_that_of_the_file():
    assert number_of("notebooks/08-split-cifar100") == 8
    assert number_of("book/results") is None
    assert renumber("notebooks/08-split-cifar100", (1, 3)) == [8, 3]
    assert renumber("book/results", [2]) is None
    assert renumber("notebooks/08-split-cifar100", None) is None


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    top = tmp_path_factory.mktemp("numbers")
    (top / "notebooks").mkdir()
    listed = "plain\nnotebooks/16-late\nnotebooks/02-early"
    (top / "index.md").write_text(f"# Front\n\n```{{toctree}}\n:numbered:\n{listed}\n```\n", encoding="utf-8")
    text = "# A chapter\n\n## A section\n\n```{math}\n:label: eq-%s\na = b\n```\n\nBy {eq}`eq-%s`.\n"
    for name in ("plain", "notebooks/16-late", "notebooks/02-early"):
        label = name.rpartition("/")[2]
        (top / f"{name}.md").write_text(text % (label, label), encoding="utf-8")
    given = {
        "extensions": ["myst_parser", "sphinx_multitoc_numbering", "cl_book.pages.chapter_numbers"],
        "html_theme": "basic",
        "math_numfig": True,
        "numfig": True,
        "source_suffix": {".md": "markdown"},
    }
    with patch_docutils(), docutils_namespace():
        Sphinx(top, None, top / "out", top / "out", "html", given, status=None).build()
    return {
        name: BeautifulSoup((top / f"out/{name}.html").read_text(encoding="utf-8"), "html.parser")
        for name in ("index", "plain", "notebooks/16-late", "notebooks/02-early")
    }


def test_headings_equations_and_contents_follow(pages):
    late = pages["notebooks/16-late"]
    assert late.h1.get_text().startswith("16. A chapter")
    assert late.h2.get_text().startswith("16.1. A section")
    assert late.select_one(".eqno").get_text().startswith("(16.1)")
    assert pages["notebooks/02-early"].h1.get_text().startswith("2. A chapter")
    assert pages["plain"].h1.get_text().startswith("A chapter")
    listed = [link.get_text() for link in pages["index"].select(".toctree-l1 > a")]
    assert listed == ["A chapter", "16. A chapter", "2. A chapter"]
