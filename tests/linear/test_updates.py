"""Draws of one update: the same update that the streams take, and z-scores that behave as such."""

import numpy as np
import pytest

from cl_core.linear.simulate import draw_losses
from cl_core.linear.step import learned_share, variance
from cl_core.linear.updates import draw_updates, loss_change, z_score


def test_the_draws_are_those_of_a_stream_that_starts_at_the_gap():
    rng = np.random.default_rng(0)
    target, start = rng.standard_normal((2, 12))
    mask = rng.random(12) < 0.5
    updates = draw_updates(target - start, 20, mask, 0.3, draws=40, seed=5)
    losses = draw_losses(target[None], 20, mask[None], 0.3, start, draws=40, seed=5)[:, 0, 0]
    np.testing.assert_allclose(np.square(start + updates - target).sum(axis=1), losses, rtol=1e-9)
    assert np.array_equal(updates[:, ~mask], np.zeros((40, (~mask).sum())))


@pytest.mark.parametrize(("trained", "samples"), [(30, 12), (5, 20)])
def test_their_mean_and_length_are_share_and_variance(trained: int, samples: int):
    gap = np.random.default_rng(trained).standard_normal(40)
    updates = draw_updates(gap, samples, trained, 0.5, draws=4000, seed=0)
    r, inside = learned_share(trained, samples), gap[-trained:]
    left_behind = np.square(gap[:-trained]).sum() + 0.25
    assert np.abs(z_score(updates[:, -trained:], r * inside)).max() < 5
    expected = r * inside @ inside + variance(trained, samples, left_behind)
    assert abs(z_score(np.square(updates).sum(axis=1), expected)) < 5
    assert abs(z_score(np.square(updates).sum(axis=1), 1.1 * expected)) > 5


def test_the_loss_change_by_hand():
    # From error (1, 0) by (−1, 2) to (0, 2): the loss goes from 1 to 4.
    assert loss_change(np.array([[-1.0, 2.0], [0.0, 0.0]]), [1.0, 0.0]).tolist() == [3.0, 0.0]


def test_a_z_score_by_hand():
    # Mean 2, variance 2, standard error 1.
    assert z_score([1.0, 3.0], 0.0) == pytest.approx(2.0)
    assert z_score(np.array([[1.0, 5.0], [3.0, 5.0]]), [2.0, 5.0]).tolist() == [0.0, 0.0]
    assert z_score([5.0, 5.0], 4.0) == np.inf
    assert z_score([5.0, 5.0], 6.0) == -np.inf
    with pytest.raises(ValueError, match="1 draws"):
        z_score([1.0], 0.0)


def test_z_scores_of_a_true_mean_are_standard_normal():
    drawn = np.random.default_rng(3).standard_normal((200, 2000)) ** 2
    scores = z_score(drawn, 1.0)
    # Chi-square draws are skew: 200 of them leave the mean of z at −0.14 ± 0.02 and its spread near 1.
    assert abs(scores.mean()) < 0.25
    assert 0.9 < scores.std() < 1.15
