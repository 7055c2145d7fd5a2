"""Looking at arrivals in other ways changes nothing of what is learned, and looks as the runner itself does."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cl_core.learners.arrival import arrive
from cl_core.learners.probe import auc, flip_rate, probe
from cl_core.learners.training import train_task
from cl_core.strategies import Initialized
from cl_core.threshold_rules import TwoLevel

numbers = st.lists(st.integers(-3, 3), min_size=1, max_size=6)


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_variants_leave_the_run_alone(make, recipe, kind):
    looked, data = make(kind)
    other = {"fewer": recipe.replace(gradient_samples=4), "early": recipe.replace(gradient_at="arrival")}
    strategy = TwoLevel(threshold=0.0, few=1, many=3)
    found = probe(looked, data, recipe, 5, strategy=strategy, variants={"same": recipe, **other})

    plain, data = make(kind)
    previous, scores, magnitudes = None, [], []
    for task, images in enumerate(data):
        arrived = arrive(plain, images, task, recipe, 5, previous)
        magnitudes.append(strategy.magnitude(arrived.arrival))
        train_task(plain, images, task, magnitudes[-1], recipe, 5)
        previous = arrived.gradient
        scores.append(arrived.score)
    assert found.magnitudes == tuple(magnitudes)
    np.testing.assert_array_equal(found.scores("same"), scores)
    assert all(torch.equal(a, b) for a, b in zip(looked.parameters(), plain.parameters(), strict=True))


def test_a_variant_compares_with_its_own_gradients(make, recipe):
    network, data = make("mlp")
    early = recipe.replace(gradient_at="arrival")
    found = probe(network, data, recipe, 5, strategy=Initialized(), variants={"warm": recipe, "early": early})
    for name in ("warm", "early"):
        for before, after in zip(found.reports[name], found.reports[name][1:], strict=False):
            np.testing.assert_array_equal(after.arrival.previous_gradient, before.gradient)
    assert not np.allclose(found.scores("warm")[1:], found.scores("early")[1:])
    assert found.halves("warm").shape == (3, 2)
    assert found.split_half("warm").shape == (3,)


def test_a_probe_without_variants_is_an_error(make, recipe):
    network, data = make("mlp")
    with pytest.raises(ValueError, match="one recipe or more"):
        probe(network, data, recipe, 5, strategy=Initialized(), variants={})


@given(high=numbers, low=numbers)
def test_the_area_under_the_roc_curve_counts_pairs(high, low):
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in high for b in low]
    assert auc(high, low) == pytest.approx(np.mean(pairs))
    assert auc(high, low) + auc(low, high) == pytest.approx(1)
    assert auc(np.array(high) + 10, low) == 1


def test_the_area_under_the_roc_curve_needs_numbers():
    for high, low in (([], [1]), ([1], []), ([float("nan")], [1])):
        with pytest.raises(ValueError, match="none NaN"):
            auc(high, low)


def test_decisions_by_hand():
    whole, halves = [0.4, -0.2], [[0.5, 0.1], [0.3, -0.9]]
    assert flip_rate(whole, halves, 0.2) == 0.5
    assert flip_rate(whole, halves, 0.0) == 0.25
    assert flip_rate(whole, halves, 0.4) == 0.25
    assert flip_rate(whole, halves, 2.0) == 0


@pytest.mark.parametrize(("whole", "halves"), [([], np.zeros((0, 2))), ([1.0], [[1.0]]), ([1.0, 2.0], [[1.0, 2.0]])])
def test_decisions_that_do_not_fit(whole, halves):
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        flip_rate(whole, halves, 0.0)
