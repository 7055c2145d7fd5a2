"""Each metric on matrices worked by hand, and the identities between them."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cl_core import metrics

NAN = math.nan
HELPED = [[0.9, NAN, NAN], [0.8, 0.85, NAN], [0.95, 0.6, 0.9]]
RECOVERED = [[50.0, NAN, NAN], [70.0, 80.0, NAN], [40.0, 60.0, 90.0]]


@pytest.mark.parametrize(
    ("metric", "matrix", "value"),
    [
        (metrics.average_accuracy, HELPED, (0.95 + 0.6 + 0.9) / 3),
        (metrics.task_accuracy, HELPED, (0.9 + 0.85 + 0.9) / 3),
        (metrics.forgetting, HELPED, 0.1),
        (metrics.peak_forgetting, HELPED, 0.1),
        (metrics.backward_transfer, HELPED, -0.1),
        (metrics.average_accuracy, RECOVERED, 190 / 3),
        (metrics.task_accuracy, RECOVERED, 220 / 3),
        (metrics.forgetting, RECOVERED, 15.0),
        (metrics.peak_forgetting, RECOVERED, 25.0),
        (metrics.backward_transfer, RECOVERED, -15.0),
        (metrics.average_accuracy, [[0.7]], 0.7),
        (metrics.task_accuracy, [[0.7]], 0.7),
    ],
)
def test_worked_by_hand(metric, matrix, value):
    assert metric(matrix) == pytest.approx(value, abs=1e-12)


def test_lost_share_by_hand():
    assert metrics.lost_share(RECOVERED, 10.0) == pytest.approx((10 + 20) / (40 + 70))
    assert metrics.lost_share(RECOVERED, [0.0, 20.0, 5.0]) == pytest.approx((10 + 20) / (50 + 60))
    assert math.isnan(metrics.lost_share([[10.0, NAN], [5.0, 50.0]], 10.0))


def test_last_row_is_no_peak():
    """A task at its best after the last one has not been forgotten from there."""
    assert metrics.peak_forgetting([[0.5, NAN], [0.9, 0.9]]) == pytest.approx(-0.4)


matrices = st.integers(2, 7).flatmap(lambda m: arrays(float, (m, m), elements=st.floats(0, 1)))


@given(matrices)
def test_forgetting_is_the_scaled_gap_of_the_two_accuracies(a):
    m = len(a)
    gap = metrics.task_accuracy(a) - metrics.average_accuracy(a)
    assert metrics.forgetting(a) == pytest.approx(m / (m - 1) * gap, abs=1e-12)


@given(matrices)
def test_relations(a):
    assert metrics.backward_transfer(a) == -metrics.forgetting(a)
    assert metrics.peak_forgetting(a) >= metrics.forgetting(a) - 1e-12
    above = a + np.triu(np.full_like(a, 7.0), 1)
    for metric in (metrics.average_accuracy, metrics.task_accuracy, metrics.forgetting, metrics.peak_forgetting):
        assert metric(above) == metric(a)
        assert metric(100 * a) == pytest.approx(100 * metric(a), abs=1e-9)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1.0, 2.0]], "shape"),
        ([0.5], "shape"),
        ([[0.5]], "2 tasks"),
        ([[0.5, NAN], [NAN, 0.5]], r"a\[1, 0\]"),
        ([[0.5, NAN], [math.inf, 0.5]], r"a\[1, 0\]"),
    ],
)
def test_a_matrix_that_does_not_fit_is_an_error(matrix, words):
    with pytest.raises(ValueError, match=words):
        metrics.forgetting(matrix)


def test_metrics_and_recipe_do_without_torch():
    code = "import sys; sys.modules['torch'] = None; import cl_core.metrics, cl_core.learners.recipe; print('ok')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "ok\n"
