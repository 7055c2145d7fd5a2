import pytest
import torch

from cl_core.learners.evaluation import count_correct, evaluate, logits
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


@pytest.mark.parametrize("change", ["fused", "data"])
def test_a_change_that_torch_does_not_count_is_seen(make, recipe, change):
    network, data = make("mlp")
    x = data[0].x_eval
    train_task(network, data[1], 1, 1, recipe, 1)
    before = logits(network, x, 0)
    if change == "fused":
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, fused=True)
        torch.nn.functional.cross_entropy(network(x, 0), data[0].y_eval).backward()
        optimizer.step()
    else:
        network.blocks[0].linear.weight.data.mul_(2)
    after = logits(network, x, 0)
    assert (after - before).abs().max() > 0.1
    assert torch.equal(after, whole(network, x, 0, 40))
    assert evaluate(network, x, after.argmax(dim=1), 0) == len(x)


@pytest.mark.parametrize("labels", [torch.zeros(3, 1), torch.zeros(1), torch.zeros(4)])
def test_labels_that_would_be_broadcast_are_an_error(labels):
    with pytest.raises(ValueError, match=r"labels of shape \([14,3 ]+\) do not fit 3 answers; give one each, \(n,\)"):
        count_correct(torch.zeros(3, 2), labels)
