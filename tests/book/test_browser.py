"""The built book in a browser, from file paths and with no network: it loads, it is set, it fits, it can be read."""

import contextlib
import itertools
from pathlib import Path

import pytest
from support import phone

pytestmark = pytest.mark.slow

LAYOUT = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8")
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
THEMES = ("light", "dark")
VIEWS = {"desktop": DESKTOP, "phone": PHONE}
CHECKS = (
    "overflow",
    "figures",
    "figureWords",
    "overlaps",
    "maths",
    "headings",
    "unreachable",
    "cutCode",
    "hiddenColumns",
    "looseStops",
    "brokenWords",
)
PATIENCE = 120_000
"""Milliseconds after which what did not happen never will; how long a page takes is no matter here."""
FIGURE_TEXT = f"layout.figureText(4.5, {phone.LEAST})"

_RETIRED = "docutils marks an entry of the bibliography by doc-biblioentry, which ARIA has since retired"
ACCEPTED = {
    (
        "region",
        ".sidebar-primary-items__start",
    ): "the theme's sidebar holds the title and the search outside of a landmark",
    ("aria-allowed-role", "#id"): _RETIRED,
    ("aria-deprecated-role", "#id"): _RETIRED,
    ("aria-required-children", ".citation-list"): _RETIRED,
}
"""What axe finds in the theme or its makers' tools, and we leave: (rule, part of the selector) to the reason."""


@pytest.fixture(scope="module")
def visit(browser, site):
    """Open a page of the book from its file; anything that it asks of a network is refused and noted."""

    @contextlib.contextmanager
    def opened(name, *, viewport=DESKTOP, theme="light"):
        context = browser.new_context(viewport=viewport)
        context.add_init_script(f"localStorage.setItem('theme', '{theme}'); localStorage.setItem('mode', '{theme}')")
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.troubles = []
        page.on("requestfailed", lambda request: page.troubles.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: page.troubles.append(f"error: {error}"))
        page.on("console", lambda message: message.type == "error" and page.troubles.append(f"console: {message.text}"))
        page.route(lambda url: not url.startswith(("file:", "data:", "blob:")), lambda route: route.abort())
        page.goto(f"{(site / name).as_uri()}.html", wait_until="load")
        if page.query_selector(".math"):
            page.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise !== undefined")
            page.evaluate("MathJax.startup.promise")
        # Without transitions a page is at once what it will be, however slow the machine.
        page.add_style_tag(content="*, *::before, *::after { transition: none !important; animation: none !important }")
        page.evaluate(f"{LAYOUT}; window.layout = layout")
        yield page
        context.close()

    return opened


def own(pages):
    """Pages of the book itself: not the index, search and lists that the builder adds."""
    return [page for page in pages if page.startswith(("book/", "notebooks/"))]


def chapter(pages):
    """A page with figures and formulas."""
    return next(page for page in pages if page.startswith("notebooks/"))


@pytest.fixture(scope="module")
def survey(visit, pages):
    """What is wrong with each page, by page and view. Each is opened once, then turned: screen size, light and dark."""
    return {
        place: faults for name in pages for place, faults in surveyed(visit, name, laid_out=name in own(pages)).items()
    }


def surveyed(visit, name, *, laid_out):
    from axe_playwright_python.sync_playwright import Axe

    with visit(name) as page:
        faults = {(view, theme): {} for view, theme in itertools.product(VIEWS, THEMES)}
        for (view, theme), found in faults.items():
            turn(page, view, theme)
            found["troubles"] = list(page.troubles)
            if laid_out:
                found |= {check: page.evaluate(f"layout.{check}()") for check in CHECKS}
                found["figureText"] = page.evaluate(FIGURE_TEXT)
        if laid_out:
            page.evaluate("layout.thin()")
            for theme in THEMES:
                turn(page, "desktop", theme)
                # Of all rules only contrast depends on the theme.
                rules = None if theme == "light" else ["color-contrast"]
                faults["desktop", theme]["axe"] = violations(Axe(), page, rules=rules)
    return {(name, *place): found for place, found in faults.items()}


def turn(page, view, theme):
    """Show the page in another size and theme, and wait until it is drawn."""
    page.set_viewport_size(VIEWS[view])
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def violations(axe, page, *, rules=None):
    """What axe finds by these rules (all by default), each as rule and element, less what is accepted."""
    # Without `preload` axe fetches the style sheets again, which a page opened from a file may not do.
    options = {"preload": False, **({"runOnly": rules} if rules else {})}
    return [
        f"{rule['id']}: {selector}: {node['html'][:120]}"
        for rule in axe.run(page, options=options).response["violations"]
        for node in rule["nodes"]
        for selector in [" ".join(str(part) for part in node["target"])]
        if not any(rule["id"] == known and part in selector for known, part in ACCEPTED)
    ]


