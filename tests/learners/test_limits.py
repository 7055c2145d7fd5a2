"""Limits other than a number of blocks: which coordinates a mask lets move, how far, and how strongly pulled back."""

import pytest
import torch

from cl_core.learners.constraints import Pulled, Within
from cl_core.learners.limits import AsFar, InParameters, mask_parameters, pull_back
from cl_core.strategies import Adaptive, Arrival, Frozen, Update, masked_blocks, movable

SIZES = (40, 30, 20, 10)


def test_random_places_are_the_seeds_and_the_same_at_every_task():
    one, other = (mask_parameters(SIZES, 0.5, "random", seed) for seed in (100, 101))
    masks = [one.update(Arrival(task, 4)).constraint.mask for task in (1, 2)]
    assert torch.equal(*masks)
    masks.append(other.update(Arrival(1, 4)).constraint.mask)
    assert not torch.equal(masks[0], masks[2])
    assert [int(mask.sum()) for mask in masks] == [50, 50, 50]
    assert all(mask[:40].any() and mask[-10:].any() for mask in masks)


@pytest.mark.parametrize(
    ("place", "share", "count", "blocks"),
    [
        ("trailing", 0.1, 10, 1),
        ("trailing", 0.11, 11, 2),
        ("trailing", 0.3, 30, 2),
        ("trailing", 1.0, 100, 4),
        ("leading", 0.1, 10, 1),
        ("leading", 0.4, 40, 1),
        ("leading", 0.41, 41, 2),
        ("random", 0.01, 1, 4),
        ("random", 0.001, 0, 0),
        ("leading", 0.001, 0, 0),
    ],
)
def test_blocks_that_hold_nothing_to_move_are_frozen_whole(place, share, count, blocks):
    assert movable(SIZES, share) == count
    assert masked_blocks(SIZES, share, place) == blocks
    update = mask_parameters(SIZES, share, place, 100).limit
    assert (update.blocks, update.leading) == (blocks, place == "leading")
    assert (0 if update.constraint is None else int(update.constraint.mask.sum())) == count


@pytest.mark.parametrize("strength", [0.03, 0.1, 0.3, 1.0, 2.0])
def test_every_strength_above_zero_pulls(strength):
    assert pull_back(4, strength).update(Arrival(1, 4)) == Update(4, constraint=Pulled(strength))


def test_no_strength_is_no_constraint():
    assert pull_back(4, 0.0).update(Arrival(1, 4)) == Update(4)


def test_each_task_goes_as_far_as_its_own_radius():
    strategy = AsFar((9.0, 2.0, 0.5))
    assert [strategy.update(Arrival(task, 4)) for task in range(3)] == [
        Update(4),
        Update(4, constraint=Within(2.0)),
        Update(4, constraint=Within(0.5)),
    ]


def test_blocks_counted_in_parameters_are_the_last_share_of_them():
    strategy = InParameters(Frozen(1), SIZES)
    assert strategy.update(Arrival(0, 4)) == Update(4)
    update = strategy.update(Arrival(1, 4))
    assert update.blocks == 2
    assert int(update.constraint.mask.sum()) == 25
    assert InParameters(Frozen(0), SIZES).update(Arrival(1, 4)) == Update(0)
    assert (InParameters(Adaptive(0.0, 1, 4, metric="sign"), SIZES).metric, strategy.metric) == ("sign", "cosine")
