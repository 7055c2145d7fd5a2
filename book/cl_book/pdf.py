"""Make the PDF of the whole book: ``python book/cl_book/pdf.py SINGLE_PAGE_FOLDER FILE.pdf``, after a single-page build.

Chromium prints the page; nothing is fetched. What paper needs, such as code that wraps, is in book.css under
``@media print``. ``$CHROMIUM`` names a browser; otherwise Debian's Chromium or Google Chrome is taken.
"""

import os
import shutil
import sys
from pathlib import Path

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

    Links to its own parts are cut down to those: a PDF that names a file leads nowhere on another machine.
    Raises SystemExit where there is no such build.
    """
    source, page = folder / "book" / "index.html", folder / "print.html"
    if not source.exists():
        raise SystemExit(f"{source} does not exist; build the single page first: make pdf")
    text = source.read_text(encoding="utf-8")
    page.write_text(text.replace('href="book/index.html#', 'href="#'), encoding="utf-8")
    return page


def print_pdf(page: Path, target: Path) -> None:
    """Print the HTML file `page` as the PDF `target`: A4, light, tagged, with an outline and page numbers."""
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
        target.parent.mkdir(parents=True, exist_ok=True)
        tab.pdf(
            path=str(target),
            format="A4",
            print_background=True,
            tagged=True,
            outline=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            margin={"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
        )
        browser.close()
    if failed:
        raise SystemExit(f"the page asked for what is not there: {failed[0]}")


if __name__ == "__main__":
    folder, target = map(Path, sys.argv[1:3])
    print_pdf(prepare_single_page(folder), target)
    sys.stdout.write(f"The PDF: {target.resolve()}\n")
