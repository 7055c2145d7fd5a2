"""The phase map to touch: its numbers, letters, regions and words are the core's; it answers to pointer and keyboard."""

import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from cl_book.figures import drawing
from cl_book.figures.phase_regions import IDLE, classify_gains, draw_panel
from cl_book.pages.interactive import read_first_settings
from cl_book.pages.phase_map import POINT, SETTINGS, SLIDERS, compute_outcomes, make_axes, write_markup

from cl_core.linear.blocks import TwoBlocks
from cl_core.linear.phase import gain_lines, old_error

TOP = Path(__file__).resolve().parents[3]
PAGE = "book/phase-map"
DEFAULTS = read_first_settings(SLIDERS)
PLACES = {one.name: one.value for one in SLIDERS}


def settings(**changed):
    return {**DEFAULTS, **changed}


SHAPES = [
    {},
    {"placed": 1.0},
    {"specific": 36, "placed": 0.6},
    {"specific": 23},
    {"parameters": 25, "noise": 0.0},
    {"parameters": 24, "specific": 23, "noise": 0.0, "placed": 1.0},
    {"parameters": 20, "specific": 19, "samples": 150, "noise": 2.0},
    {"parameters": 200, "specific": 1, "samples": 2, "placed": 0.35},
    {"specific": 12, "noise": 1.0, "placed": 0.2},
]
CASES = [
    settings(**shape, distance=distance, left=left)
    for shape, distance, left in itertools.product(SHAPES, (0.01, 0.2, 10.0), (0.001, 0.05, 1.0))
]


def core(values):
    """Everything that the script computes of these settings, in its order: three answers by three measures, gains, lines."""
    found = compute_outcomes(**values)
    blocks = TwoBlocks(values["parameters"] - values["specific"], values["specific"])
    shared, own = old_error(blocks, 1 - values["left"])
    with np.errstate(invalid="ignore"):
        gain, idle = found.gain(), found.idle_gain()
        lines = gain_lines(
            blocks,
            values["samples"],
            placed=values["placed"],
            error_shared=shared,
            error_specific=own,
            noise=values["noise"],
        )
    return np.array([*itertools.chain(*found), *gain, idle, *lines], dtype=float)


COMPUTED = """(values) => {
  const found = clPhaseMap.compare(values), gain = clPhaseMap.gains(found), line = clPhaseMap.gainLines(values);
  const measures = ["forgetting", "newLoss", "meanLoss"];
  const answers = ["frozen", "initialized", "unchanged"].map((name) => measures.map((measure) => found[name][measure]));
  const lines = ["atZero", ...measures].map((name) => line[name]);
  return JSON.stringify([...answers.flat(), ...measures.map((name) => gain[name]), gain.idle, ...lines].map(String));
}"""


def numbers(page, values):
    told = page.evaluate(COMPUTED, values)
    return np.array([float(value) for value in json.loads(told)])


def test_it_opens_with_the_settings_of_chapter_4():
    cells = json.loads((TOP / "notebooks/04-small-distances.ipynb").read_text(encoding="utf-8"))["cells"]
    given = "".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code"))
    chapter = dict(re.findall(r"^(\w+): \w+ = (\S+)", given, re.MULTILINE))
    for name, word in {"parameters": "capacity", "specific": "few", "samples": "samples", "noise": "noise"}.items():
        assert DEFAULTS[name] == float(chapter[word])


def test_what_stands_in_the_page_is_the_core_s():
    shown = [float(words.replace("−", "-")) for words in re.findall(r"<td>(.*?)</td>", write_markup())]
    assert shown == pytest.approx(core(settings())[:9], abs=6e-4)


def test_the_static_picture_has_the_letters_of_the_map():
    words = re.findall(r">([^<>]+)</text>", write_markup())
    assert [word for word in words if word in {letters for letters, _ in drawn_letters(settings())}]


def test_the_ranges_of_the_sliders_fit_the_core():
    for end in ("low", "high"):
        values = {one.name: one.setting(getattr(one, end)) for one in SLIDERS}
        compute_outcomes(**{**values, "specific": min(values["specific"], values["parameters"] - 1)})
    for one in SLIDERS:
        assert one.low <= one.value <= one.high
        assert (one.value - one.low) / one.step == pytest.approx(round((one.value - one.low) / one.step))


