"""Make the PDF of the whole book: ``python book/cl_book/pdf.py SINGLE_PAGE_FOLDER FILE.pdf``, after a single-page build.

Chromium prints the page, twice: the first print tells on which page each part begins, the second has these numbers in
its contents. Nothing is fetched. What paper needs, such as code that wraps, is in book.css under
``@media print``. ``$CHROMIUM`` names a browser; otherwise Debian's Chromium or Google Chrome is taken.
"""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

PATIENCE = 600_000
"""Milliseconds that setting every equation of the book may take."""

TITLE_PAGE = "document.querySelector('#jb-print-docs-body h1').after(document.querySelector('.cl-footer'))"
"""Brings version, licence and how to cite from the foot of the one page to below its title."""

CONTENTS = """pages => {
  for (const link of document.querySelectorAll("#jb-print-toc a[href^='#']")) {
    let number = link.querySelector(".cl-page");
    if (number === null) {
      number = document.createElement("span");
      number.className = "cl-page";
      link.append(number);
    }
    number.textContent = pages[decodeURIComponent(link.hash.slice(1))] ?? "000";
  }
}"""
"""Writes page numbers behind the entries of the contents, or three zeros, which take the same room, before they are known."""

FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; text-align: center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def find_browser() -> str:
    """Return the path of a browser; raises SystemExit, with what to do, where there is none."""
    named = os.environ.get("CHROMIUM")
    for name in [named] if named else BROWSERS:
        if path := shutil.which(name):
            return path
    raise SystemExit(
        f"no browser at {named or 'any usual place'}: install Debian's chromium or Google Chrome, or name one in CHROMIUM"
    )


def prepare_single_page(folder: Path) -> Path:
    """Return the one page of the build in `folder`, where its links fit: they are relative to the top folder.

    Links to its own parts are cut down to those: a PDF that names a file leads nowhere on another machine. The first page,
    to which the builder gives no name, gets one.
    Raises SystemExit where there is no such build.
    """
    source, page = folder / "book" / "index.html", folder / "print.html"
    if not source.exists():
        raise SystemExit(f"{source} does not exist; build the single page first: make pdf")
    text = source.read_text(encoding="utf-8")
    text = text.replace('href="book/index.html#', 'href="#')
    page.write_text(text.replace("<article", '<a id="document-book/index"></a><article', 1), encoding="utf-8")
    return page


def find_pages(pdf: bytes) -> dict[str, int]:
    """Return the page, from 1 on, at which each named place of a PDF by Chromium begins.

    Raises ValueError where there is no tree of pages to be read.
    """
    trees = {
        int(number): [int(kid) for kid in re.findall(rb"(\d+) 0 R", kids)]
        for number, kids in re.findall(rb"\n(\d+) 0 obj\n<</Type /Pages\b.*?/Kids \[(.*?)\]", pdf, re.DOTALL)
    }
    inner = {kid for kids in trees.values() for kid in kids}
    roots = [number for number in trees if number not in inner]
    if len(roots) != 1:
        raise ValueError(f"the PDF has {len(roots)} trees of pages, not one")
    order: dict[int, int] = {}
    _walk(roots[0], trees, order)
    places = re.findall(rb"/([^\s\[/]+) \[(\d+) 0 R /XYZ", pdf)
    return {_unescape(name): order[int(page)] for name, page in places if int(page) in order}


def _walk(number: int, trees: Mapping[int, list[int]], order: dict[int, int]) -> None:
    for kid in trees[number]:
        if kid in trees:
            _walk(kid, trees, order)
        else:
            order[kid] = len(order) + 1


def _unescape(name: bytes) -> str:
    """Return a name of a PDF as text: bytes that a name may not hold are written as # and two digits."""
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), name)
    return plain.decode("utf-8", errors="replace")


def print_pdf(page: Path, target: Path) -> None:
    """Print the HTML file `page` as the PDF `target`: A4, light, tagged, with an outline, and pages numbered in the contents."""
    from playwright.sync_api import sync_playwright

    failed: list[str] = []
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"] if as_root else [])
        tab = browser.new_page(color_scheme="light")
        tab.set_default_timeout(PATIENCE)
        tab.on("requestfailed", lambda request: failed.append(request.url))
        tab.goto(page.resolve().as_uri())
        tab.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise")
        tab.evaluate("MathJax.startup.promise")
        tab.evaluate(TITLE_PAGE)
        tab.evaluate(CONTENTS, {})
        tab.evaluate(CONTENTS, find_pages(_print(tab)))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_print(tab))
        browser.close()
    if failed:
        raise SystemExit(f"the page asked for what is not there: {failed[0]}")


def _print(tab: Any) -> bytes:
    """Return the open page as a PDF."""
    printed: bytes = tab.pdf(
        format="A4",
        print_background=True,
        tagged=True,
        outline=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        margin={"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
    )
    return printed


if __name__ == "__main__":
    folder, target = map(Path, sys.argv[1:3])
    print_pdf(prepare_single_page(folder), target)
    sys.stdout.write(f"The PDF: {target.resolve()}\n")
