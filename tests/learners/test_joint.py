from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from cl_core.learners import joint
from cl_core.learners.evaluation import evaluate
from cl_core.learners.joint import train_joint


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_joint_training_learns_every_task(make, recipe, kind):
    network, data = make(kind)
    steps, loss = train_joint(network, data, recipe.replace(epochs=12), 5)
    assert steps == 12 * (120 // 16)
    assert loss < 0.5
    for task, some in enumerate(data):
        assert evaluate(network, some.x_eval, some.y_eval, task) > 25


def test_joint_loss_is_each_image_under_its_own_task_s_head(make, recipe, monkeypatch):
    network, data = make("mlp")
    data[1] = replace(data[1], x_train=data[1].x_train[:17], y_train=data[1].y_train[:17])
    losses = []

    def once(loss_on, *rest, size, **options):
        losses.append(loss_on(torch.randperm(size, generator=torch.Generator().manual_seed(2))[:30]).item())
        losses.append(loss_on(torch.arange(size)).item())
        return 0, 0.0

    monkeypatch.setattr(joint, "descend", once)
    train_joint(network, data, recipe, 5)
    sums = [
        functional.cross_entropy(network(some.x_train, task), some.y_train, reduction="sum").item()
        for task, some in enumerate(data)
    ]
    # All blocks of the MLP compute the same in train and eval mode.
    assert losses[1] == pytest.approx(sum(sums) / 97)
    assert losses[0] != pytest.approx(losses[1])


def test_joint_training_with_one_shared_head(make, recipe):
    network, data = make("mlp", shared_head=True)
    before = network.heads[0].weight.detach().clone()
    train_joint(network, data, recipe, 5)
    assert not torch.equal(before, network.heads[0].weight)
