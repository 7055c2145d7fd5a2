"""Curvature along an update and the drift of earlier answers: against differences and by hand, and changing nothing."""

import copy
import math

import pytest
import torch

from cl_core.experiments import run, store
from cl_core.experiments.store import dumps, loads
from cl_core.learners.curvature import flatten_parameters, make_loss_function
from cl_core.learners.effects import IMAGES, EffectsWatch, logits_change
from cl_core.learners.networks import build_network
from cl_core.learners.recipe import NetworkSpec

TINY = {"tasks": 3, "width": 8, "batch": 256, "epochs": 1, "head_warmup_steps": 3, "gradient_samples": 32}


@pytest.fixture
def network():
    return build_network(
        NetworkSpec(kind="mlp", width=6, depth=2),
        tasks=3,
        classes=3,
        image_shape=(1, 4, 4),
        seed=1,
        dtype=torch.float64,
    )


def draw(seed, count=30):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 1, 4, 4, generator=generator, dtype=torch.float64), torch.arange(count) % 3


def move(network, length):
    """Return a copy of which every shared parameter has moved."""
    moved = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for parameter in moved.blocks.parameters():
            parameter += length * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return moved


def test_curvature_is_the_second_difference_of_the_earlier_losses_along_the_update(network):
    earlier, blocks, far = [draw(1), draw(2)], range(2), 0.3
    found = EffectsWatch(network, earlier, draw(3)[0]).compare(move(network, far))
    begun, step = flatten_parameters(network, blocks), 1e-5  # short of the next kink
    update = flatten_parameters(move(network, far), blocks) - begun
    expected = []
    for task, (x, y) in enumerate(earlier):
        loss = make_loss_function(network, x, y, task, blocks)
        ends = loss(begun + step * update) + loss(begun - step * update) - 2 * loss(begun)
        expected.append(float(ends) / (2 * step**2))
    assert expected[0] != pytest.approx(expected[1], rel=0.01)
    assert found.curvature == pytest.approx(sum(expected) / 2, rel=0.01)


def test_drift_is_the_divergence_of_the_new_answers_from_the_old_on_the_new_images(network):
    x, moved = draw(3)[0], move(network, 0.2)
    found = EffectsWatch(network, [draw(1), draw(2)], x).compare(moved)
    with torch.no_grad():
        divergences = [
            float((old * (old / new).log()).sum(dim=1).mean())
            for old, new in ((network(x, task).softmax(1), moved(x, task).softmax(1)) for task in (0, 1))
        ]
    assert found.drift == pytest.approx(sum(divergences) / 2, rel=1e-9)
    assert found.drift > 0.01


def test_nothing_moved_is_no_effect_and_later_changes_do_not_show(network):
    watch = EffectsWatch(network, [draw(1, 3 * IMAGES)], draw(3, 3 * IMAGES)[0])
    begun = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 1
    effects = watch.compare(begun)
    assert (effects.curvature, effects.drift) == (0.0, pytest.approx(0.0, abs=1e-12))
    assert watch.compare(network).drift > 0


def test_a_run_that_measures_effects_is_else_the_run_that_does_not():
    plain, measured = (
        run("digits-permuted", "initialized", 100, "smoke", overrides={**TINY, **more})
        for more in ({}, {"effects": True})
    )
    for name in ("correct", "train_losses", "update_norms", "scores", "logit_changes", "arrival_losses"):
        assert getattr(measured, name) == getattr(plain, name), name
    assert plain.curvatures == plain.drifts == ()
    assert "curvatures" not in dumps(plain)
    assert "effects" not in plain.config
    assert measured.curvatures[0] is measured.drifts[0] is None
    assert all(value > 0 for value in (*measured.drifts[1:], *map(abs, measured.curvatures[1:])))
    assert loads(dumps(measured), where="here") == measured
    assert measured.outcome != plain.outcome
    assert store.metric(measured, "forgetting") == store.metric(plain, "forgetting")


def test_no_update_has_no_effects():
    still = run("digits-permuted", "frozen-0", 100, "smoke", overrides={**TINY, "effects": True})
    assert still.curvatures == (None, 0.0, 0.0)
    assert still.drifts == (None, 0.0, 0.0)


def test_change_of_outputs_by_hand():
    before = torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    assert logits_change(before, before + 5) == pytest.approx(0, abs=1e-12)
    assert logits_change(before, 2 * before) == pytest.approx(1)
    assert logits_change(before, torch.tensor([[1.0, 3.0], [4.0, -4.0]])) == pytest.approx(4)
    assert math.isnan(logits_change(torch.ones(2, 2), before))
