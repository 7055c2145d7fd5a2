"""Learning without forgetting: old heads go on answering as they did, on the new task's images."""

import copy

import pytest
import torch
from torch.nn import functional

from cl_core.learners.evaluation import logits
from cl_core.learners.lwf import Distillation
from cl_core.learners.penalties import Minibatch
from cl_core.learners.training import train_task
from cl_core.strategies import Arrival, Update


def test_the_penalty_by_hand_over_all_old_heads(make, recipe):
    network, data = make("mlp")
    strategy = Distillation(0.5, temperature=3.0)
    strategy.learned(1, network, data[1])
    teacher = copy.deepcopy(network)
    train_task(network, data[2], 2, 3, recipe, 5)
    positions = torch.tensor([7, 2, 5])
    penalty = strategy.update(Arrival(2, 3)).penalty
    value = penalty(Minibatch(network, 2, data[2], positions, network.features(data[2].x_train[positions])))
    expected = 0.0
    for head in (0, 1):
        old = torch.softmax(logits(teacher, data[2].x_train, head) / 3, dim=1)[positions]
        new = torch.log_softmax(logits(network, data[2].x_train, head) / 3, dim=1)[positions]
        expected -= 0.5 * (old * new).sum(dim=1).mean().item()
    assert value.item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_old_heads_answer_more_like_before_and_stay_as_they_are(make, recipe, kind):
    changes = []
    for strength in (0.0, 3.0):
        network, data = make(kind)
        strategy = Distillation(strength)
        blocks = len(network.blocks)
        train_task(network, data[0], 0, strategy.update(Arrival(0, blocks)), recipe, 5)
        strategy.learned(0, network, data[0])
        head = network.head(0).weight.detach().clone()
        before = logits(network, data[1].x_train, 0)
        train_task(network, data[1], 1, strategy.update(Arrival(1, blocks)), recipe.replace(epochs=20), 5)
        after = logits(network, data[1].x_train, 0)
        changes.append(functional.kl_div(after.log_softmax(1), before.softmax(1), reduction="batchmean").item())
        assert torch.equal(network.head(0).weight, head)
    assert changes[1] < changes[0]


def test_no_strength_and_the_first_task_are_free():
    assert Distillation(0.0).update(Arrival(1, 3)) == Update(3)
    assert Distillation(2.0).update(Arrival(0, 3)) == Update(3)
    with pytest.raises(ValueError, match="strength = -1 does not fit; allowed: 0 or more"):
        Distillation(-1)
    with pytest.raises(ValueError, match="temperature = 0 does not fit; allowed: above 0"):
        Distillation(1.0, temperature=0)


def test_each_task_has_its_own_teacher_and_a_shared_head_answers_once(make, recipe):
    network, data = make("mlp", shared_head=True)
    strategy, values = Distillation(1.0), []
    for task in (0, 1):
        train_task(network, data[task], task, strategy.update(Arrival(task, 3)), recipe, 5)
        strategy.learned(task, network, data[task])
        penalty = strategy.update(Arrival(task + 1, 3)).penalty
        images = data[task + 1]
        batch = Minibatch(network, task + 1, images, torch.arange(4), network.features(images.x_train[:4]))
        answers = torch.softmax(logits(network, images.x_train[:4], 0) / 2, dim=1)
        entropy = -(answers * answers.log()).sum(dim=1).mean().item()
        values.append(penalty(batch).item() - entropy)
    assert values == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_task_that_was_not_noted_is_told(make):
    network, data = make("mlp")
    positions = torch.arange(4)
    minibatch = Minibatch(network, 1, data[1], positions, network.features(data[1].x_train[:4]))
    with pytest.raises(RuntimeError, match=r"nothing of an earlier task is kept; call strategy\.learned"):
        Distillation(1.0).update(Arrival(1, 3)).penalty(minibatch)


def test_a_run_that_begins_anew_has_no_teacher_of_the_one_before(make):
    network, data = make("mlp")
    strategy = Distillation(1.0)
    strategy.learned(0, network, data[0])
    assert strategy.state()
    strategy.update(Arrival(0, 3))
    assert strategy.state() == {}
