"""Two stages: the blocks held first stay in the first stage alone, and the report is of the whole way."""

import pytest
import torch

from cl_core.learners.networks import list_blocks
from cl_core.learners.stages import train_frozen_then_whole
from cl_core.learners.training import train_task
from cl_core.strategies import Update
from cl_core.torch.holding import distance


def test_the_second_stage_moves_all_and_the_report_is_of_both(make, recipe):
    network, data = make("mlp")
    train_task(network, data[0], 0, 3, recipe, 5)
    other, _ = make("mlp")
    other.load_state_dict(network.state_dict())
    before = [[p.detach().clone() for p in block.own] for block in list_blocks(network)]
    report = train_frozen_then_whole(network, data[1], 1, Update(1), recipe, 5)
    first = train_task(other, data[1], 1, 1, recipe, 5)
    assert report.magnitude == 1
    assert report.steps == 2 * first.steps
    assert report.moved_share == 1.0
    whole = [distance(block.own, old) for block, old in zip(list_blocks(network), before, strict=True)]
    assert report.update_norms == pytest.approx(whole)
    assert min(report.update_norms) > 0
    assert first.update_norms[0] == 0


def test_the_second_stage_has_an_order_of_minibatches_of_its_own(make, recipe):
    network, data = make("mlp")
    other, _ = make("mlp")
    train_frozen_then_whole(network, data[0], 0, Update(3), recipe, 5)
    for _ in range(2):
        train_task(other, data[0], 0, 3, recipe, 5)
    assert not torch.equal(network.blocks[0].linear.weight, other.blocks[0].linear.weight)
