import math

import pytest
import torch

from cl_core.learners import evaluation
from cl_core.learners.evaluation import count_correct, evaluate, logits, logits_change
from cl_core.learners.training import train_task


def whole(network, x, task, batch):
    with torch.no_grad():
        return torch.cat([network(piece, task) for piece in torch.split(x, batch)])


def test_counts_the_right_answers(make):
    outputs = torch.tensor([[3.0, 1.0], [0.0, 2.0], [5.0, 4.0]])
    assert count_correct(outputs, torch.tensor([0, 1, 1])) == 2
    network, data = make("mlp")
    y = whole(network, data[0].x_eval, 0, 40).argmax(dim=1)
    assert evaluate(network, data[0].x_eval, y, 0) == 40
    assert evaluate(network, data[0].x_eval, (y + 1) % 3, 0) == 0


@pytest.mark.parametrize("kind", ["resnet", "mlp"])
def test_what_is_remembered_changes_no_bit(make, recipe, kind):
    """Through every order of magnitudes, a remembered prefix gives bitwise what the whole network gives."""
    network, data = make(kind)
    most = len(network.blocks)
    for task, magnitude in enumerate([most, 1, 1, 0, most, 2, 1, 0, 1]):
        train_task(network, data[task % 3], task % 3, magnitude, recipe, 1)
        for _ in range(2):
            for old in range(3):
                x = data[old].x_eval
                assert torch.equal(logits(network, x, old, 16), whole(network, x, old, 16))


def test_training_in_between_is_noticed_though_nothing_was_evaluated(make, recipe):
    network, data = make("mlp")
    x = data[0].x_eval
    train_task(network, data[0], 0, 1, recipe, 1)
    logits(network, x, 0)
    train_task(network, data[1], 1, 3, recipe, 1)
    train_task(network, data[2], 2, 1, recipe, 1)
    assert torch.equal(logits(network, x, 0), whole(network, x, 0, 40))


def test_the_prefix_is_computed_once_while_it_stands_still(make, recipe):
    network, data = make()
    calls = []
    network.blocks[0].register_forward_hook(lambda module, inputs, output: calls.append(len(output)))
    train_task(network, data[0], 0, 9, recipe, 1)
    for magnitude, expected in ((2, [40]), (2, []), (3, [40]), (9, [40, 40])):
        train_task(network, data[1], 1, magnitude, recipe, 1)
        calls.clear()
        evaluate(network, data[0].x_eval, data[0].y_eval, 0)
        evaluate(network, data[0].x_eval, data[0].y_eval, 0)
        assert [count for count in calls if count > 1] == expected


def test_a_changed_prefix_or_image_is_noticed(make, recipe):
    network, data = make("mlp")
    train_task(network, data[1], 1, 1, recipe, 1)
    x = data[0].x_eval
    logits(network, x, 0)
    with torch.no_grad():
        network.blocks[0].linear.weight.mul_(2)
    assert torch.equal(logits(network, x, 0), whole(network, x, 0, 40))
    x.add_(1)
    assert torch.equal(logits(network, x, 0), whole(network, x, 0, 40))
    other, _ = make("mlp", seed=9)
    network.load_state_dict(other.state_dict())
    assert torch.equal(logits(network, x, 0), whole(network, x, 0, 40))


def test_memory_is_given_back_with_the_images(make, recipe):
    network, data = make("mlp")
    train_task(network, data[1], 1, 1, recipe, 1)
    x = data[0].x_eval.clone()
    logits(network, x, 0)
    assert len(evaluation._MEMORY[network]) == 1
    del x
    logits(network, data[1].x_eval, 0)
    assert len(evaluation._MEMORY[network]) == 1


def test_beyond_the_limit_nothing_is_kept(make, recipe, monkeypatch):
    monkeypatch.setattr(evaluation, "MOST_BYTES", 10)
    network, data = make("mlp")
    train_task(network, data[1], 1, 1, recipe, 1)
    outputs = logits(network, data[0].x_eval, 0)
    assert not evaluation._MEMORY.get(network)
    assert torch.equal(outputs, whole(network, data[0].x_eval, 0, 40))


def test_change_of_outputs_by_hand():
    before = torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    assert logits_change(before, before + 5) == pytest.approx(0, abs=1e-12)
    assert logits_change(before, 2 * before) == pytest.approx(1)
    assert logits_change(before, torch.tensor([[1.0, 3.0], [4.0, -4.0]])) == pytest.approx(4)
    assert math.isnan(logits_change(torch.ones(2, 2), before))
