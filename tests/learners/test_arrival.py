import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from cl_core.learners import arrival
from cl_core.learners.arrival import arrive, fit_head
from cl_core.learners.networks import Network, block_parameters
from cl_core.learners.training import train_task
from cl_core.strategies import SCORES


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_only_the_new_head_changes(make, recipe, frozen_copy, kind):
    network, data = make(kind)
    train_task(network, data[0], 0, len(network.blocks), recipe, 5)
    before = frozen_copy(network)
    arrive(network, data[1], 1, recipe, 5)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"heads.1.weight", "heads.1.bias"}
    assert not any(module.training for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_gradient_is_that_of_the_sample_s_mean_loss(make, recipe, monkeypatch):
    network, data = make()
    whole = recipe.replace(gradient_samples=40)
    in_one = arrive(network, data[0], 0, whole, 5)
    assert in_one.gradient.shape == (sum(block_parameters(network)),)
    loss = functional.cross_entropy(network(data[0].x_train, 0), data[0].y_train)
    loss.backward()
    flat = torch.cat([parameter.grad.reshape(-1) for parameter in network.blocks.parameters()]).numpy()
    np.testing.assert_allclose(in_one.gradient, flat, rtol=1e-7, atol=1e-12)
    assert in_one.arrival.loss == pytest.approx(loss.item())
    monkeypatch.setattr(arrival, "BATCH", 7)
    again, _ = make()
    np.testing.assert_allclose(arrive(again, data[0], 0, whole, 5).gradient, flat, rtol=1e-7, atol=1e-12)


def test_scores_are_the_metric_of_the_two_gradients(make, recipe):
    network, data = make("mlp")
    first = arrive(network, data[0], 0, recipe, 5)
    assert math.isnan(first.score)
    assert first.arrival.previous_gradient is None
    train_task(network, data[0], 0, 3, recipe, 5)
    for metric, compare in SCORES.items():
        second = arrive(network, data[1], 1, recipe.replace(metric=metric), 5, first.gradient)
        assert second.score == pytest.approx(compare(second.gradient, first.gradient))
        assert (second.arrival.task, second.arrival.blocks) == (1, 3)
        if metric == "projection":
            assert np.mean(second.score_halves) == pytest.approx(second.score)
    assert -1 <= first.split_half <= 1


def test_halves_of_one_task_agree_more_than_halves_of_pure_noise(make, recipe):
    network, data = make("mlp")
    settings = recipe.replace(gradient_samples=40, gradient_at="arrival")
    real = arrive(network, data[0], 0, settings, 5).split_half
    draws = torch.Generator().manual_seed(0)
    data[0].x_train.copy_(torch.randn(data[0].x_train.shape, generator=draws, dtype=torch.float64))
    assert real > 0.8 > arrive(make("mlp")[0], data[0], 0, settings, 5).split_half


def test_the_sample_depends_on_seed_and_task_alone(make, recipe):
    def gradient(seed, task):
        network, data = make("mlp", seed=1)
        return arrive(network, data[0], task, recipe.replace(head_warmup_steps=0), seed).gradient

    assert np.array_equal(gradient(5, 0), gradient(5, 0))
    assert not np.array_equal(gradient(5, 0), gradient(6, 0))


def test_before_or_after_the_head_is_fitted(make, recipe):
    reports, heads = {}, {}
    for place in ("arrival", "warm"):
        network, data = make("mlp")
        reports[place] = arrive(network, data[0], 0, recipe.replace(gradient_at=place), 5)
        heads[place] = network.heads[0].weight
    assert reports["arrival"].arrival.loss > reports["warm"].arrival.loss
    assert torch.equal(heads["arrival"], heads["warm"])


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_fitting_a_head_never_raises_the_loss_whatever_the_features_scale(make, scale):
    data = make("mlp")[1]
    x, y = data[0].x_train * scale, data[0].y_train
    losses = []
    for steps in (0, 1, 5, 40, 400):
        fresh, _ = make("mlp")
        fit_head(fresh, x, y, 0, steps=steps, precision="float64")
        losses.append(functional.cross_entropy(fresh(x, 0), y).item())
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_a_head_is_fitted_where_the_eigenvalues_converge_in_float64_only(make, monkeypatch):
    solve = torch.linalg.eigvalsh

    def stubborn(matrix):
        if matrix.dtype == torch.float32:
            raise torch.linalg.LinAlgError("the algorithm failed to converge")
        return solve(matrix)

    def fitted():
        network, data = make(dtype=torch.float32)
        fit_head(network, data[0].x_train, data[0].y_train, 0, steps=20, precision="float32")
        return network.head(0).weight.detach()

    expected = fitted()
    monkeypatch.setattr(torch.linalg, "eigvalsh", stubborn)
    torch.testing.assert_close(fitted(), expected, rtol=1e-4, atol=1e-6)


def test_a_task_of_one_image_is_an_error(make, recipe):
    network, data = make("mlp")
    lone = replace(data[0], x_train=data[0].x_train[:1], y_train=data[0].y_train[:1])
    with pytest.raises(ValueError, match="2 or more"):
        arrive(network, lone, 0, recipe, 5)


def test_the_gradient_may_be_of_fewer_images_than_the_head_is_fitted_on(make, recipe):
    network, data = make("mlp")
    other, _ = make("mlp")
    few = arrive(network, data[0], 0, recipe.replace(score_images=10), 5)
    whole = arrive(other, data[0], 0, recipe, 5)
    assert torch.equal(network.heads[0].weight, other.heads[0].weight)
    assert not np.allclose(few.gradient, whole.gradient)
    third, _ = make("mlp")
    assert np.array_equal(arrive(third, data[0], 0, recipe.replace(score_images=24), 5).gradient, whole.gradient)


def test_a_label_that_the_head_does_not_have_is_told(make):
    network, data = make("mlp")
    with pytest.raises(ValueError, match="label 5 does not fit the 3 outputs of task 1's head"):
        fit_head(network, data[1].x_train, data[1].y_train + 3, 1, steps=5, precision="float64")


def test_a_head_on_features_that_are_all_zero_stays_as_it_is():
    class Nothing(torch.nn.Module):
        def forward(self, x):
            return 0 * x.flatten(1)

    network = Network([Nothing()], [torch.nn.Linear(4, 2, bias=False)])
    before = network.heads[0].weight.detach().clone()
    fit_head(network, torch.ones(6, 1, 2, 2), torch.arange(6) % 2, 0, steps=5, precision="float32")
    assert torch.equal(network.heads[0].weight, before)
