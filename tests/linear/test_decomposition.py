"""The account of one update: by hand, and in step with the recursion."""

import numpy as np
import pytest

from cl_core.linear import expected_losses
from cl_core.linear.decomposition import account


def test_the_account_by_hand():
    # d = (1, −1); trained: the last. n = 5, m = 1, r = 1, B = 1 + 1 = 2, V = 1·2 / (5 − 1 − 1).
    given = account([1.0, 2.0], [2.0, 1.0], 1, samples=5, noise=1.0)
    assert (given.drift, given.repair, given.share) == (1.0, 4.0, 1.0)
    assert given.variance == pytest.approx(2 / 3)
    assert given.forgetting == pytest.approx(1 - 4 + 2 / 3)
    assert given.bound == pytest.approx(1 + 2 / 3)
    assert given.new_loss == pytest.approx(1 + 2 / 3)
    assert given.norm == pytest.approx(1 + 2 / 3)


@pytest.mark.parametrize("samples", [3, 30])
def test_the_account_is_what_the_recursion_says(samples: int):
    rng = np.random.default_rng(samples)
    old, new, start = rng.standard_normal((3, 12))
    mask = rng.random(12) < 0.7
    losses = expected_losses(np.array([old, new]), (0, samples), np.array([mask, mask]), 0.4, start)
    given = account(start - old, new - old, mask, samples=samples, noise=0.4)
    assert given.forgetting == pytest.approx(losses[1, 0] - losses[0, 0], rel=1e-10)
    assert given.new_loss == pytest.approx(losses[1, 1], rel=1e-10)
    assert given.forgetting < given.bound


def test_vectors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"\(2,\) and distance \(3,\)"):
        account([1.0, 2.0], [1.0, 2.0, 3.0], 1, samples=5, noise=0.0)
