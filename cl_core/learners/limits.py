"""Strategies that limit an update in other ways than by the number of blocks: which coordinates, how far, how strongly."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cl_core.block_sizes import masked_blocks, movable
from cl_core.given_updates import Limited
from cl_core.learners.constraints import Masked, Pulled, Within, random_mask
from cl_core.strategies import Arrival, Strategy, Update


@dataclass(frozen=True)
class AsFar(Strategy):
    """Every block may move, each task's update as a whole no farther than its entry in `radii` (the first is not read)."""

    radii: tuple[float, ...]

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, kept within the task's radius from the second task on."""
        if arrival.task == 0:
            return Update(arrival.blocks)
        return Update(arrival.blocks, constraint=Within(self.radii[arrival.task]))


@dataclass(frozen=True, eq=False)
class InParameters(Strategy):
    """Where `rule` lets the last m of K blocks move, the last m/K of all shared parameters do, wherever blocks end.

    `sizes` are the numbers of parameters of the blocks.
    """

    rule: Strategy
    sizes: tuple[int, ...]
    device: "torch.device | str" = "cpu"

    @property
    def metric(self) -> str:
        """The metric of the rule, for a loop that asks it; ``cosine`` where the rule has none."""
        return str(getattr(self.rule, "metric", "cosine"))

    def update(self, arrival: Arrival) -> Update:
        """Return the rule's answer as a share of the parameters; all of them, and none, stay as they are."""
        update = self.rule.update(arrival)
        if update.blocks in (0, arrival.blocks):
            return update
        return mask_parameters(self.sizes, update.blocks / arrival.blocks, "trailing", 0, self.device).limit


def pull_back(blocks: int, strength: float) -> Limited:
    """Return the strategy that moves all `blocks`, pulled to where the task began with `strength`, 0 or more."""
    return Limited(Update(blocks, constraint=Pulled(strength) if strength > 0 else None))


def mask_parameters(
    sizes: Sequence[int], share: float, place: str, seed: int, device: "torch.device | str" = "cpu"
) -> Limited:
    """Return the strategy that moves a `share` of the parameters of blocks of these `sizes`, wherever the blocks end.

    They lie at `place`: ``trailing``, ``leading`` or ``random``; random ones are drawn once from `seed`, for all tasks.
    Blocks without one of them are frozen whole. Running statistics of a block that holds one move, as in any block that
    trains, so a random mask lets nearly all of them move; a perceptron has none, nor has a network with ``norm=group``.
    """
    count, blocks, leading = movable(sizes, share), masked_blocks(sizes, share, place), place == "leading"
    if count == 0:
        return Limited(Update(blocks, leading=leading))
    moving = sum(sizes[:blocks] if leading else sizes[len(sizes) - blocks :])
    if place == "random":
        # One mask for all tasks, as the trailing and the leading parameters are the same at every task.
        mask = random_mask(moving, count, seed)
    else:
        mask = torch.arange(moving) < count if leading else torch.arange(moving) >= moving - count
    return Limited(Update(blocks, leading=leading, constraint=Masked(mask.to(device))))
