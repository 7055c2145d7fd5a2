"""What a run's counts say along the sequence: hand-worked, and what must hold for every matrix of accuracies."""

import numpy as np
import pytest
from cl_book.figures.curves import (
    losses_of_old_tasks,
    relative_updates,
    retention,
    seen_accuracy,
    seen_forgetting,
    to_array,
    update_lengths,
)
from hypothesis import given
from hypothesis import strategies as st

from cl_core import metrics

NAN = np.nan
A = np.array([[0.9, NAN, NAN], [0.8, 0.7, NAN], [0.6, 0.9, 0.5]])


def matrices():
    sizes = st.integers(2, 6)
    shares = st.floats(0, 1, allow_subnormal=False)
    return sizes.flatmap(
        lambda m: st.lists(shares, min_size=m * m, max_size=m * m).map(
            lambda values: np.where(np.tri(m, dtype=bool), np.reshape(values, (m, m)), NAN)
        )
    )


def test_three_tasks_by_hand():
    assert seen_accuracy(A) == pytest.approx([0.9, 0.75, 2.0 / 3])
    assert seen_forgetting(A) == pytest.approx([NAN, 0.1, 0.05], nan_ok=True)
    assert retention(A) == pytest.approx([0.7, 0.85, 0.6])


def test_what_an_old_task_lost_is_its_own():
    # Later tasks are easier, so means over all tasks of an age rise, though every task loses.
    easier = np.array(
        [[0.5, NAN, NAN, NAN], [0.45, 0.6, NAN, NAN], [0.43, 0.55, 0.9, NAN], [0.41, 0.53, 0.8, 0.9]],
    )
    first, later = losses_of_old_tasks(easier)
    assert (first, later) == pytest.approx((0.05, 0.025))
    assert retention(easier)[0] - retention(easier)[1] == pytest.approx(0.125)


@given(matrices())
def test_the_last_entries_are_the_measures_themselves(a):
    assert seen_accuracy(a)[-1] == pytest.approx(metrics.average_accuracy(a))
    assert seen_forgetting(a)[-1] == pytest.approx(metrics.forgetting(a))
    assert retention(a)[0] == pytest.approx(metrics.task_accuracy(a))


@given(matrices())
def test_what_is_forgotten_so_far_does_not_know_what_comes(a):
    changed = a.copy()
    changed[-1] = 1 - changed[-1]
    assert np.array_equal(seen_forgetting(changed)[:-1], seen_forgetting(a)[:-1], equal_nan=True)
    assert np.array_equal(seen_accuracy(changed)[:-1], seen_accuracy(a)[:-1])


def test_updates_by_hand(make_result):
    result = make_result(
        update_norms=((3.0, 4.0), (0.0, 2.0), (6.0, 8.0)), relative_norms=((9.0, 9.0), (0.0, 0.2), (0.1, 0.4))
    )
    assert update_lengths(result).tolist() == [5.0, 2.0, 10.0]
    assert relative_updates(result) == pytest.approx([0.05, 0.3])


def test_what_is_missing_is_nan():
    assert to_array((None, 1, 0.5)).tolist()[1:] == [1.0, 0.5]
    assert np.isnan(to_array((None, 1))[0])
