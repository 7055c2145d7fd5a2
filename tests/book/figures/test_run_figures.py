"""Figures of runs: what they draw is what the results hold, in words and in numbers too."""

from dataclasses import replace

import numpy as np
import pytest
from cl_book.figures import run_figures
from cl_book.figures.drawing import PALETTE
from matplotlib import pyplot as plt

from cl_core.experiments.store import accuracies

DRAWS = run_figures


@pytest.fixture
def runs(make_result):
    return {
        "initialized": make_result(strategy="initialized", update_norms=((3.0, 4.0), (0.0, 2.0), (6.0, 8.0))),
        "frozen": make_result(correct=((9, None, None), (9, 10, None), (9, 10, 8))),
    }


def test_colour_begins_at_chance_and_ends_at_one():
    assert run_figures.choose_opacity(0.5, 0.5) == 0
    assert run_figures.choose_opacity(0.2, 0.5) == 0
    assert run_figures.choose_opacity(1.0, 0.5) == run_figures.DEEPEST
    assert run_figures.choose_opacity(0.75, 0.5) == pytest.approx(run_figures.DEEPEST / 2)


def test_a_heat_map_has_a_cell_for_every_known_accuracy():
    figure, axes = plt.subplots()
    a = np.where(np.tri(4, dtype=bool), np.linspace(0.5, 1, 16).reshape(4, 4), np.nan)
    run_figures.draw_matrix(axes, a, chance=0.5)
    cells = {(patch.get_x(), patch.get_y()): patch.get_alpha() for patch in axes.patches}
    assert set(cells) == {(k, t) for t in range(4) for k in range(t + 1)}
    assert cells[2, 3] == pytest.approx(run_figures.choose_opacity(a[3, 2], 0.5))
    assert sorted(text.get_text() for text in axes.texts) == sorted(f"{100 * v:.0f}" for v in a[np.tri(4, dtype=bool)])
    plt.close(figure)


def test_many_tasks_are_told_by_colour_alone():
    figure, axes = plt.subplots()
    run_figures.draw_matrix(axes, np.where(np.tri(10, dtype=bool), 0.8, np.nan), chance=0.5)
    assert len(axes.patches) == 55
    assert not axes.texts
    plt.close(figure)


def test_matrices_say_their_ends(shown, runs):
    run_figures.show_matrices(runs, name="test")
    assert "frozen: 80 % to 100 % right after a task was learned, 80 % to 100 % in the end" in shown[0]["alt"]
    assert "initialized: 80 % to 100 % right after a task was learned, 60 % to 90 % in the end" in shown[0]["alt"]
    data = shown[0]["data"]["initialized, per cent on task"]
    assert np.array_equal(data, 100 * accuracies(runs["initialized"]), equal_nan=True)


def test_the_course_is_drawn_as_it_is_told(shown, runs):
    run_figures.show_curves(runs, name="test")
    left, right = shown[0]["figure"].axes
    drawn = {line.get_label(): line.get_ydata() for line in left.lines}
    assert drawn["frozen"] == pytest.approx([90, 95, 90])
    assert shown[0]["data"]["accuracy so far, frozen"] == pytest.approx([90, 95, 90])
    forgotten = next(line for line in right.lines if line.get_label() == "initialized")
    assert forgotten.get_ydata() == pytest.approx([np.nan, 10, 20], nan_ok=True)
    assert "initialized: accuracy from 90 to 77 %, forgetting 20.0 points at the end, 20.0 at most" in shown[0]["alt"]


def test_scores_show_threshold_halves_and_blocks(shown, make_result):
    two_level = make_result(strategy="two-level")
    run_figures.show_scores(two_level, name="test")
    threshold = two_level.config["threshold"]
    upper, lower = shown[0]["figure"].axes
    assert any(set(line.get_ydata()) == {threshold} for line in upper.lines)
    assert [bar.get_height() for bar in lower.patches] == [2, 1, 1]
    assert "0.25, −0.50" in shown[0]["alt"]
    assert f"the threshold is {threshold:g}" in shown[0]["alt"]
    assert "lie 0.20 apart" in shown[0]["alt"]
    assert shown[0]["data"]["score of second half"].tolist()[1:] == [0.3, -0.6]


def test_updates_hold_length_and_share(shown, runs):
    run_figures.show_updates(runs, name="test")
    data = shown[0]["data"]
    assert data["length, initialized"].tolist() == [5.0, 2.0, 10.0]
    assert data["relative, frozen"] == pytest.approx([0.0, 0.08])
    assert "initialized: 6.00 on average after the first task" in shown[0]["alt"]


def test_learned_and_kept_are_told_apart(shown, runs):
    run_figures.show_learned_and_kept(runs, name="test")
    assert "initialized: learned 90 %, kept 77 %; frozen: learned 90 %, kept 90 %" in shown[0]["alt"]
    assert shown[0]["data"]["chance"].tolist() == [50, 50]


def test_strategies_differ_in_more_than_colour():
    looks = [run_figures.choose_look(strategy) for strategy in run_figures.ORDER]
    for key in ("color", "linestyle", "marker"):
        assert len({str(look[key]) for look in looks}) == len(looks)
    assert {look["color"] for look in looks} <= set(PALETTE)


def test_several_runs_of_a_strategy_are_drawn_as_their_mean(make_result):
    better = make_result(correct=((9, None, None), (9, 10, None), (9, 10, 8)))
    groups = {"frozen": [make_result(), better], "frozen-0": [better]}
    picture = run_figures.draw_curves(groups)
    left, _ = picture.figure.axes
    mean = next(line for line in left.lines if line.get_label() == "frozen")
    assert mean.get_ydata() == pytest.approx([90, 92.5, 83.333], abs=1e-2)
    assert len(left.lines) == 4, "two seeds and their mean, and one run alone"
    assert picture.finding == "Points forgotten after 3 tasks: frozen 10.0, no update 0.0."
    matrices = run_figures.draw_matrices(groups)
    assert matrices.data["frozen, per cent on task"][2] == pytest.approx([75, 95, 80])
    assert "frozen 90 % and 83 %, no update 90 % and 90 %" in matrices.finding
    plt.close("all")


def test_digits_are_named_in_a_title_and_no_other_images(make_result):
    real = make_result()
    assert run_figures.name_stand_in(real) == ""
    assert run_figures.name_stand_in(replace(real, data={**real.data, "name": "digits"})) == "digits\n"