@pytest.mark.parametrize("check", ["troubles", *CHECKS, "figureText", "axe"])
def test_every_page_in_every_view(survey, check):
    faults = {place: results[check] for place, results in survey.items() if results.get(check)}
    assert faults == {}


def test_the_top_page_leads_to_the_first(browser, site):
    page = browser.new_page()
    page.goto((site / "index.html").as_uri(), wait_until="commit")
    page.wait_for_url("**/book/index.html")
    page.close()


TYPEFACES = {"article p": "Source Serif 4", "h1": "Inter", "figcaption": "Inter", "pre": "Source Code Pro"}


def test_a_page_is_set_in_the_books_own_typefaces(visit, pages):
    with visit(chapter(pages)) as page:
        page.evaluate("document.fonts.ready")
        loaded = set(page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"))
        assert {name.strip('"') for name in loaded} >= set(TYPEFACES.values())
        for selector, family in TYPEFACES.items():
            first = page.evaluate("s => getComputedStyle(document.querySelector(s)).fontFamily", selector).split(",")[0]
            assert first.strip('"') == family, selector


@pytest.mark.parametrize("theme", THEMES)
def test_the_theme_that_a_reader_chose_is_the_one_shown(visit, pages, theme):
    with visit(own(pages)[0], theme=theme) as page:
        assert page.get_attribute("html", "data-theme") == theme
        shade = sum(page.evaluate("layout.rgb(getComputedStyle(document.body).backgroundColor)")) / 3
        assert (shade > 128) == (theme == "light")


def test_one_search_field_is_seen(visit, pages):
    for name in own(pages):
        with visit(name) as page:
            assert len(page.evaluate("layout.searchFields()")) == 1, name
    with visit(own(pages)[0], viewport=PHONE) as page:
        assert page.evaluate("layout.searchFields()") == []
        page.click("button.search-button:visible")
        page.wait_for_function("layout.searchFields().length === 1")


def test_search_works_from_a_file(visit):
    with visit("search") as page:
        page.goto(page.url + "?q=forgetting")
        page.wait_for_selector("ul.search li a")
        assert len(page.query_selector_all("ul.search li a")) > 2
        assert page.troubles == []


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("EWC", "book/glossary.html#term-ewc"),
        ("backbone", "book/glossary.html#term-backbone"),
        ("fine-tuning", "book/glossary.html#term-fine-tuning"),
        ("regularization", "book/glossary.html#term-regularization"),
        ("C03", "notebooks/08-split-cifar100.html#claim-c03"),
    ],
)
def test_search_finds_the_fields_words_and_claims(visit, words, address):
    with visit("search") as page:
        page.goto(f"{page.url}?q={words}")
        page.wait_for_selector("ul.search li a")
        page.wait_for_function(
            "address => [...document.querySelectorAll('ul.search li a')].slice(0, 3)"
            ".some(link => link.getAttribute('href').includes(address))",
            arg=address,
        )


def test_the_menus_open_by_keyboard(visit, pages):
    with visit(own(pages)[0], viewport=PHONE) as page:
        page.focus("button.primary-toggle")
        assert not page.evaluate("[...document.querySelectorAll('nav.bd-links a')].some(layout.onScreen)")
        page.keyboard.press("Enter")
        page.wait_for_function("[...document.querySelectorAll('nav.bd-links a')].some(layout.onScreen)")


# Each check goes red when what it looks for is planted.

BREAKS = {
    "overflow": "document.querySelector('article').insertAdjacentHTML('beforeend', '<div style=\"width: 900px; height: 9px\"></div>')",
    "figures": "[...document.querySelectorAll('figure svg')].find(layout.seen).style.cssText = 'width: 140%; max-width: none; margin-left: 40%'",
    "figureWords": "[...document.querySelectorAll('figure svg text')].find(layout.seen).setAttribute('transform', 'translate(-99 0)')",
    "overlaps": "document.querySelector('article section > p + p').style.marginTop = '-4em'",
    "maths": "document.querySelector('article').insertAdjacentHTML('beforeend', '<span class=\"math\">\\\\(x\\\\)</span>')",
    "unreachable": "document.querySelector('article').insertAdjacentHTML('beforeend', "
    '\'<div style="overflow-x: auto; width: 50px"><p style="width: 200px">wide</p></div>\')',
    "cutCode": "document.querySelector('article pre').style.cssText = 'white-space: pre; width: 60px; overflow: auto'",
    "hiddenColumns": "document.querySelector('article').insertAdjacentHTML('beforeend', "
    '\'<div class="cl-scroll" tabindex="0"><table style="width: 900px"><tr><td>wide</td></tr></table></div>\')',
    "looseStops": "document.querySelector('article').insertAdjacentHTML('beforeend', '<p style=\"width: 4em\">'"
    ' + \'<span class="cl-chip" style="display: inline-block; width: 4em">C03</span>.</p>\')',
    "brokenWords": "document.querySelector('article').insertAdjacentHTML('beforeend', "
    "'<table><tr><td style=\"display: block; width: 2ch; overflow-wrap: anywhere\">0.03</td></tr></table>')",
    "headings": "document.querySelector('article section').insertAdjacentHTML('beforeend', '<h5>too deep</h5>')",
}


