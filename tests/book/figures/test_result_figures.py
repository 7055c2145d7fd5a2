"""Figures of reference results: the arrays that they draw are the results' own, and what is not there is left out."""

import numpy as np
import pytest
from cl_book.claims.statistics import t_interval
from cl_book.figures.result_figures import draw_forgetting_by_distance, draw_gains_along
from matplotlib import pyplot as plt
from support.made_results import official_images

from cl_core.runs.result_set import read_results


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_forgetting_stands_over_the_measured_distance(keep_all):
    by_seed = {"frozen": lambda s: 8.0 + s, "frozen trained=2": lambda s: 15.0 + s, "initialized": lambda s: 30.0 - s}
    moved = {"frozen": 1.0, "frozen trained=2": 2.0, "initialized": 3.0}
    keep_all("split-cifar100", range(4), {arm: {"forgetting": by_seed[arm], "update": moved[arm]} for arm in by_seed})
    picture = draw_forgetting_by_distance("split-cifar100", read_results())
    expected = [t_interval([by_seed[arm](s) for s in range(4)]) for arm in by_seed]
    assert picture.data["number of blocks: forgetting"] == pytest.approx([each.mean for each in expected], abs=1e-3)
    assert picture.data["number of blocks: forgetting, low"] == pytest.approx([each.low for each in expected], abs=1e-2)
    assert picture.data["number of blocks: forgetting, seeds"] == [4, 4, 4]
    assert list(np.diff(picture.data["number of blocks: distance"]) > 0) == [True, True]
    above, _ = picture.figure.axes
    line = above.containers[0].lines[0]
    assert line.get_ydata() == pytest.approx(picture.data["number of blocks: forgetting"])
    assert line.get_xdata() == pytest.approx(picture.data["number of blocks: distance"])
    # Initialized training ends the line of step lengths too; nothing else of it is there.
    assert len(picture.data["step length: forgetting"]) == 1
    assert not any(key.startswith(("no update", "frozen's distance")) for key in picture.data)


def test_gains_are_paired_differences_along_the_setting(keep_all):
    arms = {
        "initialized overlap=0": {"forgetting": lambda s: 20.0 + s},
        "frozen overlap=0": {"forgetting": lambda s: 10.0 + s},
        "initialized": {"forgetting": 5.0},
        "frozen": {"forgetting": lambda s: 7.0 + s},
        "frozen overlap=1": {"forgetting": 1.0},
    }
    keep_all("correlated-cifar100", range(3), arms)
    picture = draw_gains_along("overlap", (0, 0.25, 0.5, 1), "correlated-cifar100", read_results())
    # A quarter was not run, and one has no partner.
    assert picture.data["overlap"] == [0, 0.5]
    assert picture.data["Forgetting"] == pytest.approx([-10.0, 3.0], abs=1e-3)
    # The seeds cancel where both sides have them.
    assert picture.data["Forgetting, low"][0] == pytest.approx(-10.0, abs=1e-3)
    assert picture.data["Forgetting, low"][1] == pytest.approx(t_interval([2.0, 3.0, 4.0]).low, abs=1e-2)
    assert "at overlap 0, 0.5. Forgetting −10.0, +3.0" in picture.alt


def test_without_runs_there_is_no_picture(checkout):
    assert draw_forgetting_by_distance("split-cifar100", read_results()) is None
    assert draw_gains_along("severity", (0, 4), "corrupted-cub50", read_results()) is None


def test_a_single_seed_gets_no_interval_and_no_point(keep):
    keep("split-cifar100", "initialized", 0)
    assert draw_forgetting_by_distance("split-cifar100", read_results()) is None


def test_a_seed_whose_sides_are_on_different_images_gives_no_gain(keep_all, keep):
    arms = ("frozen overlap=0.5", "initialized overlap=0.5")
    keep_all("correlated-cifar100", range(3), {arms[0]: {"forgetting": 10.0}, arms[1]: {}})
    keep("correlated-cifar100", arms[0], 3, forgetting=50.0)
    keep("correlated-cifar100", arms[1], 3, data=official_images("cifar100"))
    picture = draw_gains_along("overlap", (0.5,), "correlated-cifar100", read_results())
    assert picture.data["Forgetting"] == pytest.approx([-10.0], abs=1e-3)
