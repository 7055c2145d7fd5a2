"""The paper's width: what the page says of it holds in the stored runs, and the figure shows the seeds that all have."""

from dataclasses import replace

import pytest
from cl_book.claims.arms import Arm, run_of
from cl_book.figures.paper_size_figure import ARMS, draw_paper_size, list_values, rank
from matplotlib import pyplot as plt
from support.made_results import official_images

from cl_core.experiments.store import metric
from cl_core.runs.result_set import ResultSet, read_results

EXPERIMENT = "split-cifar100"


@pytest.fixture(scope="module")
def stored():
    values = list_values(EXPERIMENT, read_results())
    assert len(values["paper", "initialized", "avg_acc"]) == 3
    return values


def _above(values, one, other, measure="avg_acc"):
    pairs = zip(values["paper", one, measure], values["paper", other, measure], strict=True)
    return all(first > second for first, second in pairs)


def test_what_the_page_says_of_the_paper_s_width_holds_with_every_seed(stored):
    assert rank(stored, "paper", "avg_acc")[-2:] == ["initialized", "frozen, 3 moving"]
    assert rank(stored, "paper", "task_acc")[0] == rank(stored, "paper", "forgetting")[0] == "initialized"
    assert _above(stored, "frozen, 1 moving", "initialized")
    assert _above(stored, "adaptive", "initialized")
    assert _above(stored, "adaptive", "frozen, 1 moving")
    assert _above(stored, "initialized", "adaptive", "task_acc")
    assert all(_above(stored, "no update", other) for other in ARMS if other != "no update")
    assert _above(stored, "averaged", "initialized")
    assert _above(stored, "adaptive", "averaged")
    assert rank(stored, "cpu", "avg_acc")[0] == "averaged"


def test_the_rule_fixes_two_more_blocks_with_each_task_whatever_the_seed():
    results = read_results()
    for seed in range(3):
        run = results.get(run_of(EXPERIMENT, Arm("adaptive"), seed, "paper"))
        assert run.held == (0, 2, 4, 6, 8, 9, 9, 9, 9, 9)


def test_a_seed_that_one_strategy_lacks_is_drawn_of_none(stored):
    results = read_results()
    plan = run_of(EXPERIMENT, ARMS["averaged"], 1, "paper")
    kept = {name: run for name, run in results.current.items() if name != plan.name}
    less = ResultSet(kept, results.states)
    values = list_values(EXPERIMENT, less)
    assert {len(own) for (size, *_), own in values.items() if size == "paper"} == {2}
    assert values["cpu", "averaged", "avg_acc"] == stored["cpu", "averaged", "avg_acc"]
    assert values["paper", "adaptive", "avg_acc"] == stored["paper", "adaptive", "avg_acc"][::2]
    assert list_values(EXPERIMENT, ResultSet({}, {})) == {}
    elsewhere = replace(results.current[plan.name], data=official_images("cifar100"))
    mixed = ResultSet({**results.current, plan.name: elsewhere}, results.states)
    assert list_values(EXPERIMENT, mixed) == values, "on other images it is none of the seed's runs"


def test_the_figure_says_the_order_that_it_draws(stored):
    picture = draw_paper_size(EXPERIMENT, read_results())
    assert picture.finding.startswith("At the paper's width no update at ")
    mean = sum(stored["paper", "no update", "avg_acc"]) / 3
    assert f"no update at {mean:.1f} % ends highest" in picture.finding
    plt.close(picture.figure)


def test_the_runs_were_made_on_one_card_which_they_name():
    results = read_results()
    machines = {
        (run.recorded["machine"]["device"], run.recorded["machine"]["capability"])
        for run in results.current.values()
        if run.profile == "paper"
    }
    assert len(machines) == 1
    ((card, capability),) = machines
    assert card != "cpu"
    assert "TF32" in capability
    assert 0 < min(metric(run, "avg_acc") for run in results.current.values() if run.profile == "paper") < 1
