"""Whether reported measures fit each other: by hand, against matrices whose measures are known, and the paper's rows."""

import numpy as np
import pytest
from cl_book.claims.consistency import (
    ReportedRow,
    implied_forgetting,
    implied_task_accuracy,
    implied_tasks,
    most_tasks,
    reported_strategies,
)
from cl_book.claims.paper_table import reported_means
from hypothesis import given
from hypothesis import strategies as st

from cl_core import metrics

ROWS = {(row.experiment, row.strategy): row for row in reported_strategies()}


def test_by_hand():
    assert implied_task_accuracy(40.0, 30.0, 3) == pytest.approx(60)
    assert implied_forgetting(40.0, 60.0, 3) == pytest.approx(30)
    assert implied_tasks(40.0, 60.0, 30.0) == pytest.approx(3)


@given(st.integers(2, 8).flatmap(lambda m: st.lists(st.floats(0, 1), min_size=m * m, max_size=m * m)))
def test_every_matrix_fits_what_its_own_measures_imply(values):
    tasks = round(len(values) ** 0.5)
    a = np.where(np.tri(tasks, dtype=bool), 100 * np.reshape(values, (tasks, tasks)), np.nan)
    average, learned, lost = metrics.average_accuracy(a), metrics.task_accuracy(a), metrics.forgetting(a)
    assert implied_task_accuracy(average, lost, tasks) == pytest.approx(learned, abs=1e-9)
    assert implied_forgetting(average, learned, tasks) == pytest.approx(lost, abs=1e-9)
    if lost > 1e-3:
        assert implied_tasks(average, learned, lost) == pytest.approx(tasks, rel=1e-6)
        most = most_tasks(average, lost)
        assert most is None or most >= tasks or learned > 100 - 1e-9


@pytest.mark.parametrize(
    ("average", "lost", "most"),
    [(60.0, 40.0, None), (60.0, 30.0, None), (75.0, 50.0, 2), (75.0, 37.5, 3), (70.0, 40.0, 4), (70.0, 39.9, 4)],
)
def test_the_most_tasks_are_those_that_stay_within_a_hundred(average, lost, most):
    assert most_tasks(average, lost) == most


def test_what_no_number_of_tasks_fits():
    with pytest.raises(ValueError, match="impossible for any number"):
        most_tasks(90.0, 30.0)
    assert implied_tasks(60.0, 55.0, 10.0) is None
    assert implied_tasks(39.0, 60.7, 20.8) is None
    for function in (implied_task_accuracy, implied_forgetting):
        with pytest.raises(ValueError, match="2 or more"):
            function(50.0, 10.0, 1)


def test_a_row_is_held_against_the_usual_number_of_tasks():
    rows = {experiment: row.tasks for (experiment, _), row in ROWS.items()}
    assert (rows["split-cifar10"], rows["split-cifar100"], rows["split-cifar100-20"]) == (5, 10, 20)


def test_the_permuted_row_allows_four_tasks():
    average, lost = (reported_means("I", "permuted-mnist", name) for name in ("avg_acc", "forgetting"))
    assert {most_tasks(average[strategy], lost[strategy]) for strategy in average} == {4}


@pytest.mark.parametrize(("strategy", "tasks"), [("initialized", 3.9), ("frozen", 2.4), ("adaptive", 6.0)])
def test_the_tasks_that_split_cifar_100_implies(strategy, tasks):
    assert ROWS["split-cifar100", strategy].fitting == pytest.approx(tasks, abs=0.05)


@pytest.mark.parametrize(
    ("strategy", "reported", "implied"),
    [("initialized", 46.68, 43.76), ("frozen", 45.88, 42.83), ("adaptive", 45.08, 43.92)],
)
def test_the_forgetting_that_twenty_tasks_imply(strategy, reported, implied):
    row = ROWS["split-cifar100-20", strategy]
    assert row.tasks == 20
    assert row.forgetting == reported
    assert row.expected_forgetting == pytest.approx(implied, abs=0.005)


def test_cub_fits_from_its_peak_with_eleven_tasks_or_never():
    least = {s: ROWS["split-cub200", s].least_from_peak for s in ("initialized", "frozen", "adaptive")}
    assert least == {"initialized": 11, "frozen": 11, "adaptive": None}
    assert ROWS["split-cub200", "adaptive"].fitting is None


def test_permuted_mnist_is_possible_with_four_tasks_at_most():
    row = ROWS["permuted-mnist", "initialized"]
    assert (row.task, row.most) == (97.82, 4)
    assert row.expected_task > 100


def test_every_row_with_both_measures_is_there():
    assert len(ROWS) == 8 * 3
    assert sum(row.task is not None for row in ROWS.values()) == 6 * 3


@pytest.mark.parametrize("experiment", sorted({row.experiment for row in ROWS.values() if row.task is not None}))
def test_no_whole_number_of_tasks_fits_the_rows_of_any_data_set(experiment):
    """Means are rounded to a hundredth, so a row fits M where the identity holds to within what that can do."""
    for tasks in range(2, 200):
        rounding = 0.005 + 2 * 0.005 * tasks / (tasks - 1)
        mine = [row for row in ROWS.values() if row.experiment == experiment]
        assert any(abs(row.forgetting - tasks / (tasks - 1) * (row.task - row.average)) > rounding for row in mine), (
            f"{experiment} fits {tasks} tasks"
        )


def test_in_twenty_tasks_the_identity_turns_who_forgets_least_on_cifar_and_not_on_cub():
    implied = {key: row.expected_forgetting for key, row in ROWS.items() if key[0].endswith("-20")}
    cifar = {strategy: implied["split-cifar100-20", strategy] for strategy in ("initialized", "frozen", "adaptive")}
    cub = {strategy: implied["split-cub200-20", strategy] for strategy in cifar}
    assert max(cifar, key=lambda strategy: cifar[strategy]) == "adaptive"
    assert min(cub, key=lambda strategy: cub[strategy]) == "frozen"


@given(st.integers(2, 8).flatmap(lambda m: st.lists(st.floats(0, 1), min_size=m * m, max_size=m * m)))
def test_forgetting_from_the_peak_never_needs_more_tasks_than_there_are(values):
    tasks = round(len(values) ** 0.5)
    a = np.where(np.tri(tasks, dtype=bool), 100 * np.reshape(values, (tasks, tasks)), np.nan)
    row = ReportedRow("x", "y", metrics.average_accuracy(a), metrics.peak_forgetting(a), metrics.task_accuracy(a))
    if row.task - row.average > 1e-6 and row.forgetting > row.task - row.average:
        assert row.least_from_peak <= tasks
