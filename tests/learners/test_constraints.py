import math

import pytest
import torch

from cl_core.learners.constraints import Masked, Pulled, Within, random_mask
from cl_core.learners.networks import block_parameters
from cl_core.learners.training import train_task
from cl_core.strategies import Update


def flat(network):
    return torch.cat([parameter.detach().reshape(-1).clone() for parameter in network.blocks.parameters()])


def test_coordinates_outside_the_mask_are_bitwise_the_same(make, recipe):
    network, data = make()
    mask = random_mask(sum(block_parameters(network)), 50, 5)
    before = flat(network)
    train_task(network, data[0], 0, Update(9, constraint=Masked(mask)), recipe, 5)
    moved = flat(network) != before
    assert not (moved & ~mask).any()
    assert moved.sum() > 45


def test_a_full_mask_is_no_constraint(make, recipe):
    free, data = make("mlp")
    masked, _ = make("mlp")
    train_task(free, data[0], 0, 2, recipe, 5)
    mask = torch.ones(sum(block_parameters(masked)[1:]), dtype=torch.bool)
    train_task(masked, data[0], 0, Update(2, constraint=Masked(mask)), recipe, 5)
    assert torch.equal(flat(free), flat(masked))


def test_an_empty_mask_lets_nothing_move(make, recipe):
    network, data = make("mlp")
    before = flat(network)
    mask = torch.zeros(sum(block_parameters(network)), dtype=torch.bool)
    report = train_task(network, data[0], 0, Update(3, constraint=Masked(mask)), recipe, 5)
    assert torch.equal(flat(network), before)
    assert report.moved_share == 0
    assert report.update_norms == (0.0, 0.0, 0.0)
    assert int(random_mask(10, 0, 1).sum()) == 0


def test_a_mask_of_the_wrong_size_is_an_error(make, recipe):
    network, data = make("mlp")
    with pytest.raises(ValueError, match="7 entries"):
        train_task(network, data[0], 0, Update(2, constraint=Masked(torch.ones(7, dtype=torch.bool))), recipe, 5)


def test_the_update_stays_within_its_radius(make, recipe):
    free, data = make("mlp")
    report = train_task(free, data[0], 0, 3, recipe, 5)
    length = math.hypot(*report.update_norms)
    near, _ = make("mlp")
    shorter = train_task(near, data[0], 0, Update(3, constraint=Within(length / 3)), recipe, 5)
    assert math.hypot(*shorter.update_norms) == pytest.approx(length / 3, rel=1e-9)
    loose, _ = make("mlp")
    train_task(loose, data[0], 0, Update(3, constraint=Within(100 * length)), recipe, 5)
    assert torch.equal(flat(loose), flat(free))


def test_a_stronger_pull_makes_a_shorter_update(make, recipe):
    lengths = []
    for strength in (0.0, 1.0, 10.0, 1e9):
        network, data = make("mlp")
        lengths.append(
            math.hypot(*train_task(network, data[0], 0, Update(3, constraint=Pulled(strength)), recipe, 5).update_norms)
        )
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 1e-4 * lengths[0]


def test_the_pull_is_the_proximal_step():
    parameter, start = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])
    Pulled(4.0)([parameter], [start], rate=0.25)
    assert parameter.tolist() == [2.0, 1.0]


def test_random_masks():
    mask = random_mask(100, 30, 1)
    assert int(mask.sum()) == 30
    assert torch.equal(mask, random_mask(100, 30, 1))
    assert not torch.equal(mask, random_mask(100, 30, 2))
    with pytest.raises(ValueError, match="101"):
        random_mask(100, 101, 1)
