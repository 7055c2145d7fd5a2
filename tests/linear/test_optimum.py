"""The optimal magnitude against a search over the curve that it summarises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.linear import expected_losses, optimal_magnitude
from cl_core.linear.optimum import best_magnitude, forgetting_curve


def test_the_worked_example():
    optimum = optimal_magnitude(2.0, 0.5, 20)
    assert optimum == pytest.approx((42.0, -20 / 21 * 0.5))
    assert best_magnitude(xi=2.0, eta=0.5, samples=20, least=2, capacity=100) == (2, pytest.approx(-2 + 1 / 17))
    assert best_magnitude(xi=2.0, eta=0.5, samples=20, least=22, capacity=100)[0] == 42


@given(st.floats(0.01, 5), st.floats(0.01, 0.95), st.integers(1, 50))
def test_no_magnitude_past_the_peak_beats_the_optimum(xi: float, ratio: float, samples: int):
    eta = ratio * xi
    magnitude, value = optimal_magnitude(xi, eta, samples)
    grid = np.linspace(samples + 1.001, 3 * magnitude, 4_001)
    curve = -samples * xi / grid + samples * eta / (grid - samples - 1)
    assert value <= curve.min() + 1e-9 * xi
    at_optimum = -samples * xi / magnitude + samples * eta / (magnitude - samples - 1)
    assert value == pytest.approx(at_optimum, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("xi", "eta"), [(1.0, 1.0), (0.5, 1.0), (1.0, 0.0), (1.0, -1.0), (-1.0, -2.0), (0.0, 0.0)])
def test_without_xi_above_eta_above_zero_there_is_no_interior_minimum(xi: float, eta: float):
    assert optimal_magnitude(xi, eta, 20) is None
    past_the_peak = forgetting_curve(np.arange(22, 4_000), xi=xi, eta=abs(eta), samples=20)
    assert not ((np.diff(past_the_peak)[:-1] < 0) & (np.diff(past_the_peak)[1:] > 0)).any() or eta < 0


def test_the_optimum_exists_for_any_xi_above_eta():
    magnitude, value = optimal_magnitude(math.nextafter(1.0, 2.0), 1.0, 3)
    assert math.isfinite(magnitude)
    assert magnitude > 1e15
    assert value <= 0


@pytest.mark.parametrize(("xi", "eta", "samples"), [(math.nan, 1.0, 5), (1.0, math.inf, 5), (1.0, 0.5, 0)])
def test_bad_arguments_are_refused(xi: float, eta: float, samples: int):
    with pytest.raises(ValueError, match="give"):
        optimal_magnitude(xi, eta, samples)


def test_the_curve_is_the_recursion_with_redundant_features():
    """Two coordinates matter; the others are zero in both tasks and untouched by the first."""
    n, capacity, noise = 20, 80, 0.5
    start = np.zeros(capacity)
    start[-2:] = [1.5, -1.0]
    targets = np.zeros((2, capacity))
    targets[1, -2:] = [0.5, 0.2]
    xi = float(np.square(start[-2:]).sum() - np.square(targets[1, -2:]).sum())
    for m in (2, 10, 18, 30, 80):
        losses = expected_losses(targets, (0, n), m, noise, start)
        exact = losses[1, 0] - losses[0, 0]
        assert float(forgetting_curve(m, xi=xi, eta=noise**2, samples=n)) == pytest.approx(exact, rel=1e-12)


def test_the_ends_of_the_range_are_checked():
    with pytest.raises(ValueError, match="least = 9, capacity = 5"):
        best_magnitude(xi=1.0, eta=0.5, samples=3, least=9, capacity=5)
