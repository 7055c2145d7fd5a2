import pytest
import torch

from cl_core.learners import evaluation
from cl_core.learners.prefix_memory import PrefixMemory
from cl_core.learners.training import train_task


def whole(network, x, task, batch):
    with torch.no_grad():
        return torch.cat([network(piece, task) for piece in torch.split(x, batch)])


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_what_is_remembered_changes_no_bit(make, recipe, kind):
    """Through every order of magnitudes, a remembered prefix gives bitwise what the whole network gives."""
    network, data = make(kind)
    memory = PrefixMemory(network)
    most = len(network.blocks)
    for task, magnitude in enumerate([most, 1, 1, 0, most, 2, 1, 0, 1]):
        train_task(network, data[task % 3], task % 3, magnitude, recipe, 1)
        for _ in range(2):
            for old in range(3):
                x = data[old].x_eval
                assert torch.equal(memory.logits(x, old, 16), whole(network, x, old, 16))


def test_training_in_between_is_noticed_though_nothing_was_evaluated(make, recipe):
    network, data = make("mlp")
    memory = PrefixMemory(network)
    x = data[0].x_eval
    train_task(network, data[0], 0, 1, recipe, 1)
    memory.logits(x, 0)
    train_task(network, data[1], 1, 3, recipe, 1)
    train_task(network, data[2], 2, 1, recipe, 1)
    assert torch.equal(memory.logits(x, 0), whole(network, x, 0, 40))


def test_the_prefix_is_computed_once_while_it_stands_still(make, recipe):
    network, data = make()
    memory = PrefixMemory(network)
    calls = []
    network.blocks[0].register_forward_hook(lambda module, inputs, output: calls.append(len(output)))
    train_task(network, data[0], 0, 9, recipe, 1)
    for magnitude, expected in ((2, [40]), (2, []), (3, [40]), (9, [40, 40])):
        train_task(network, data[1], 1, magnitude, recipe, 1)
        calls.clear()
        memory.logits(data[0].x_eval, 0)
        memory.logits(data[0].x_eval, 0)
        assert [count for count in calls if count > 1] == expected


def test_a_changed_prefix_or_image_is_noticed(make, recipe):
    network, data = make("mlp")
    memory = PrefixMemory(network)
    train_task(network, data[1], 1, 1, recipe, 1)
    x = data[0].x_eval
    memory.logits(x, 0)
    with torch.no_grad():
        network.blocks[0].linear.weight.mul_(2)
    assert torch.equal(memory.logits(x, 0), whole(network, x, 0, 40))
    x.add_(1)
    assert torch.equal(memory.logits(x, 0), whole(network, x, 0, 40))
    other, _ = make("mlp", seed=9)
    network.load_state_dict(other.state_dict())
    assert torch.equal(memory.logits(x, 0), whole(network, x, 0, 40))


def test_memory_is_given_back_with_the_images(make, recipe):
    network, data = make("mlp")
    memory = PrefixMemory(network)
    train_task(network, data[1], 1, 1, recipe, 1)
    x = data[0].x_eval.clone()
    memory.logits(x, 0)
    assert len(memory._entries) == 1
    del x
    memory.logits(data[1].x_eval, 0)
    assert len(memory._entries) == 1


def test_beyond_the_limit_nothing_is_kept(make, recipe, monkeypatch):
    monkeypatch.setattr(evaluation, "MOST_BYTES", 10)
    network, data = make("mlp")
    memory = PrefixMemory(network)
    train_task(network, data[1], 1, 1, recipe, 1)
    outputs = memory.logits(data[0].x_eval, 0)
    assert not memory._entries
    assert torch.equal(outputs, whole(network, data[0].x_eval, 0, 40))
