"""What the reported rows imply for each other, against numbers worked by hand."""

import numpy as np
import pytest
from cl_book.claims.discrepancies import Reported, rows
from hypothesis import given
from hypothesis import strategies as st

from cl_core import metrics

FOUND = {(row.experiment, row.strategy): row for row in rows()}


@pytest.mark.parametrize(("strategy", "tasks"), [("initialized", 3.9), ("frozen", 2.4), ("adaptive", 6.0)])
def test_the_tasks_that_split_cifar_100_implies(strategy, tasks):
    assert FOUND["split-cifar100", strategy].fitting == pytest.approx(tasks, abs=0.05)


@pytest.mark.parametrize(
    ("strategy", "reported", "implied"),
    [("initialized", 46.68, 43.76), ("frozen", 45.88, 42.83), ("adaptive", 45.08, 43.92)],
)
def test_the_forgetting_that_twenty_tasks_imply(strategy, reported, implied):
    row = FOUND["split-cifar100-20", strategy]
    assert row.tasks == 20
    assert row.forgetting == reported
    assert row.expected_forgetting == pytest.approx(implied, abs=0.005)


def test_cub_fits_from_its_peak_with_eleven_tasks_or_never():
    least = {s: FOUND["split-cub200", s].least_from_peak for s in ("initialized", "frozen", "adaptive")}
    assert least == {"initialized": 11, "frozen": 11, "adaptive": None}
    assert FOUND["split-cub200", "adaptive"].fitting is None


def test_permuted_mnist_is_possible_with_four_tasks_at_most():
    row = FOUND["permuted-mnist", "initialized"]
    assert (row.task, row.most) == (None, 4)
    assert row.expected_task > 100


def test_every_row_with_both_measures_is_there():
    assert len(FOUND) == 3 + 3 + 3 + 3 + 2 + 2 + 3
    assert ("split-cub200-20", "adaptive") not in FOUND


@given(st.integers(2, 8).flatmap(lambda m: st.lists(st.floats(0, 1), min_size=m * m, max_size=m * m)))
def test_forgetting_from_the_peak_never_needs_more_tasks_than_there_are(values):
    tasks = round(len(values) ** 0.5)
    a = np.where(np.tri(tasks, dtype=bool), 100 * np.reshape(values, (tasks, tasks)), np.nan)
    row = Reported("x", "y", metrics.average_accuracy(a), metrics.peak_forgetting(a), metrics.task_accuracy(a))
    if row.task - row.average > 1e-6 and row.forgetting > row.task - row.average:
        assert row.least_from_peak <= tasks
