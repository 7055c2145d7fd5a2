"""The inner product of successive gradients at arrival: its exact mean, by simulation and in the case that is zero."""

import numpy as np
import pytest

from cl_core.linear.alignment import draw_alignment, expected_alignment
from cl_core.linear.updates import z_score


@pytest.mark.parametrize("seed", range(8))
def test_simulation_and_formula_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets, start = rng.standard_normal((4, 20)), rng.standard_normal(20)
    samples, noise = rng.choice([10, 40, 60], 4), rng.uniform(0, 1, 4)
    # All tasks train everything, or each its own set on either side of the peak.
    trainable = 20 if seed % 2 else np.array([rng.permutation(20) < rng.choice([0, 2, 18, 20]) for _ in range(4)])
    drawn = draw_alignment(targets, samples, trainable, noise, start, draws=3000, seed=seed)
    expected = expected_alignment(targets, samples, trainable, noise, start)
    assert np.isnan(drawn[:, 0]).all()
    assert np.isnan(expected[0])
    assert np.abs(z_score(drawn[:, 1:], expected[1:])).max() < 5


def test_identical_noiseless_overparameterised_tasks_give_zero() -> None:
    target = np.random.default_rng(0).standard_normal(30)
    expected = expected_alignment(np.tile(target, (5, 1)), 10, 30, 0.0)
    np.testing.assert_allclose(expected[1:], 0.0, atol=1e-15)
    drawn = draw_alignment(np.tile(target, (5, 1)), 10, 30, 0.0, draws=4000, seed=1)
    assert np.abs(z_score(drawn[:, 1:], 0.0)).max() < 5
    # Zero on average only: single draws are far from it.
    assert drawn[:, 1].std() > 1


def test_two_tasks_worked_by_hand() -> None:
    # d_1 = w*_1 = (1, 2), δ_2 = (3, 0): 4 (3 − min(1, 2/8) · 4).
    expected = expected_alignment([[1.0, 2.0], [4.0, 2.0]], 8, 2, 2.0)
    assert expected[1] == pytest.approx(4 * (3 - 0.25 * 4))


@pytest.mark.parametrize(
    ("samples", "message"), [(0, "1 sample or more"), (20, "within 1 of the sizes"), (21, "within 1")]
)
def test_what_has_no_mean_is_refused(samples: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expected_alignment(np.zeros((2, 20)), samples, 20, 1.0)
