"""One update: share, variance, and the account of drift, repair and variance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.linear import expected_losses
from cl_core.linear.step import learned_share, one_update, variance


@pytest.mark.parametrize(("m", "n", "share"), [(0, 5, 0), (5, 0, 0), (10, 5, 0.5), (5, 5, 1), (3, 5, 1), (0, 0, 0)])
def test_the_learned_share_by_hand(m: int, n: int, share: float):
    assert learned_share(m, n) == share


@pytest.mark.parametrize(
    ("m", "n", "left_behind", "expected"),
    [
        (10, 5, 2.0, 5 * 2 / 4),
        (5, 10, 2.0, 5 * 2 / 4),
        (5, 5, 2.0, np.inf),
        (6, 5, 2.0, np.inf),
        (4, 5, 2.0, np.inf),
        (5, 5, 0.0, 0.0),
        (10, 5, np.inf, np.inf),
        (0, 5, np.inf, 0.0),
        (5, 0, 2.0, 0.0),
        (1, 0, 2.0, 0.0),
    ],
)
def test_the_variance_by_hand(m: int, n: int, left_behind: float, expected: float):
    assert variance(m, n, left_behind) == expected


@given(st.integers(0, 10_000))
def test_one_update_is_what_the_recursion_says(seed: int):
    """Two tasks, the first not trained: e = w_0 − w*_1 for sure, so the second step is one update of known vectors."""
    rng = np.random.default_rng(seed)
    parameters = int(rng.integers(2, 20))
    mask = rng.random(parameters) < 0.6
    m, n, noise = int(mask.sum()), int(rng.integers(0, 30)), float(rng.random())
    targets, start = rng.standard_normal((2, parameters)), rng.standard_normal(parameters)
    losses = expected_losses(targets, (0, n), np.vstack([mask, mask]), noise, start)
    delta, error, gap = targets[1] - targets[0], start - targets[0], targets[1] - start
    step = one_update(
        m,
        n,
        drift=np.square(delta[mask]).sum(),
        repairable=np.square(error[mask]).sum(),
        gap_trained=np.square(gap[mask]).sum(),
        gap_frozen=np.square(gap[~mask]).sum(),
        noise=noise,
    )
    assert float(step.forgetting) == pytest.approx(losses[1, 0] - losses[0, 0], rel=1e-9, abs=1e-9)
    assert float(step.new_loss) == pytest.approx(losses[1, 1], rel=1e-9, abs=1e-9)


def test_arguments_broadcast():
    step = one_update(
        np.array([0, 5, 40]), 20, drift=1.0, repairable=0.5, gap_trained=2.0, gap_frozen=[[0.0], [3.0]], noise=0.1
    )
    assert step.forgetting.shape == (2, 3)
    assert step.forgetting[:, 0] == pytest.approx([0.0, 0.0])
