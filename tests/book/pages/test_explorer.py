"""The explorer: its numbers are the core's, it answers to mouse and keyboard, and without scripts there is a picture."""

import itertools
import json
import re

import numpy as np
import pytest
from cl_book.pages.explorer import SLIDERS, describe_valley, find_best_size, find_valley, write_markup
from cl_book.pages.tradeoff import compute_tradeoff

from cl_core.linear import optimal_magnitude

PAGE = "book/explorer"
DEFAULTS = {one.name: one.value for one in SLIDERS}
WHOLE = ("parameters", "specific", "samples")


def settings(**changed):
    values = {**DEFAULTS, **changed}
    return {name: int(value) if name in WHOLE else float(value) for name, value in values.items()}


CASES = [
    settings(),
    settings(noise=0, distance=0, shared_error=0),
    settings(parameters=20, specific=19, samples=150),
    settings(parameters=200, specific=1, samples=2, noise=2),
    settings(samples=10, shared_error=3, distance=0.35),
    settings(parameters=41, samples=40),
    settings(shared_error=0, noise=0),
    settings(own_error=0, shared_error=1),
    settings(own_error=2.4, shared_error=0.6, samples=40),
    *(
        settings(samples=n, noise=noise, distance=distance, shared_error=error)
        for n, noise, distance, error in itertools.product((5, 60), (0.05, 1.95), (0, 2.4), (0.15, 2))
    ),
]


def test_what_stands_in_the_page_is_the_core_s():
    curve = compute_tradeoff(**settings())
    cells = re.findall(r"<td>(.*?)</td>", write_markup())
    rows = [cells[place : place + 4] for place in range(0, len(cells), 4)]
    sizes = [0, int(DEFAULTS["specific"]), int(DEFAULTS["parameters"]), find_best_size(curve)]
    assert [int(row[0]) for row in rows] == sizes
    for row, m in zip(rows, sizes, strict=True):
        shown = [float(words.replace("−", "-")) for words in row[1:]]
        assert shown == pytest.approx([column[m] for column in curve], abs=5e-4)


def test_a_valley_is_there_at_the_first_setting_and_where_the_theory_says():
    first = settings()
    curve = compute_tradeoff(**first)
    valley = find_valley(curve, first["samples"])
    place, depth = optimal_magnitude(
        first["own_error"] ** 2 - first["distance"] ** 2, first["noise"] ** 2, first["samples"]
    )
    assert valley in (np.floor(place), np.ceil(place))
    assert curve.forgetting[valley] == pytest.approx(depth, rel=1e-3)
    assert curve.forgetting[valley] < curve.forgetting[-1] - 0.3
    assert describe_valley(curve, first["samples"]) in write_markup()


def test_where_the_noise_is_too_much_there_is_no_valley():
    assert find_valley(compute_tradeoff(**settings(noise=2)), settings()["samples"]) is None
    assert find_valley(compute_tradeoff(**settings(parameters=20)), settings()["samples"]) is None


def test_the_ranges_of_the_sliders_fit_the_core():
    lows, highs = ({one.name: value for one in SLIDERS for value in [getattr(one, end)]} for end in ("low", "high"))
    compute_tradeoff(**settings(**lows))
    compute_tradeoff(**settings(**{**highs, "specific": highs["parameters"] - 1}))
    for one in SLIDERS:
        assert one.low <= one.value <= one.high
        assert (one.value - one.low) / one.step == pytest.approx(round((one.value - one.low) / one.step))


@pytest.fixture
def page(touched):
    return touched(PAGE)


def numbers(page, values):
    """The three columns that the script computes, infinity told as a word."""
    told = page.evaluate(
        "(values) => JSON.stringify(Object.values(clExplorer.outlook(values)), (_, v) => v === Infinity ? 'inf' : v)",
        values,
    )
    return np.array([[float(value) for value in column] for column in json.loads(told)])


@pytest.mark.slow
def test_every_number_is_the_core_s(page):
    for values in CASES:
        np.testing.assert_allclose(numbers(page, values), np.array(compute_tradeoff(**values)), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_the_valley_is_told_as_the_page_tells_it(page):
    for values in CASES:
        told = page.evaluate("(v) => clExplorer.valley(clExplorer.outlook(v).forgetting, v.samples)", values)
        assert told == find_valley(compute_tradeoff(**values), values["samples"])
    assert describe_valley(compute_tradeoff(**settings()), settings()["samples"]) in page.inner_text(".cl-said")


@pytest.mark.slow
def test_a_wrong_formula_would_be_seen(page):
    values = settings()
    core = np.array(compute_tradeoff(**{**values, "noise": values["noise"] * (1 + 1e-6)}))
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(numbers(page, values), core, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_every_slider_answers_to_the_keyboard(page):
    for one in SLIDERS:
        name = f"#cl-{one.name.replace('_', '-')}"
        page.focus(name)
        before = page.inner_html(".cl-live"), page.inner_text(".cl-said")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        assert float(page.input_value(name)) == pytest.approx(one.value + 4 * one.step)
        assert page.inner_text(f"output[for='{name[1:]}']") == page.input_value(name)
        assert (page.inner_html(".cl-live"), page.inner_text(".cl-said")) != before, one.name
    now = settings(**{one.name: one.value + 4 * one.step for one in SLIDERS})
    cells = page.locator(".cl-explorer tbody tr:nth-child(3) td").all_inner_texts()
    assert float(cells[1].replace("−", "-")) == pytest.approx(compute_tradeoff(**now).forgetting[-1], abs=5e-4)
    page.click(".cl-sliders button")
    assert [float(page.input_value(f"[name={one.name}]")) for one in SLIDERS] == list(DEFAULTS.values())


@pytest.mark.slow
def test_the_block_stays_smaller_than_the_whole(page):
    page.evaluate("document.querySelector('[name=specific]').value = 99")
    page.focus("[name=parameters]")
    page.keyboard.press("Home")
    assert page.input_value("[name=parameters]") == "20"
    assert page.input_value("[name=specific]") == "19"
    assert "infinite" not in page.inner_text(".cl-said")


@pytest.mark.slow
@pytest.mark.parametrize("changed", [{"samples": 10}, {"noise": 0, "distance": 0, "shared_error": 0}, {"samples": 100}])
def test_the_drawing_stays_in_its_frame(page, put, changed):
    put(page, **changed)
    assert "NaN" not in page.inner_html(".cl-live")
    marks = page.evaluate(
        "[...document.querySelectorAll('.cl-live svg > :is(circle, rect, path)')].map((mark) => mark.getBBox())"
        ".map((box) => [box.x, box.y, box.x + box.width, box.y + box.height])"
    )
    assert marks
    assert all(left >= 0 and top >= 0 and right <= 640 and bottom <= 400 for left, top, right, bottom in marks)


@pytest.mark.slow
def test_without_scripts_there_is_a_picture_and_no_dead_slider(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / f"{PAGE}.html").as_uri(), wait_until="load")
    assert page.locator(".cl-static svg:visible").count() == 1
    assert not page.locator(".cl-sliders").is_visible()
    assert page.locator(".cl-explorer tbody tr").count() == 4
    context.close()


@pytest.mark.slow
def test_no_other_page_loads_the_script(site, pages):
    loading = [name for name in pages if "explorer.js" in (site / f"{name}.html").read_text(encoding="utf-8")]
    assert loading == [PAGE]
