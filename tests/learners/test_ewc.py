"""Elastic weight consolidation: what mattered is held, each finished task adds its own, and a resumed one is the same."""

import numpy as np
import pytest
import torch

from cl_core.draws import Purpose, generator
from cl_core.learners.ewc import ElasticConsolidation, estimate_fisher, shared_parameters
from cl_core.learners.penalties import Minibatch
from cl_core.learners.training import train_task
from cl_core.strategies import Arrival, Update


def minibatch(network, data, task=1):
    positions = torch.arange(4)
    return Minibatch(network, task, data, positions, network.features(data.x_train[:4]))


def test_fisher_of_a_linear_classifier_by_hand(make):
    # The gradient of log p(y|x) over the weights of the last layer's input is (onehot(y) − p) ⊗ features.
    network, data = make("mlp", shared_head=True)
    draws, again = (generator(5, 0, Purpose.FISHER) for _ in range(2))
    fisher = estimate_fisher(network, data[0], 0, draws, samples=10)
    chosen, levels = again.permutation(len(data[0].y_train))[:10], again.random(10)
    expected = torch.zeros_like(network.head(0).weight)
    for position, level in zip(chosen, levels, strict=True):
        features = network.features(data[0].x_train[position : position + 1])[0]
        answer = torch.softmax(network.head(0)(features), dim=0)
        label = int(np.searchsorted(answer.detach().cumsum(0).numpy(), level))
        wrong = answer - torch.nn.functional.one_hot(torch.tensor(label), len(answer))
        expected += torch.outer(wrong, features) ** 2 / 10
    assert torch.allclose(fisher[-2], expected)


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_fisher_leaves_the_network_as_it_is_and_is_never_negative(make, frozen_copy, kind):
    network, data = make(kind)
    before = frozen_copy(network)
    fisher = estimate_fisher(network, data[0], 0, generator(5, 0, Purpose.FISHER))
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert all((part >= 0).all() for part in fisher)
    assert sum(float(part.sum()) for part in fisher) > 0
    assert [part.shape for part in fisher] == [parameter.shape for parameter in shared_parameters(network)]


def test_the_penalty_is_the_sum_over_tasks_up_to_a_constant(make, recipe):
    network, data = make("mlp")
    strategy, parts = ElasticConsolidation(3.0, seed=5), []
    for task in (0, 1):
        train_task(network, data[task], task, 3, recipe, 5)
        strategy.learned(task, network, data[task])
        fisher = estimate_fisher(network, data[task], task, generator(5, task, Purpose.FISHER))
        parts.append((fisher, [value.detach().clone() for value in shared_parameters(network)]))
    train_task(network, data[2], 2, 3, recipe, 5)
    penalty = strategy.update(Arrival(2, 3)).penalty
    parameters = shared_parameters(network)
    gradients = torch.autograd.grad(penalty(minibatch(network, data[2], 2)), parameters)
    for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        expected = sum(3.0 * fisher[i] * (parameter - values[i]) for fisher, values in parts)
        assert torch.allclose(gradient, expected)


def test_a_stronger_hold_moves_what_mattered_less(make, recipe):
    moved = []
    for strength in (0.0, 10.0, 1000.0):
        network, data = make("mlp")
        strategy = ElasticConsolidation(strength, seed=5)
        train_task(network, data[0], 0, strategy.update(Arrival(0, 3)), recipe, 5)
        strategy.learned(0, network, data[0])
        fisher = estimate_fisher(network, data[0], 0, generator(5, 0, Purpose.FISHER))
        before = [value.detach().clone() for value in shared_parameters(network)]
        train_task(network, data[1], 1, strategy.update(Arrival(1, 3)), recipe, 5)
        pairs = zip(fisher, before, shared_parameters(network), strict=True)
        moved.append(sum(float((part * (now.detach() - old) ** 2).sum()) for part, old, now in pairs))
    assert moved[0] > moved[1] > moved[2]


def test_no_strength_and_the_first_task_are_free(make):
    assert ElasticConsolidation(0.0, seed=5).update(Arrival(1, 3)) == Update(3)
    assert ElasticConsolidation(9.0, seed=5).update(Arrival(0, 3)) == Update(3)
    with pytest.raises(ValueError, match="strength = -1 does not fit; allowed: 0 or more"):
        ElasticConsolidation(-1, seed=5)


def test_what_is_kept_comes_back_to_the_same_bits(make):
    network, data = make()
    strategy, other = ElasticConsolidation(3.0, seed=5), ElasticConsolidation(3.0, seed=5)
    strategy.learned(0, network, data[0])
    other.restore(strategy.state())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.sin(torch.arange(parameter.numel(), dtype=parameter.dtype)).view(parameter.shape)
    values = [one.update(Arrival(1, 9)).penalty(minibatch(network, data[1])).item() for one in (strategy, other)]
    assert values[0] == values[1] > 0


def test_a_run_that_begins_anew_keeps_nothing_of_the_one_before(make, recipe):
    strategy, ends = ElasticConsolidation(50.0, seed=5), []
    for one in (ElasticConsolidation(50.0, seed=5), strategy, strategy):
        network, data = make("mlp")
        for task in (0, 1):
            train_task(network, data[task], task, one.update(Arrival(task, 3)), recipe, 5)
            one.learned(task, network, data[task])
        ends.append(torch.cat([value.reshape(-1) for value in shared_parameters(network)]))
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2])


def test_a_task_that_was_not_noted_is_told(make):
    network, data = make("mlp")
    penalty = ElasticConsolidation(1.0, seed=5).update(Arrival(1, 3)).penalty
    with pytest.raises(RuntimeError, match=r"nothing of an earlier task is kept; call strategy\.learned"):
        penalty(minibatch(network, data[1]))
