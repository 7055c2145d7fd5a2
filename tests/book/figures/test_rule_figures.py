"""What the two-level rule chose, all seeds: letters, scores and ranks are those of the runs."""

import numpy as np
import pytest
from cl_book.figures.drawing import PALETTE
from cl_book.figures.inside import INSIDE
from cl_book.figures.rule_figures import draw_every_schedule, draw_strips
from cl_book.figures.run_figures import DEEPEST
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from support.made_results import official_images

from cl_core.experiments import controls
from cl_core.runs.result_set import read_results

SCORES = (None, -0.2, 0.2, -0.1)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_strip_has_a_letter_and_a_score_for_every_task_of_every_seed(keep):
    for seed in (0, 3):
        keep("split-cifar100", "two-level", seed, magnitudes=(9, 9, 1, 9), scores=SCORES)
    picture = draw_strips("split-cifar100", read_results())
    assert picture.data["two-level, schedule"] == ["mmfm", "mmfm"]
    assert picture.data["two-level, score of task"][:, 1:].tolist() == [[-0.2, 0.2, -0.1]] * 2
    (panel,) = picture.figure.axes
    assert [text.get_text() for text in panel.texts] == list("mmfm") * 2
    cells = [(patch.get_xy(), to_hex(patch.get_facecolor()), patch.get_alpha()) for patch in panel.patches]
    below, above = PALETTE[1], PALETTE[0]
    # The threshold of a run is 0.08 here: -0.2 lies 0.28 below it, 0.2 lies 0.12 above, -0.1 lies 0.18 below.
    for row in (0, 1):
        expected = [(1, below, 1.0), (2, above, 0.12 / 0.28), (3, below, 0.18 / 0.28)]
        for (place, colour, depth), (task, side, share) in zip(cells[3 * row : 3 * row + 3], expected, strict=True):
            assert place == (task - 0.5, row - 0.5)
            assert colour == to_hex(side)
            assert depth == pytest.approx(DEEPEST * share)
    assert [label.get_text() for label in panel.get_yticklabels()] == ["0", "3"]
    assert "−0.10 and 0.20 (two-level)" in picture.finding, "task 4 follows few blocks, task 3 many"
    assert "random order" not in picture.finding.lower()


def test_the_random_order_is_explained_where_it_is_drawn(keep):
    chosen = (9, 9, 1, 9)
    keep("split-cifar100", "two-level", 0, magnitudes=chosen, scores=SCORES)
    dealt = controls.random(chosen, 0, controls.FREE_FROM)
    keep("split-cifar100", "two-level-random", 0, magnitudes=dealt, scores=SCORES)
    picture = draw_strips("split-cifar100", read_results())
    assert len(picture.figure.axes) == 2
    assert "In random order the magnitudes are dealt out by chance" in picture.finding
    assert "random order" not in INSIDE["strips"][1].lower()


def test_every_schedule_is_ranked_by_its_mean_and_the_rules_own_at_each_seed(keep):
    ends = {"mmm": 50, "mmf": 55, "mfm": 60, "mff": 65, "fmm": 70, "fmf": 75, "ffm": 80, "fff": 85}
    for moves, accuracy in ends.items():
        for seed in range(2):
            moved = (9, *(3 if letter == "m" else 1 for letter in moves))
            values = {"task_acc": accuracy - seed, "forgetting": 0.0, "magnitudes": moved}
            keep("permuted-mnist-4", f"fixed moves={moves}", seed, **values)
    paths = [keep("permuted-mnist-4", "two-level", seed, magnitudes=(9, 3, 1, 3)) for seed in range(2)]
    picture = draw_every_schedule("permuted-mnist-4", read_results())
    assert picture.data["schedule"] == sorted(ends, key=ends.get)
    assert picture.data["mean"] == pytest.approx([value - 0.5 for value in sorted(ends.values())])
    assert picture.finding == "Of 8 schedules the one that the rule chose has rank 6 (seed 0), 6 (seed 1)."
    (axes,) = picture.figure.axes
    stars = next(line for line in axes.lines if line.get_marker() == "*")
    assert np.array(stars.get_xdata()) == pytest.approx([60, 59])
    # On other images than the schedules at that seed the rule has no rank among them.
    paths[1].unlink()
    keep("permuted-mnist-4", "two-level", 1, magnitudes=(9, 3, 1, 3), data=official_images("mnist"))
    picture = draw_every_schedule("permuted-mnist-4", read_results())
    assert picture.finding.endswith("has rank 6 (seed 0).")


def test_without_runs_there_is_no_picture(checkout):
    assert draw_strips("split-cifar100", read_results()) is None
    assert draw_every_schedule("split-cifar10", read_results()) is None
