"""The built book, once for all tests that look at it, and a browser that may reach nothing but files."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from cl_book.pdf import find_browser

TOP = Path(__file__).resolve().parents[2]

_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built book's pages. Warnings are errors, as for `make book`; nothing is written to the tree."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    out = shared / "book"
    try:
        out.mkdir()
    except FileExistsError:
        # Another worker builds it.
        while not (out / "done").exists():
            time.sleep(0.5)
    else:
        command = ["jupyter-book", "build", str(TOP), "--toc", str(TOP / "book/_toc.yml"), "--path-output", str(out)]
        built = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:], "-q", "-W", "-n", "--keep-going"],
            capture_output=True,
            text=True,
            cwd=TOP,
            check=False,
        )
        (out / "done").write_text("" if built.returncode == 0 else built.stdout + built.stderr, encoding="utf-8")
    failure = (out / "done").read_text(encoding="utf-8")
    if failure:
        pytest.fail(f"the book does not build:\n{failure}", pytrace=False)
    return out / "_build/html"


@pytest.fixture(scope="session")
def pages(site):
    """The names of all pages, such as ``notebooks/02-bound``, but the top one, which only leads to the first."""
    names = [path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")]
    return sorted(name for name in names if name != "index" and not name.startswith("_"))


@pytest.fixture(scope="session")
def soups(site, pages):
    """Every page by its name, parsed once for all tests that look into pages; none may change what it looks at."""
    return {name: BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser") for name in pages}


@pytest.fixture(scope="session")
def browser():
    """A Chromium that starts no traffic of its own; without one the test is skipped, which fails under CI."""
    from playwright.sync_api import sync_playwright

    try:
        path = find_browser()
    except SystemExit as missing:
        pytest.skip(str(missing))
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=[*_QUIET, *(["--no-sandbox"] if as_root else [])]
        )
        yield started
        started.close()


@pytest.fixture
def touched(browser, site):
    """Opens a page with sliders on a phone and returns it once its script has drawn; closed after the test."""
    tabs = []

    def opened(name):
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        tabs.append(tab)
        tab.set_default_timeout(120_000)
        tab.goto((site / f"{name}.html").as_uri(), wait_until="load")
        tab.wait_for_selector(".cl-live svg")
        return tab

    yield opened
    for tab in tabs:
        tab.close()


@pytest.fixture
def put():
    """Moves sliders of a page to places, given by the sliders' names."""

    def moved(page, **places):
        for name, place in places.items():
            page.evaluate(
                "([name, place]) => { const slider = document.querySelector(`[name=${name}]`); slider.value = place; "
                "slider.dispatchEvent(new Event('input', {bubbles: true})); }",
                [name, str(place)],
            )

    return moved
