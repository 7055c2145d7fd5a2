"""A comparison along a setting, and accuracy by age: what is drawn is what the results hold."""

import numpy as np
import pytest
from cl_book.figures import trend_figures

DRAWS = trend_figures


@pytest.fixture
def by_setting(make_result):
    kept = ((9, None, None), (9, 10, None), (9, 10, 8))
    return {
        0.0: {"initialized": make_result(), "frozen": make_result(correct=kept)},
        1.0: {
            "initialized": make_result(scores=(None, 0.25, 0.5), split_half=(None, 0.9, 0.75)),
            "frozen": make_result(),
        },
    }


def test_gains_are_frozen_minus_initialized(by_setting):
    assert trend_figures.compute_gains(by_setting, "forgetting") == pytest.approx([-20, 0])
    assert trend_figures.compute_gains(by_setting, "avg_acc") == pytest.approx([40 / 3, 0])
    assert trend_figures.compute_gains(by_setting, "avg_acc", one="initialized", other="frozen") == pytest.approx(
        [-40 / 3, 0]
    )


def test_the_second_task_is_left_out_of_the_mean_score(by_setting):
    scores, halves = trend_figures.compute_mean_scores(by_setting, "initialized")
    assert scores == pytest.approx([-0.5, 0.5])
    assert halves == pytest.approx([0.8, 0.75])


def test_gains_are_drawn_as_they_are_told(shown, by_setting):
    trend_figures.show_gains(by_setting, "overlap", name="test")
    drawn = {line.get_label(): line for line in shown[0]["figure"].axes[0].lines}
    assert drawn["Forgetting"].get_xdata().tolist() == [0, 1]
    assert drawn["Forgetting"].get_ydata() == pytest.approx([-20, 0])
    assert "at overlap 0, 1" in shown[0]["alt"]
    assert "Forgetting: −20.0, 0.0" in shown[0]["alt"]


def test_mean_scores_are_drawn_as_they_are_told(shown, by_setting):
    trend_figures.show_mean_scores(by_setting, "severity", name="test")
    assert "Mean score along severity 0, 1: −0.50, 0.50; mean split-half value: 0.80, 0.75" in shown[0]["alt"]
    assert shown[0]["data"]["score"] == pytest.approx([-0.5, 0.5])


def test_retention_begins_with_what_was_learned(shown, make_result):
    trend_figures.show_retention({"initialized": make_result()}, name="test")
    (axes,) = shown[0]["figure"].axes
    assert axes.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert axes.lines[0].get_ydata() == pytest.approx([90, 85, 60])
    assert np.array_equal(shown[0]["data"]["tasks since"], [0, 1, 2])
    assert "initialized: 90 % at once, 85 % one task later" in shown[0]["alt"]


def test_the_finding_follows_single_tasks(make_result):
    picture = trend_figures.draw_retention({"initialized": (make_result(),)})
    assert picture.finding.endswith(
        "1 or more tasks later; means over the tasks that became old: initialized 10 and 5."
    )
