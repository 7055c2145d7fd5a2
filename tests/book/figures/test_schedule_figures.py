"""All schedules beside one another: how one is named, where it ranks, and that the tree of runs gives each its own bits."""

import pytest
from cl_book.figures import schedule_figures
from cl_book.figures.drawing import style
from cl_book.notebooks.notebook_run import NotebookRun
from matplotlib import pyplot as plt

VALUES = {"mm": 3.0, "mf": 2.0, "fm": 3.0, "ff": 1.0}


def test_a_schedule_is_named_by_what_moved(make_result):
    config = dict(make_result(strategy="two-level").config)
    many, few = config["many"], config["few"]
    assert schedule_figures.read_schedule(make_result(strategy="two-level", magnitudes=(many, many, few))) == "mf"


def test_ranks_count_from_the_largest_and_ties_are_said():
    assert schedule_figures.find_ranks(VALUES, "mf") == (3, 3)
    assert schedule_figures.find_ranks(VALUES, "fm") == (1, 2)
    assert schedule_figures.find_ranks(VALUES, "ff") == (4, 4)


def test_equals_move_many_as_often():
    assert schedule_figures.select_as_often(VALUES, "mf") == {"mf": 2.0, "fm": 3.0}
    assert schedule_figures.select_as_often(VALUES, "ff") == {"ff": 1.0}


def test_the_chosen_one_is_marked(monkeypatch, make_result):
    style()
    calls = []
    monkeypatch.setattr(schedule_figures, "show", lambda figure, **rest: calls.append({"figure": figure, **rest}))
    better = make_result(correct=((9, None, None), (9, 10, None), (9, 10, 8)))
    schedule_figures.show_schedules({"mf": make_result(), "fm": better, "ff": make_result()}, "fm", name="test")
    every, star = calls[0]["figure"].axes[0].lines
    assert every.get_xdata().tolist() == [1, 1, 0]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (1, pytest.approx(90))
    assert calls[0]["data"]["Forgetting"] == pytest.approx([20, 0, 20])
    assert "the rule chose fm" in calls[0]["alt"]
    assert "Avg.Acc from 76.7 to 90.0, 90.0 for the chosen one" in calls[0]["alt"]
    plt.close("all")


FAST = {"epochs": 1, "width": 2, "gradient_samples": 16, "head_warmup_steps": 2}


def test_the_tree_gives_each_schedule_the_bits_of_its_own_run():
    live = NotebookRun(experiment="permuted-mnist-4", seed=100, settings={**FAST, "tasks": 3})
    every = live.run_schedules()
    assert set(every) == {"mm", "mf", "fm", "ff"}
    assert every["mf"].outcome == live.run("fixed", moves="mf").outcome
    assert len({result.outcome for result in every.values()}) == 4


@pytest.mark.parametrize("tasks", [1, 10])
def test_no_tree_and_too_large_a_one_are_refused(tasks):
    live = NotebookRun(experiment="permuted-mnist", seed=100, settings={**FAST, "tasks": tasks})
    with pytest.raises(ValueError, match="at most 128"):
        live.run_schedules()