@pytest.mark.parametrize("check", BREAKS)
def test_a_planted_break_turns_its_check_red(visit, pages, check):
    with visit(chapter(pages), viewport=PHONE) as page:
        assert page.evaluate(f"layout.{check}()") == []
        page.evaluate(BREAKS[check])
        assert len(page.evaluate(f"layout.{check}()")) >= 1


@pytest.mark.parametrize("word", ["−1.85", "embedded"])
def test_a_word_broken_in_a_fold_is_found_and_the_fold_stays_closed(visit, pages, word):
    cell = f'<td style="display: block; width: 2ch; overflow-wrap: anywhere">{word}</td>'
    fold = f"<details id='planted'><table><tr>{cell}</tr></table></details>"
    with visit(chapter(pages)) as page:
        page.evaluate("fold => document.querySelector('article').insertAdjacentHTML('beforeend', fold)", fold)
        assert page.evaluate("layout.brokenWords()") == [f"{word} is broken"]
        assert not page.evaluate("document.querySelector('#planted').open")


def test_a_second_search_field_is_seen(visit, pages):
    with visit(chapter(pages)) as page:
        page.evaluate("document.querySelector('article').insertAdjacentHTML('afterbegin', '<input type=search>')")
        assert len(page.evaluate("layout.searchFields()")) == 2


def test_faint_and_tiny_text_in_a_figure_is_red(visit, pages):
    with visit(chapter(pages)) as page:
        page.evaluate("document.querySelector('figure svg text').style.cssText += '; fill: #999999; font-size: 2px'")
        assert len(page.evaluate(FIGURE_TEXT)) == 2


def test_a_request_to_a_network_is_red(visit, pages):
    with visit(chapter(pages)) as page:
        page.evaluate("fetch('https://example.org/x').catch(() => null)")
        assert any("example.org" in trouble for trouble in page.troubles)


def test_a_fault_for_axe_is_red(visit, pages):
    from axe_playwright_python.sync_playwright import Axe

    with visit("book/glossary") as page:
        page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
        assert "image-alt" in [found.partition(":")[0] for found in violations(Axe(), page)]


def test_the_table_of_results_is_sorted_by_its_heads(visit):
    with visit("book/results") as page:
        page.click(".cl-sortable th:nth-child(3) button")
        column = "rows => rows.map(row => row.cells[2].querySelector('.cl-number').textContent)"
        numbers = [float(each) for each in page.eval_on_selector_all(".cl-sortable tbody tr", column) if each != "—"]
        assert numbers == sorted(numbers, reverse=True)
        assert len(set(numbers)) > 10
        page.click(".cl-sortable th:nth-child(3) button")
        again = [float(each) for each in page.eval_on_selector_all(".cl-sortable tbody tr", column) if each != "—"]
        assert again == sorted(numbers)
        assert page.get_attribute(".cl-sortable th:nth-child(3)", "aria-sort") == "ascending"


def test_pages_work_where_site_data_are_blocked(browser, site):
    """A browser that blocks site data throws at the first look into storage; the theme looks in the head of every page."""
    context = browser.new_context(viewport=DESKTOP)
    denied = 'get() { throw new DOMException("denied", "SecurityError"); }'
    context.add_init_script(
        'for (const name of ["localStorage", "sessionStorage"]) '
        f"Object.defineProperty(window, name, {{ configurable: true, {denied} }});"
    )
    context.set_default_timeout(PATIENCE)
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{(site / 'search').as_uri()}.html?q=forgetting")
    page.wait_for_selector("ul.search li a")
    page.goto(f"{(site / 'book/glossary').as_uri()}.html", wait_until="load")
    before = page.evaluate("document.documentElement.dataset.mode")
    page.click("button.theme-switch-button:visible")
    assert page.evaluate("document.documentElement.dataset.mode") != before
    context.close()
    assert troubles == []


def test_a_place_that_an_address_names_is_on_a_phones_screen(visit):
    with visit("book/data", viewport=PHONE) as page:
        address = f"{page.url}#the-official-files"
        page.goto("about:blank")
        page.goto(address, wait_until="load")
        assert 0 <= page.evaluate("document.querySelector('#the-official-files').getBoundingClientRect().top") < 200
