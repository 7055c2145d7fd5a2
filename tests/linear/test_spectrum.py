"""Filters: what one distance costs, the order by the spectrum and its reverse, drawn filters against drawn updates."""

import itertools

import numpy as np
import pytest

from cl_core.linear import correlated, draw_losses
from cl_core.linear.problem import specify
from cl_core.linear.simulate import draw_batches, task_losses, update
from cl_core.linear.spectrum import (
    draw_filtered,
    go_part,
    make_steps,
    match_distance,
    move,
    pull_back,
    spend,
    stop_early,
)

LARGE = 1e6


def families(new: np.ndarray):
    """From least to most forgetting where strong directions are the same: name, filter, largest strength."""
    top = (1 - 1e-9) / new.max()
    return [("part", go_part, 1.0), ("pull", pull_back, LARGE), ("flow", stop_early, LARGE),
            ("many steps", make_steps(64), top), ("few steps", make_steps(4), top)]  # fmt: skip


def forgotten(old: np.ndarray, new: np.ndarray, gap: np.ndarray) -> list[float]:
    """Return the forgetting of each family at one distance that all can reach."""
    reach = min(spend(filter_(new, largest), gap, old, new).distance for _, filter_, largest in families(new))
    told = []
    for _, filter_, largest in families(new):
        strength = match_distance(filter_, new, gap, 0.5 * reach, largest)
        told.append(spend(filter_(new, strength), gap, old, new))
    assert np.allclose([spent.distance for spent in told], 0.5 * reach, rtol=1e-9)
    return [spent.forgetting for spent in told]


def test_the_families_forget_in_the_proved_order_and_in_reverse_where_the_old_strong_directions_are_new_weak_ones():
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(60):
        size = int(rng.integers(2, 30))
        new = np.sort(10 ** rng.uniform(-3, 0, size))
        old, gap = np.sort(10 ** rng.uniform(-3, 0, size)), rng.standard_normal(size)
        along, across = forgotten(old, new, gap), forgotten(old[::-1], new, gap)
        for weak, strong in itertools.pairwise(range(len(along))):
            assert along[weak] <= along[strong] * (1 + 1e-8)
            assert across[weak] >= across[strong] * (1 - 1e-8)
        ratios.append(along[-1] / along[0])
    assert max(ratios) > 2


def test_by_pencil_two_directions():
    """λ = s = (1, 0), d = (1, 1): the strong direction alone forgets all that it moves; the part spends half on the weak."""
    old = new = np.array([1.0, 1e-12])
    gap = np.ones(2)
    part, flow = spend(go_part(new, 0.5), gap, old, new), spend(stop_early(new, np.log(2)), gap, old, new)
    assert part.forgetting == pytest.approx(0.25)
    assert part.distance == pytest.approx(0.5)
    assert part.new_loss == pytest.approx(0.25)
    assert stop_early(new, np.log(2))[0] == pytest.approx(0.5)
    assert flow.forgetting == pytest.approx(flow.distance) == pytest.approx(0.25)


def test_a_matrix_that_does_not_commute_is_moved_along_its_own_directions():
    rng = np.random.default_rng(1)
    root = rng.standard_normal((5, 5))
    new, gap = root @ root.T, rng.standard_normal(5)
    np.testing.assert_allclose(move(go_part, 0.3, gap, new), 0.3 * gap)
    ridge = np.linalg.solve(new + np.eye(5) / 2, new @ gap)
    np.testing.assert_allclose(move(pull_back, 2.0, gap, new), ridge, rtol=1e-9)
    np.testing.assert_allclose(move(make_steps(1), 0.01, gap, new), 0.01 * new @ gap, rtol=1e-9)


def test_a_distance_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="out of reach"):
        match_distance(go_part, np.ones(2), np.ones(2), 3.0, 1.0)
    with pytest.raises(ValueError, match="steps = 0"):
        make_steps(0)


@pytest.mark.parametrize(("samples", "noise"), [(6, 0.3), (20, 0.3)])
def test_drawn_parts_are_the_fractions_of_the_least_squares_updates(samples, noise):
    law = correlated(np.diag(np.linspace(0.1, 1, 12)))
    targets = np.random.default_rng(2).standard_normal((3, 12))
    losses, distances = draw_filtered(go_part, 0.4, targets, samples, noise, draws=4, seed=3, law=law)
    expected = draw_losses(targets, samples, 12, noise, None, [1.0, 0.4, 0.4], draws=4, seed=3, law=law)
    np.testing.assert_allclose(losses, expected, rtol=1e-8)
    assert (distances > 0).all()


def test_drawn_steps_are_gradient_descent_on_the_samples():
    targets = np.random.default_rng(6).standard_normal((2, 8))
    losses, distances = draw_filtered(make_steps(3), 0.1, targets, 5, 0.2, draws=3, seed=7)
    given = specify(targets, 5, 8, 0.2)
    (batch,) = draw_batches(given, draws=3, seed=7)
    w = before = update(np.zeros((3, 8)), batch[0], given.trainable[0])
    features, labels = batch[1].features, batch[1].labels
    for _ in range(3):
        w = w - 0.1 * np.einsum("dnp,dn->dp", features, np.einsum("dnp,dp->dn", features, w) - labels) / 5
    np.testing.assert_allclose(losses[:, 1], task_losses(w, targets), rtol=1e-9)
    np.testing.assert_allclose(distances[:, 1], np.square(w - before).sum(axis=1), rtol=1e-9)


def test_a_drawn_flow_for_ever_is_the_whole_update():
    targets = np.random.default_rng(4).standard_normal((2, 8))
    losses, _ = draw_filtered(stop_early, 1e9, targets, 20, 0.1, draws=3, seed=5)
    np.testing.assert_allclose(losses, draw_losses(targets, 20, 8, 0.1, draws=3, seed=5), rtol=1e-8)
