"""The PDF of the whole book: every page of the book is in it, and nothing is wider than the paper."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cl_book import pdf

TOP = Path(__file__).resolve().parents[2]
PDF = vars(pdf)

PAPER = {"width": 658, "height": 986}
"""A4 within the margins, in CSS pixels."""

WIDER = """() => [...document.querySelectorAll('.bd-article pre, .bd-article table, .bd-article svg, .bd-article mjx-container, .bd-article img')]
  .filter(each => each.getClientRects().length && each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(each => each.outerHTML.slice(0, 120))"""
CUT = """() => [...document.querySelectorAll('.bd-article pre')]
  .filter(each => each.getClientRects().length && each.scrollWidth > each.clientWidth + 1)
  .map(each => each.textContent.slice(0, 120))"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """The one page that the PDF is printed from."""
    out = tmp_path_factory.mktemp("pdf")
    command = [
        str(Path(sys.executable).parent / "jupyter-book"),
        "build",
        str(TOP),
        "--toc",
        str(TOP / "book/_toc.yml"),
    ]
    built = subprocess.run(
        [*command, "--path-output", str(out), "-q", "-n", "--builder", "custom", "--custom-builder", "singlehtml"],
        capture_output=True,
        text=True,
        cwd=TOP,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return PDF["prepare_single_page"](out / "_build/singlehtml")


@pytest.fixture(scope="module")
def printed(single, browser):
    """That page as it is laid out on paper."""
    tab = browser.new_page(viewport=PAPER, color_scheme="light")
    tab.set_default_timeout(PDF["PATIENCE"])
    tab.goto(single.as_uri())
    tab.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise")
    tab.evaluate("MathJax.startup.promise")
    tab.emulate_media(media="print")
    yield tab
    tab.close()


def test_nothing_is_wider_than_the_paper(printed):
    assert printed.evaluate(WIDER) == []
    assert printed.evaluate(CUT) == []


def test_a_line_that_does_not_wrap_is_found(printed):
    printed.evaluate(
        """() => {
          const seen = [...document.querySelectorAll('.bd-article pre')].find(each => each.getClientRects().length);
          seen.style.setProperty('white-space', 'pre', 'important');
          seen.append('x'.repeat(400));
        }"""
    )
    assert printed.evaluate(CUT)


def test_every_page_of_the_book_begins_a_new_page(printed):
    starts = printed.evaluate(
        """() => [...document.querySelectorAll('span[id^="document-"]')].map(each => getComputedStyle(each).breakBefore)"""
    )
    listed = re.findall(r"- file: (\S+)", (TOP / "book/_toc.yml").read_text(encoding="utf-8"))
    assert starts == ["page"] * len(listed)


def test_what_a_page_folds_away_is_shown_and_nothing_scrolls(printed):
    hidden = (
        "() => [...document.querySelectorAll('.cl-fold .cl-evidence')].filter(each => !each.checkVisibility()).length"
    )
    assert printed.evaluate("() => document.querySelectorAll('.cl-fold .cl-evidence').length") > 100
    assert printed.evaluate(hidden) == 0
    scrolling = """() => [...document.querySelectorAll('.bd-article *')]
      .filter(each => each.getClientRects().length && ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
      .map(each => each.className)"""
    assert set(printed.evaluate(scrolling)) == set()


def test_long_code_and_long_tables_may_go_on_overleaf(printed):
    kept = """query => [...document.querySelectorAll(query)].filter(each => {
      if (!each.getClientRects().length) return false
      for (let box = each; !box.matches('.bd-article'); box = box.parentElement)
        if (getComputedStyle(box).breakInside !== 'auto') return true
      return false
    }).length"""
    assert printed.evaluate(kept, ".bd-article .cell_input pre") == 0
    assert printed.evaluate(kept, ".bd-article table:has(tr:nth-child(20))") == 0
    assert printed.evaluate(kept, ".bd-article figure.cl-figure") > 10


def test_no_link_leads_to_a_file_of_this_machine(printed):
    leads = printed.evaluate(
        "() => [...document.querySelectorAll('a[href]')].filter(each => each.getClientRects().length)"
        ".map(each => each.getAttribute('href'))"
    )
    assert len(leads) > 500
    assert {each for each in leads if not each.startswith(("#", "https://"))} == set()
    there = set(printed.evaluate("() => [...document.querySelectorAll('[id]')].map(each => each.id)"))
    assert {each for each in leads if each.startswith("#") and each[1:] not in there} == set()


def test_the_pages_of_a_pdf_are_found():
    pdf = (
        b"%PDF-1.4\n2 0 obj\n<</Type /Page\n/Parent 9 0 R>>\nendobj\n4 0 obj\n<</Type /Pages\n/Count 2\n/Kids [5 0 R 6 0 R]>>\n"
        b"endobj\n9 0 obj\n<</Type /Pages\n/Count 3\n/Kids [2 0 R 4 0 R]>>\nendobj\n"
        b"16 0 obj\n<</document-a [2 0 R /XYZ 6 8 0]\n/caf#C3#A9 [6 0 R /XYZ 6 8 0]>>\nendobj\n"
    )
    assert PDF["find_pages"](pdf) == {"document-a": 1, "café": 3}


def test_a_pdf_of_another_maker_is_refused():
    with pytest.raises(ValueError, match="0 trees of pages"):
        PDF["find_pages"](b"%PDF-1.4")


def test_the_contents_have_the_page_of_each_part(tmp_path, browser):
    page = tmp_path / "print.html"
    parts = "".join(
        f'<h2 id="part-{n}" style="break-before: page">Part</h2><p style="height: {n}00px">text</p>'
        for n in range(1, 20)
    )
    links = "".join(f'<a href="#part-{n}">Part</a> ' for n in range(1, 20))
    page.write_text(
        f'<div id="jb-print-docs-body"><h1>Title</h1><p class="cl-footer">foot</p><div id="jb-print-toc">{links}</div>{parts}</div>'
        "<script>window.MathJax = {startup: {promise: Promise.resolve()}}</script>",
        encoding="utf-8",
    )
    # In a process of its own: the browser of the tests and a second one do not go together in one.
    printing = "import sys, pathlib; from cl_book import pdf; pdf.print_pdf(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", printing, str(page), str(tmp_path / "book.pdf")], check=True, timeout=120)
    pages = PDF["find_pages"]((tmp_path / "book.pdf").read_bytes())
    tab = browser.new_page()
    tab.goto(page.as_uri())
    tab.evaluate(PDF["CONTENTS"], pages)
    written = tab.eval_on_selector_all(".cl-page", "spans => spans.map(span => span.textContent)")
    tab.close()
    assert written == [str(pages[f"part-{n}"]) for n in range(1, 20)]
    assert pages["part-1"] == 2
    assert pages["part-19"] > 20


def test_the_pdf_is_written_whole(single, tmp_path, browser):
    target = tmp_path / "book.pdf"
    subprocess.run(
        [sys.executable, str(TOP / "book/cl_book/pdf.py"), str(single.parent), str(target)],
        check=True,
        capture_output=True,
    )
    content = target.read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/URI (file:" not in content
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") > 50
