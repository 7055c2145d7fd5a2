"""A figure for a phone is made of the drawn one: narrow, its panels below one another, its letters large, none on another."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from cl_book.figures.drawing import style, to_svgs
from cl_book.figures.narrow import NARROW, make_narrow
from matplotlib.figure import Figure
from matplotlib.text import Text
from support import phone


@pytest.fixture(autouse=True)
def look():
    with mpl.rc_context():
        style()
        yield


def side_by_side(**options):
    figure = Figure(figsize=(6.4, 3.2))
    for number, axes in enumerate(figure.subplots(1, 3, **options)):
        axes.plot([0, 1, 2], [number, 2, 1], label="a line with a long name")
        axes.plot([0, 1, 2], [1, number, 2], label="another with a long name")
        axes.set(title=f"panel {number}", xlabel="time", ylim=(-0.2, 2.2), xticks=[0, 1, 2], yticks=[0, 1, 2])
    figure.axes[0].set_ylabel("height")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def make(figure):
    figure.draw_without_rendering()
    make_narrow(figure)
    figure.draw_without_rendering()
    return figure


def shown(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def overlapping(figure):
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown(figure)]
    return [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.padded(-2).overlaps(other)]


def test_panels_stand_below_one_another_as_high_as_they_were():
    figure = side_by_side()
    figure.draw_without_rendering()
    before = [axes.get_position().height * figure.get_figheight() for axes in figure.axes]
    make(figure)
    assert figure.get_figwidth() == NARROW
    boxes = [axes.get_position() for axes in figure.axes]
    assert all(above.y0 > below.y1 for above, below in itertools.pairwise(boxes))
    assert len({round(box.x0, 6) for box in boxes}) == 1
    after = [box.height * figure.get_figheight() for box in boxes]
    assert after == pytest.approx(before, rel=0.15)


def test_words_are_whole_and_none_lies_on_another():
    figure = side_by_side()
    figure.axes[0].set_title("more than two words")
    one = Figure(figsize=(6.4, 3.0))
    words = "a title of so many words that a phone has no room for them in a line"
    one.subplots().set(title=words, xlabel=words, ylabel=words[:30], xticks=[0, 1], yticks=[0, 1])
    for each in (make(figure), make(one)):
        assert overlapping(each) == []
        assert all(text.get_window_extent().x1 <= each.bbox.x1 + 1 for text in shown(each))
    broken = one.axes[0].xaxis.label.get_text()
    assert "\n" in broken
    assert broken.replace("\n", " ") == words


def test_what_panels_shared_each_has_then():
    figure = make(side_by_side(sharey=True))
    assert [axes.get_ylabel() for axes in figure.axes] == ["height"] * 3
    assert all(axes.yaxis.get_tick_params()["labelleft"] for axes in figure.axes)


@pytest.mark.parametrize("names", ["abc", "abcd"])
def test_square_panels_stand_two_a_row_and_what_spans_them_spans_them_still(names):
    figure = Figure(figsize=(6.4, 3.0))
    panels = figure.subplot_mosaic([list(names), ["key"] * len(names)], height_ratios=[1, 0.1])
    for name in names:
        panels[name].set(aspect="equal", xlim=(0, 1), ylim=(0, 1))
    make(figure)
    a, b, c, key = (panels[name].get_position() for name in ("a", "b", "c", "key"))
    assert a.y0 == pytest.approx(b.y0)
    assert a.x1 < b.x0
    assert c.y1 < a.y0
    assert key.x0 < b.x0 < b.x1 - 0.01 < key.x1
    assert a.width * NARROW > 1.5


def test_slanted_words_are_set_level_where_there_is_room_and_numbers_that_touch_are_thinned_out():
    figure = Figure(figsize=(6.4, 3.0))
    left, right = figure.subplots(1, 2)
    left.bar(range(4), [1, 2, 3, 4])
    left.set_xticks(range(4), ["drift", "repair", "variance", "forgetting"], rotation=60, ha="right")
    right.plot(range(12), range(12))
    right.set_xticks(range(12), [f"{number}000000" for number in range(12)])
    make(figure)
    assert {label.get_rotation() for label in left.get_xticklabels()} == {0}
    kept = [label.get_text() for label in right.get_xticklabels() if label.get_text()]
    assert kept[0] == "0000000"
    assert 2 < len(kept) < 12
    assert overlapping(figure) == []


def test_a_legend_takes_as_many_columns_as_fit_and_keeps_its_handles_and_its_side():
    figure = Figure(figsize=(6.4, 3.0))
    axes = figure.subplots()
    for number in range(4):
        axes.errorbar([0, 1], [number, 1], [0.1, 0.1], marker="s", label=f"a method with a long name, {number}")
    figure.legend(loc="outside lower center", ncols=4)
    make(figure)
    (legend,) = figure.legends
    assert legend.get_window_extent().width <= figure.bbox.width
    assert [text.get_text()[-1] for text in legend.get_texts()] == list("0123")
    assert legend.get_window_extent().y1 < axes.get_window_extent().y0


def test_words_in_a_panel_move_back_and_a_title_gives_way():
    figure = Figure(figsize=(6.4, 3.0))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    text = axes.annotate("words of some length that begin far right", (0.7, 0.5))
    axes.annotate("above the frame", (0.4, 1.0), xytext=(0, 12), textcoords="offset points")
    axes.set(title="a title that is long enough", xticks=[0, 1], yticks=[0, 1])
    make(figure)
    assert text.get_window_extent().x1 <= axes.get_window_extent().x1 + 0.15 * figure.bbox.width
    assert overlapping(figure) == []


def test_no_letter_of_a_narrow_drawing_is_below_eleven_pixels_on_a_phone():
    figure = side_by_side()
    figure.axes[0].text(0.1, 1.0, "small", fontsize=7)
    figure.axes[1].tick_params(labelsize=6)
    wide, narrow = to_svgs(figure, name="three", alt="three panels")
    assert narrow.count("<text") > 10
    assert phone.measure_letters(narrow) >= phone.LEAST > phone.measure_letters(wide)
    assert 'data-figure="three-narrow"' in narrow


def test_a_figure_without_panels_to_stack_keeps_its_height():
    figure = Figure(figsize=(6.4, 3.0))
    axes = figure.subplots()
    axes.plot(np.arange(5))
    figure.draw_without_rendering()
    before = axes.get_position().height * figure.get_figheight()
    make(figure)
    assert axes.get_position().height * figure.get_figheight() == pytest.approx(before, rel=0.03)