def drawn_letters(values):
    """The words that chapter 4's picture of these settings carries, each with its place on the map."""
    from matplotlib import pyplot as plt

    drawing.style()
    _, axes = plt.subplots()
    far, left = make_axes()
    with np.errstate(invalid="ignore"):
        found = compute_outcomes(**{**values, "distance": far, "left": left[:, None]})
        gain, idle = found.gain(), found.idle_gain()
    draw_panel(axes, far, left, forgetting=gain.forgetting, mean_loss=gain.mean_loss, idle=idle)
    words = [(text.get_text(), text.get_position()) for text in axes.texts]
    plt.close()
    return words


@pytest.fixture
def page(touched):
    return touched(PAGE)


@pytest.mark.slow
def test_every_number_is_the_core_s(page):
    for values in CASES:
        np.testing.assert_allclose(numbers(page, values), core(values), rtol=1e-9, atol=1e-9, err_msg=str(values))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["noise", "placed", "distance", "left"])
def test_a_wrong_formula_would_be_seen(page, name):
    values = settings(placed=0.5)
    planted = core({**values, name: values[name] * (1 + 1e-6)})
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(numbers(page, values), planted, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_the_letters_stand_where_chapter_4_puts_them(page):
    for shape in SHAPES:
        told = page.evaluate("(values) => clPhaseMap.letters(values)", settings(**shape))
        found = {each["word"]: (each["distance"], each["left"]) for each in told if "peak" not in each["word"]}
        expected = {
            word: tuple(math.log10(value) for value in place) for word, place in drawn_letters(settings(**shape))
        }
        assert found.keys() == expected.keys(), shape
        for word, place in expected.items():
            assert found[word] == pytest.approx(place, abs=1e-9), (shape, word)


INSIDE = """([name, points]) => {
  const frame = document.querySelector(".cl-live clipPath rect"), at = (key) => Number(frame.getAttribute(key));
  const path = document.querySelector(`.cl-region-${name}`);
  return points.map(([across, up]) =>
    path.isPointInFill(new DOMPoint(at("x") + across * at("width"), at("y") + up * at("height"))));
}"""


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_the_regions_lie_where_the_core_has_them(page, put, shape):
    put(page, **shape)
    far, left = make_axes()
    with np.errstate(invalid="ignore"):
        found = compute_outcomes(**{**settings(**shape), "distance": far, "left": left[:, None]})
        gain, idle = found.gain(), found.idle_gain()
    known = classify_gains(gain.forgetting, gain.mean_loss) >= 0
    columns, rows = np.meshgrid(np.linspace(0, 1, len(far)), np.linspace(1, 0, len(left)))
    for name, values in {"forgetting": gain.forgetting, "meanLoss": gain.mean_loss, "idle": idle}.items():
        positive = (values > 0) & (known if name != "idle" else True)
        # A point beside a boundary may fall on either side of a curve that is drawn with corners.
        calm = np.ones_like(positive)
        for axis, step in itertools.product((0, 1), (-1, 1)):
            calm &= np.roll(positive, step, axis) == positive
        calm[[0, -1]] = calm[:, [0, -1]] = False
        drawn = page.evaluate(INSIDE, [name, np.stack([columns[calm], rows[calm]], axis=1).tolist()])
        assert drawn == positive[calm].tolist(), name


@pytest.mark.slow
def test_the_sentence_says_what_the_core_says(page):
    gaining = (
        "gains in neither measure",
        "gains in forgetting, not in mean loss",
        "gains in mean loss, not in forgetting",
        "gains in forgetting and in mean loss",
    )
    said_of = set()
    for values in CASES:
        said = page.evaluate("(values) => clPhaseMap.sentence(values)", values)
        found = compute_outcomes(**values)
        gain, (_, slope, _, slope_of_mean) = found.gain(), core(values)[-4:]
        code = int(classify_gains(gain.forgetting, gain.mean_loss))
        said_of.add(code)
        assert ("no update has the least mean loss" in said) == bool(found.idle_gain() > 0)
        if code < 0:
            assert "infinite" in said
            for name in ("frozen", "initialized"):
                infinite = not np.isfinite(getattr(found, name).mean_loss)
                assert (name in said.partition(" training is infinite")[0]) == infinite
        else:
            assert gaining[code] in said
            assert f"forgetting {trend(slope)}" in said
            assert f"mean loss {trend(slope_of_mean)}" in said
    assert said_of == {-1, 0, 1, 2, 3}


def trend(slope):
    return {-1: "grows", 0: "stays the same", 1: "shrinks"}[int(np.sign(slope))]


@pytest.mark.slow
def test_every_slider_answers_to_the_keyboard(page):
    for one in SLIDERS:
        name = f"#cl-map-{one.name}"
        page.focus(name)
        before = page.inner_html(".cl-live")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        assert float(page.input_value(name)) == pytest.approx(one.value + 4 * one.step)
        shown = page.inner_text(f"output[for='{name[1:]}']")
        assert float(shown) == pytest.approx(one.setting(one.value + 4 * one.step), rel=0.05)
        assert page.get_attribute(name, "aria-valuetext") == shown
        assert page.inner_html(".cl-live") != before, one.name
    now = {one.name: one.setting(one.value + 4 * one.step) for one in SLIDERS}
    cells = page.locator(".cl-phase-map tbody td").all_inner_texts()
    assert [float(cell.replace("−", "-")) for cell in cells] == pytest.approx(core(now)[:9], abs=6e-4)
    page.click(".cl-sliders button")
    assert {one.name: float(page.input_value(f"[name={one.name}]")) for one in SLIDERS} == PLACES


@pytest.mark.slow
def test_a_click_moves_the_point(page):
    page.locator(".cl-live").scroll_into_view_if_needed()
    frame = page.locator(".cl-live svg > rect").first.bounding_box()
    across, up = 0.75, 0.2
    before = page.inner_text(".cl-said")
    page.mouse.click(frame["x"] + across * frame["width"], frame["y"] + (1 - up) * frame["height"])
    far, left = POINT
    assert float(page.input_value("[name=distance]")) == pytest.approx(
        far.low + across * (far.high - far.low), abs=far.step
    )
    assert float(page.input_value("[name=left]")) == pytest.approx(
        left.high + up * (left.low - left.high), abs=left.step
    )
    assert page.inner_text(".cl-said") != before
    ring = page.locator(".cl-live svg > circle").first.bounding_box()
    middle = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    aimed = frame["x"] + across * frame["width"], frame["y"] + (1 - up) * frame["height"]
    assert middle == pytest.approx(aimed, abs=8)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_words_stay_in_the_frame_and_colour_is_not_alone(page, put, width):
    page.set_viewport_size({"width": width, "height": 844})
    for shape in SHAPES:
        put(page, **{**{one.name: one.value for one in SETTINGS}, **shape})
        assert "NaN" not in page.inner_html(".cl-live")
        for name in ("forgetting", "meanLoss"):
            path = page.get_attribute(f".cl-region-{name}", "d")
            hatched = page.get_attribute(f"[fill='url(#cl-hatch-{name})']", "d")
            assert hatched == path
        frame = page.locator(".cl-live svg > rect").first.bounding_box()
        boxes = page.locator(".cl-letters").all()
        assert boxes
        for box in (each.bounding_box() for each in boxes):
            assert frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"]


@pytest.mark.slow
def test_a_region_that_no_update_wins_is_marked(page, put):
    put(page, noise=2)
    assert any(IDLE in word for word in page.locator(".cl-letters").all_text_contents())


@pytest.mark.slow
def test_without_scripts_there_is_a_picture_and_no_dead_slider(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / f"{PAGE}.html").as_uri(), wait_until="load")
    assert page.locator(".cl-static svg:visible").count() == 1
    assert not page.locator(".cl-sliders").first.is_visible()
    assert not page.locator(".cl-sliders").last.is_visible()
    assert page.locator(".cl-phase-map tbody tr").count() == 3
    context.close()


@pytest.mark.slow
def test_no_other_page_loads_the_scripts(site, pages):
    loading = {
        script: [name for name in pages if script in (site / f"{name}.html").read_text(encoding="utf-8")]
        for script in ("phase-map.js", "touch.js", "step.js")
    }
    assert loading == {
        "phase-map.js": [PAGE],
        "touch.js": ["book/explorer", PAGE],
        "step.js": ["book/explorer", PAGE],
    }
