"""One update taken apart: by hand, and in step with the recursion."""

import numpy as np
import pytest

from cl_core.linear import expected_losses
from cl_core.linear.decomposition import decompose, profile


def test_the_decomposition_by_hand():
    # d = (1, −1); trained: the last. n = 5, m = 1, r = 1, B = 1 + 1 = 2, V = 1·2 / (5 − 1 − 1).
    given = decompose([1.0, 2.0], [2.0, 1.0], 1, samples=5, noise=1.0)
    assert (given.drift, given.repair, given.share) == (1.0, 4.0, 1.0)
    assert given.variance == pytest.approx(2 / 3)
    assert given.forgetting == pytest.approx(1 - 4 + 2 / 3)
    assert given.bound == pytest.approx(1 + 2 / 3)
    assert given.new_loss == pytest.approx(1 + 2 / 3)
    assert given.norm == pytest.approx(1 + 2 / 3)


@pytest.mark.parametrize("samples", [3, 30])
def test_the_decomposition_is_what_the_recursion_says(samples: int):
    rng = np.random.default_rng(samples)
    old, new, start = rng.standard_normal((3, 12))
    mask = rng.random(12) < 0.7
    losses = expected_losses(np.array([old, new]), (0, samples), np.array([mask, mask]), 0.4, start)
    given = decompose(start - old, new - old, mask, samples=samples, noise=0.4)
    assert given.forgetting == pytest.approx(losses[1, 0] - losses[0, 0], rel=1e-10)
    assert given.new_loss == pytest.approx(losses[1, 1], rel=1e-10)
    assert given.forgetting < given.bound


def test_vectors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"\(2,\) and distance \(3,\)"):
        decompose([1.0, 2.0], [1.0, 2.0, 3.0], 1, samples=5, noise=0.0)


@pytest.mark.parametrize(("samples", "noise"), [(5, 0.4), (5, 0.0), (0, 0.4), (30, 0.4)])
def test_every_row_of_the_profile_is_a_decomposition_and_what_the_recursion_says(samples: int, noise: float):
    rng = np.random.default_rng(samples)
    old, new, start = rng.standard_normal((3, 14))
    table = profile(old, new, start, samples, noise)
    np.testing.assert_array_equal(table.trained, np.arange(15))
    for m in table.trained:
        row = decompose(start - old, new - old, int(m), samples=samples, noise=noise)
        for name in ("drift", "repair", "variance", "forgetting", "bound", "new_loss", "norm"):
            assert getattr(table, name)[m] == pytest.approx(getattr(row, name), rel=1e-12, abs=1e-12), name
        losses = expected_losses([old, new], (0, samples), int(m), noise, start)
        assert table.new_loss[m] == pytest.approx(losses[1, 1], rel=1e-10)
        if np.isfinite(losses[1, 0]):
            assert table.forgetting[m] == pytest.approx(losses[1, 0] - losses[0, 0], rel=1e-9, abs=1e-12)
    assert np.isinf(table.forgetting).sum() == (3 if samples == 5 else 0)


def test_the_whole_trained_without_noise_has_no_peak():
    old, new, start = np.random.default_rng(2).standard_normal((3, 9))
    table = profile(old, new, start, 9, 0.0)
    assert np.isinf(table.forgetting[8])
    assert table.new_loss[9] == 0.0


def test_a_profile_of_vectors_that_do_not_fit_is_refused():
    with pytest.raises(ValueError, match="start has shape"):
        profile(np.ones(3), np.ones(3), np.ones(2), 5, 0.1)
    with pytest.raises(ValueError, match="noise has the negative entry"):
        profile(np.ones(3), np.ones(3), np.ones(3), 5, -0.1)
