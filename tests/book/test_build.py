"""The built book as files: every page is there, nothing is loaded from elsewhere, figures are whole."""

import re
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

TOP = Path(__file__).resolve().parents[2]
_LOADING = (
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("source", "src"),
    ("iframe", "src"),
    ("object", "data"),
    ("video", "src"),
    ("audio", "src"),
    ("use", "href"),
    ("image", "href"),
)
_ELSEWHERE = re.compile(r"^(https?:)?//")
_IN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)")


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def loaded_from_elsewhere(page):
    """Addresses that a page would load by itself; links that a reader follows are none of them."""
    found = [tag[name] for kind, name in _LOADING for tag in page.find_all(kind) if _ELSEWHERE.match(tag.get(name, ""))]
    styles = " ".join(
        [*(tag.get_text() for tag in page("style")), *(tag["style"] for tag in page.find_all(style=True))]
    )
    return found + _IN_STYLE.findall(styles)


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://example/x.png">',
        "<style>@import 'https://example/x.css'</style>",
        '<p style="background: url(https://example/x.png)"></p>',
    ],
)
def test_a_page_that_loads_from_elsewhere_is_red(html):
    assert len(loaded_from_elsewhere(BeautifulSoup(html, "html.parser"))) == 1


def test_no_page_loads_anything_from_elsewhere(site, pages):
    found = {page: urls for page in pages if (urls := loaded_from_elsewhere(soup(site / f"{page}.html")))}
    assert found == {}


def test_no_style_sheet_loads_anything_from_elsewhere(site):
    sheets = list(site.rglob("*.css"))
    assert len(sheets) > 3
    assert {str(path): urls for path in sheets if (urls := _IN_STYLE.findall(path.read_text(encoding="utf-8")))} == {}


def test_every_page_of_the_table_of_contents_is_built(pages):
    toc = yaml.safe_load((TOP / "book/_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])}
    assert listed <= set(pages)


def test_what_a_page_refers_to_is_there(site, pages):
    missing = set()
    for name in pages:
        page = soup(site / f"{name}.html")
        for kind, attribute in (*_LOADING, ("a", "href")):
            for tag in page.find_all(kind):
                address = tag.get(attribute, "").partition("#")[0].partition("?")[0]
                if address and not re.match(r"^[a-z]+:|^//", address):
                    target = (site / f"{name}.html").parent / address
                    if not target.exists():
                        missing.add((name, address))
    assert missing == set()


def test_thebe_is_gone(site, pages):
    assert [page for page in pages if "thebe" in (site / f"{page}.html").read_text(encoding="utf-8").lower()] == []


def test_every_figure_is_described_captioned_and_has_its_data(site, pages):
    figures = 0
    for name in pages:
        for figure in soup(site / f"{name}.html").select("figure.cl-figure"):
            figures += 1
            drawn = figure.select_one("svg[role=img]")
            assert drawn.desc.get_text(strip=True), name
            assert {drawn.title["id"], drawn.desc["id"]} == set(drawn["aria-labelledby"].split()), name
            assert figure.select_one(".caption-text").get_text(strip=True), name
            data = (site / f"{name}.html").parent / figure.select_one(".cl-data a")["href"]
            assert len(data.read_text(encoding="utf-8").splitlines()) > 1, data.name
    assert figures > 0


def test_every_id_on_a_page_is_unique(site, pages):
    doubled = {}
    for name in pages:
        ids = [tag["id"] for tag in soup(site / f"{name}.html").find_all(id=True)]
        doubled[name] = sorted({each for each in ids if ids.count(each) > 1})
    assert {name: ids for name, ids in doubled.items() if ids} == {}


def test_every_page_of_the_book_says_its_version_and_how_to_cite_it(site, pages):
    for name in (page for page in pages if page.startswith(("book/", "notebooks/"))):
        footer = soup(site / f"{name}.html").select_one(".cl-footer").get_text()
        assert "Version " in footer, name
        assert "Cite as" in footer, name


def test_every_chapter_says_how_to_run_it_in_three_lines(site, pages):
    for name in (page for page in pages if page.startswith("notebooks/")):
        lines = soup(site / f"{name}.html").select_one(".cl-run").get_text().splitlines()
        assert lines[0] in {"make env", "make torch"}, name
        assert [line.split()[:3] for line in lines[1:]] == 2 * [[".venv/bin/cl-core", "rerun", f"{name}.ipynb"]], name
    assert soup(site / "notebooks/02-bound.html").select_one(".cl-run").get_text().startswith("make env\n")
    assert soup(site / "notebooks/07-network-bound.html").select_one(".cl-run").get_text().startswith("make torch\n")


def test_every_chapter_offers_its_notebook(site, pages):
    for name in (page for page in pages if page.startswith("notebooks/")):
        links = [tag["href"] for tag in soup(site / f"{name}.html").select("a.btn-download-source-button")]
        assert [link for link in links if link.endswith(f"{name.partition('/')[2]}.ipynb")], name
