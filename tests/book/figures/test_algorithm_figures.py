"""Figures of Algorithm 1: what is drawn is what moved, and the scores of the tasks that came after."""

import pytest
from cl_book.figures.algorithm_figures import PATHS, draw_echo, draw_paths
from matplotlib import pyplot as plt

from cl_core.runs.result_set import read_results

HELD = (None, 0.5, 0.5, -0.5)
"""Scores that make Algorithm 1 move 9, 7, 5 and 7 blocks with the protocol's threshold and step."""


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_paths_are_the_blocks_that_moved_a_row_a_seed(keep):
    for seed in (0, 3):
        keep("split-cifar100", "adaptive", seed, magnitudes=(9, 7, 5, 7), scores=HELD)
    picture = draw_paths("split-cifar100", read_results())
    assert picture.data["threshold −0.1, as chosen"].T.tolist() == [[9, 7, 5, 7]] * 2
    panel, _ = picture.figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["0", "3"]
    assert "9.0, 7.0, 5.0, 7.0" in picture.alt
    alone = draw_paths("split-cifar100", read_results(), PATHS[:1])
    assert "9 blocks in the first task and 7.0 in the last, means over 2 seeds; 2 of them" in alone.finding


def test_the_echo_is_each_score_over_what_the_task_before_moved(keep):
    for seed, last in ((0, -0.5), (1, 0.4)):
        moved = (9, 7, 5, 7) if last < 0 else (9, 7, 5, 3)
        keep("split-cifar100", "adaptive threshold=0.08", seed, magnitudes=moved, scores=(None, 0.5, 0.1 + seed, last))
    picture = draw_echo("split-cifar100", read_results())
    title = "Algorithm 1, threshold 0.08"
    assert picture.data[f"{title}: blocks before"].tolist() == [5, 7]
    assert picture.data[f"{title}: mean score"] == pytest.approx([(-0.5 + 0.4) / 2, (0.1 + 1.1) / 2])
    (axes,) = picture.figure.axes
    assert sorted(axes.lines[0].get_ydata()) == pytest.approx([-0.5, 0.1, 0.4, 1.1])


def test_without_runs_there_is_no_picture(checkout):
    assert draw_paths("split-cifar100", read_results()) is None
    assert draw_echo("split-cifar100", read_results()) is None
