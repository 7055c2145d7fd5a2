"""What reported measures imply for each other: hand-worked, and against matrices whose measures are known."""

import numpy as np
import pytest
from cl_book.claims.consistency import (
    implied_forgetting,
    implied_task_accuracy,
    implied_tasks,
    most_tasks,
    reported,
)
from hypothesis import given
from hypothesis import strategies as st

from cl_core import metrics


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


def test_the_papers_rows_are_read_and_a_wrong_one_is_refused():
    learned = reported("II", "split-cifar100", "task_acc")
    assert set(learned) == {"initialized", "frozen", "adaptive"}
    assert all(0 < value < 100 for value in learned.values())
    with pytest.raises(ValueError, match="no peak of split-cifar100 in table I"):
        reported("I", "split-cifar100", "peak")


def test_the_permuted_row_allows_four_tasks():
    average, lost = (reported("I", "permuted-mnist", name) for name in ("avg_acc", "forgetting"))
    assert {most_tasks(average[strategy], lost[strategy]) for strategy in average} == {4}
