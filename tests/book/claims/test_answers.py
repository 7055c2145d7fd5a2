"""The answers of the first page: differences of stored runs, on the seeds of the claim that stands beside them."""

import pytest
from cl_book.claims.answers import QUESTIONS, Answer, answer, count_by_measure, count_sides
from cl_book.claims.arms import Arm
from cl_book.claims.statistics import Interval
from support.made_results import official_images

from cl_core.runs.result_set import read_results

PAIR = (Arm("frozen"), Arm("initialized"))


@pytest.mark.parametrize(
    ("low", "high", "measure", "side"),
    [
        (1, 3, "avg_acc", "better"),
        (-3, -1, "avg_acc", "worse"),
        (-1, 3, "avg_acc", "open"),
        (1, 3, "forgetting", "worse"),
        (-3, -1, "forgetting", "better"),
        (-1, 3, "forgetting", "open"),
    ],
)
def test_more_accuracy_and_less_forgetting_is_better(low, high, measure, side):
    interval = Interval(mean=(low + high) / 2, spread=1.0, low=low, high=high, seeds=5)
    assert Answer("split-cifar100", PAIR, measure, interval, None).side == side


def test_what_was_not_run_is_counted_apart():
    missing = Answer("split-cifar100", PAIR, "avg_acc", None, None)
    assert count_sides([missing, None, missing]) == {"better": 0, "worse": 0, "open": 0, "not run": 2}


def test_differences_are_those_of_the_stored_runs():
    results = read_results()
    rows = answer(QUESTIONS["frozen"], results, ())
    first = rows["split-cifar100"][0]
    frozen, initialized = (
        {run.seed: run for run in results.find("split-cifar100", strategy, "cpu")}
        for strategy in ("frozen", "initialized")
    )
    both = sorted(set(frozen) & set(initialized))
    from cl_core.experiments.store import metric

    mean = sum(100 * (metric(frozen[s], "avg_acc") - metric(initialized[s], "avg_acc")) for s in both) / len(both)
    assert first.interval.seeds == len(both)
    assert first.interval.mean == pytest.approx(mean)
    assert rows["permuted-mnist"][2] is None
    assert {len(row) for row in rows.values()} == {6}


def test_a_seed_whose_sides_are_on_different_images_tells_no_difference(keep_all, keep):
    keep_all("split-cifar100", range(3), {"frozen": {"task_acc": 61.0}, "initialized": {}})
    keep("split-cifar100", "frozen", 3, task_acc=90.0)
    keep("split-cifar100", "initialized", 3, data=official_images("cifar100"))
    interval = answer(QUESTIONS["frozen"], read_results(), ())["split-cifar100"][0].interval
    assert (interval.seeds, interval.mean) == (3, pytest.approx(1.0))


def test_averaging_is_held_against_every_side_of_its_family_and_counted_by_accuracy_alone():
    rows = answer(QUESTIONS["averaged"], read_results(), ())
    assert {len(row) for row in rows.values()} == {7}
    assert [cell.pair[1] for cell in rows["split-cifar10"]] == [
        Arm("initialized"),
        Arm("frozen"),
        Arm("frozen", ("trained=3",)),
        Arm("frozen", ("trained=5",)),
        Arm("adaptive"),
        Arm("frozen-0"),
        Arm("slower", ("rate_factor=0.03",)),
    ]
    assert list(count_by_measure(QUESTIONS["averaged"], rows.values())) == ["avg_acc"]
