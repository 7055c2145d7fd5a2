"""The simulation: reproducible, independent of what is trainable, and made of true least-norm updates."""

import numpy as np
import pytest

from cl_core.linear import expected_losses, simulate_losses
from cl_core.linear.laws import correlated, neighbours_correlated, student
from cl_core.linear.problem import specify
from cl_core.linear.simulate import draw_batches, draw_losses, update


def test_equal_seeds_give_equal_draws_and_other_seeds_do_not():
    arguments = (np.ones((2, 6)), 20, 3, 0.5)
    first = draw_losses(*arguments, draws=50, seed=1)
    np.testing.assert_array_equal(first, draw_losses(*arguments, draws=50, seed=1))
    assert not np.array_equal(first, draw_losses(*arguments, draws=50, seed=2))


def test_the_samples_do_not_depend_on_what_is_trainable():
    targets = np.ones((2, 6))
    batches = [list(draw_batches(specify(targets, 9, m, 0.5), draws=40, seed=4)) for m in (2, 6)]
    for few, all_of_them in zip(*batches, strict=True):
        for one, other in zip(few, all_of_them, strict=True):
            np.testing.assert_array_equal(one.features, other.features)
            np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize(("samples", "trained"), [(4, 10), (10, 10), (9, 10), (11, 10), (30, 10), (6, 3), (3, 6)])
def test_an_update_is_the_least_squares_change_of_least_norm(samples: int, trained: int):
    rng = np.random.default_rng(samples)
    given = specify(rng.standard_normal((1, 12)), samples, trained, 0.3, rng.standard_normal(12))
    (drawn,) = next(draw_batches(given, draws=5, seed=0))
    before = np.tile(given.start, (5, 1))
    after = update(before, drawn, given.trainable[0])
    assert np.array_equal(after[:, :-trained], before[:, :-trained])
    for draw in range(5):
        residual = drawn.labels[draw] - drawn.features[draw] @ before[draw]
        expected = np.linalg.lstsq(drawn.features[draw][:, -trained:], residual, rcond=None)[0]
        np.testing.assert_allclose((after - before)[draw, -trained:], expected, rtol=1e-6, atol=1e-8)


def test_a_standard_error_is_the_spread_of_the_mean():
    arguments = (np.ones((1, 10)), 40, 10, 1.0)
    means = [simulate_losses(*arguments, draws=200, seed=seed)[0][0, 0] for seed in range(200)]
    errors = [simulate_losses(*arguments, draws=200, seed=seed)[1][0, 0] for seed in range(200)]
    # 200 means: their standard deviation is known to 5 %, four of which are allowed.
    assert np.std(means) == pytest.approx(np.mean(errors), rel=0.2)


@pytest.mark.parametrize("draws", [1, 0, -3])
def test_too_few_draws_are_refused(draws: int):
    with pytest.raises(ValueError, match=f"draws = {draws}"):
        simulate_losses(np.ones((1, 3)), 9, 3, 0.1, draws=draws, seed=0)


def test_correlated_features_have_their_covariance_and_are_measured_by_it():
    sigma = neighbours_correlated(4, 0.6)
    law = correlated(sigma)
    features = law.draw(np.random.default_rng(0), (20_000, 1, 4))[:, 0]
    # 20,000 draws: standard error of a covariance at most √2/√20,000 = 0.01.
    np.testing.assert_allclose(np.cov(features.T), sigma, atol=0.04)
    error = np.array([1.0, -2.0, 0.0, 0.5])
    assert law.risk(error) == pytest.approx(error @ sigma @ error)


def test_student_features_have_variance_one():
    features = student(6).draw(np.random.default_rng(0), (40_000, 1, 2))
    # kurtosis 6: standard error of the variance √(5/80,000) = 0.008.
    assert features.var() == pytest.approx(1.0, abs=0.032)


def test_share_learned_survives_any_isotropic_rotation_of_the_gaussian_law():
    """With the identity as covariance the correlated law is the Gaussian one: same exact value."""
    targets = np.ones((2, 12))
    mean = draw_losses(targets, 30, 12, 0.5, draws=4_000, seed=1, law=correlated(np.eye(12))).mean(axis=0)
    np.testing.assert_allclose(mean, expected_losses(targets, 30, 12, 0.5), rtol=0.05)


@pytest.mark.parametrize("correlation", [1.0, -1.0, 2.0])
def test_correlations_beyond_one_are_refused(correlation: float):
    with pytest.raises(ValueError, match="strictly between"):
        neighbours_correlated(3, correlation)


def test_laws_refuse_what_has_no_variance_or_no_factor():
    with pytest.raises(ValueError, match="more than 2 degrees"):
        student(2.0)
    with pytest.raises(ValueError, match="positive definite"):
        correlated([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match="square and symmetric"):
        correlated([[1.0, 0.5], [0.2, 1.0]])
