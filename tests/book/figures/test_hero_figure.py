"""Every method in one figure: a mark and a label each, and labels that do not cover one another."""

import itertools

import pytest
from cl_book.figures.drawing import to_svg
from cl_book.figures.hero_figure import draw_hero, list_marks
from matplotlib import pyplot as plt
from matplotlib.text import Annotation

from cl_core.runs.result_set import read_results


@pytest.fixture(scope="module")
def picture():
    drawn = draw_hero("split-cifar100", read_results())
    yield drawn
    plt.close(drawn.figure)


@pytest.mark.slow
def test_every_method_has_a_mark_of_its_own_and_its_numbers(picture):
    marks = list_marks("split-cifar100", read_results())
    assert {"initialized", "frozen", "frozen-0", "adaptive", "averaged"} <= {mark.strategy for mark in marks}
    svg = to_svg(picture.figure, name="hero", alt=picture.alt)
    assert [f'id="hero-method-{number}"' in svg for number in range(len(marks))] == [True] * len(marks)
    assert list(picture.data["forgetting mean"]) == [mark.forgetting.mean for mark in marks]
    assert all(mark.describe() in picture.alt for mark in marks)


def test_no_label_covers_another(picture):
    (axes,) = picture.figure.axes
    renderer = picture.figure.canvas.get_renderer()
    labels = [each for each in axes.texts if isinstance(each, Annotation) and not each.get_text().isdigit()]
    assert len(labels) == len(picture.data["method"])
    boxes = [label.get_window_extent(renderer) for label in labels]
    assert not [True for one, other in itertools.combinations(boxes, 2) if one.overlaps(other)]


def test_a_stream_without_runs_has_no_figure():
    assert draw_hero("split-cub200", read_results()) is None
