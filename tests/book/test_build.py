"""The built book as files: every page is there, nothing is loaded from elsewhere, figures are whole."""

import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from cl_book.pages.api_page import modules_of, public_names
from cl_book.pages.links import list_addresses
from sphinx.ext.autodoc.mock import mock
from support import phone

import cl_core

# Building the book takes a tenth of all quick tests, and `make book` says by itself what does not build.
pytestmark = pytest.mark.slow

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


def test_no_page_loads_anything_from_elsewhere(soups):
    found = {name: urls for name, page in soups.items() if (urls := loaded_from_elsewhere(page))}
    assert found == {}


def test_no_style_sheet_loads_anything_from_elsewhere(site):
    sheets = list(site.rglob("*.css"))
    assert len(sheets) > 3
    assert {str(path): urls for path in sheets if (urls := _IN_STYLE.findall(path.read_text(encoding="utf-8")))} == {}


def test_every_page_of_the_table_of_contents_is_built(pages):
    toc = yaml.safe_load((TOP / "book/_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])}
    assert listed <= set(pages)


def test_a_chapter_has_the_number_of_its_file(soups):
    chapters = {name: soup for name, soup in soups.items() if re.match(r"notebooks/\d\d-", name)}
    assert len(chapters) > 18
    for name, page in chapters.items():
        number = int(name.removeprefix("notebooks/")[:2])
        assert page.select_one("article h1").get_text().startswith(f"{number}. "), name
        assert {each.get_text().partition(".")[0] for each in page.select(".eqno")} <= {f"({number}"}, name
    assert not soups["book/results"].select_one("article h1").get_text()[0].isdigit()


def test_what_a_page_refers_to_is_there(site, soups):
    missing = set()
    for name, page in soups.items():
        for kind, attribute in (*_LOADING, ("a", "href")):
            for tag in page.find_all(kind):
                address = tag.get(attribute, "").partition("#")[0].partition("?")[0]
                if address and not re.match(r"^[a-z]+:|^//", address):
                    target = (site / f"{name}.html").parent / address
                    if not target.exists():
                        missing.add((name, address))
    assert missing == set()


def test_no_page_names_a_place_on_the_machine_that_built_it(site, pages):
    shown = {page for page in pages if str(TOP) in (site / f"{page}.html").read_text(encoding="utf-8")}
    assert shown == set()


def test_thebe_is_gone(site, pages):
    assert [page for page in pages if "thebe" in (site / f"{page}.html").read_text(encoding="utf-8").lower()] == []


def test_every_figure_is_described_captioned_and_has_its_data(site, soups):
    figures = 0
    for name, page in soups.items():
        for figure in page.select("figure.cl-figure"):
            figures += 1
            drawn = figure.select_one("svg[role=img]")
            assert drawn.desc.get_text(strip=True), name
            assert {drawn.title["id"], drawn.desc["id"]} == set(drawn["aria-labelledby"].split()), name
            assert figure.select_one(".caption-text").get_text(strip=True), name
            data = (site / f"{name}.html").parent / figure.select_one(".cl-data a")["href"]
            assert len(data.read_text(encoding="utf-8").splitlines()) > 1, data.name
    assert figures > 0


def test_every_figure_has_a_form_for_a_phone(soups):
    faults = []
    for name, page in soups.items():
        for figure in page.select("figure.cl-figure"):
            narrow = figure.select_one(".cl-narrow > svg")
            if narrow is None or phone.measure_letters(str(narrow)) < phone.LEAST:
                faults.append((name, figure.svg["data-figure"]))
    assert faults == []


def test_every_id_on_a_page_is_unique(soups):
    for name, page in soups.items():
        counts = Counter(tag["id"] for tag in page.find_all(id=True))
        assert [each for each, count in counts.items() if count > 1] == [], name


def test_every_page_of_the_book_says_its_version_and_how_to_cite_it(soups):
    for name in (name for name in soups if name.startswith(("book/", "notebooks/"))):
        footer = soups[name].select_one(".cl-footer").get_text()
        assert "Version " in footer, name
        assert "Cite as" in footer, name


def test_every_chapter_says_how_to_run_it_in_three_lines(soups):
    for name in (name for name in soups if name.startswith("notebooks/")):
        lines = soups[name].select_one(".cl-run").get_text().splitlines()
        assert lines[0] in {"make env", "make torch"}, name
        assert [line.split()[:3] for line in lines[1:]] == 2 * [[".venv/bin/cl-core", "rerun", f"{name}.ipynb"]], name
    assert soups["notebooks/02-bound"].select_one(".cl-run").get_text().startswith("make env\n")
    assert soups["notebooks/07-network-bound"].select_one(".cl-run").get_text().startswith("make torch\n")


def test_every_chapter_offers_its_notebook(soups):
    for name in (name for name in soups if name.startswith("notebooks/")):
        links = [tag["href"] for tag in soups[name].select("a.btn-download-source-button")]
        assert [link for link in links if link.endswith(f"{name.partition('/')[2]}.ipynb")], name


def test_every_link_that_leaves_the_book_is_in_the_list(soups):
    leaving = {tag["href"] for page in soups.values() for tag in page.select("a[href]") if "//" in tag["href"]}
    assert len(leaving) > 10
    assert leaving - set(list_addresses(TOP)) == set()


def test_every_public_function_and_class_of_the_core_is_described(soups):
    described = {tag["id"] for name in ("api", "api-networks", "api-runs") for tag in soups[f"book/{name}"](id=True)}
    packages = [module.name for module in pkgutil.iter_modules(cl_core.__path__, "cl_core.")]
    modules = {module for package in packages for module in modules_of(package)}
    # What the integrations are for is an extra, and the pages do without it.
    with mock(["avalanche", "lightning", "transformers"]):
        expected = {f"{module}.{name}" for module in modules for name in public_names(module)}
    assert len(expected) > 100
    assert expected <= described
