"""How an update is held back in other ways than by the number of blocks: what a run's strategy asks of its training.

The first task is trained whole under every strategy, so every limit begins with the second.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cl_core.experiments.plan import Plan
from cl_core.experiments.store import Result
from cl_core.learners.constraints import Constraint, Masked, Pulled, Within, random_mask


@dataclass(frozen=True, eq=False)
class Limit:
    """What limits one task's update beside the blocks that move.

    `leading`: the blocks that move are the first, not the last. `rate_factor` multiplies the step length of blocks and
    head, `step_share` is the share of the steps that are made.
    """

    constraint: Constraint | None = None
    leading: bool = False
    rate_factor: float = 1.0
    step_share: float = 1.0


def movable(plan: Plan, sizes: Sequence[int]) -> int:
    """Return how many of the shared parameters a masked run lets move: the nearest integer to its share of them.

    `sizes` holds the number of parameters of each shared block.
    """
    return round(plan.settings.share * sum(sizes))


def masked_blocks(plan: Plan, sizes: Sequence[int]) -> int:
    """Return how many blocks hold a parameter that a masked run lets move; the others are frozen whole.

    Running statistics of a block that holds one move, as in any block that trains. So a random mask lets nearly all of
    them move; a perceptron has none, nor has a network with ``norm=group``.
    """
    if plan.settings.place == "random" and movable(plan, sizes) > 0:
        return len(sizes)
    order = sizes if plan.settings.place == "leading" else list(reversed(sizes))
    left, blocks = movable(plan, sizes), 0
    while left > 0:
        left -= order[blocks]
        blocks += 1
    return blocks


def limit_of(plan: Plan, task: int, sizes: Sequence[int], source: Result | None, device: torch.device) -> Limit:
    """Return what limits `task`, counted from 0, of the run `plan` on shared blocks of these `sizes`.

    `source` is the run that a control follows.
    """
    name, settings = plan.strategy.name, plan.settings
    if task == 0:
        return Limit()
    if name == "masked":
        return _masked(plan, sizes, device)
    if name == "within":
        assert source is not None
        return Limit(Within(math.hypot(*(norm for norm in source.update_norms[task] if norm is not None))))
    if name == "pulled":
        return Limit(Pulled(settings.pull) if settings.pull > 0 else None)
    if name == "slower":
        return Limit(rate_factor=settings.rate_factor)
    if name == "shorter":
        return Limit(step_share=settings.step_share)
    return Limit()


def _masked(plan: Plan, sizes: Sequence[int], device: torch.device) -> Limit:
    count, blocks = movable(plan, sizes), masked_blocks(plan, sizes)
    leading = plan.settings.place == "leading"
    if count == 0:
        return Limit(leading=leading)
    moving = sum(sizes[:blocks] if leading else sizes[len(sizes) - blocks :])
    if plan.settings.place == "random":
        # One mask for all tasks, as the trailing and the leading parameters are the same at every task.
        mask = random_mask(moving, count, plan.seed)
    else:
        mask = torch.arange(moving) < count if leading else torch.arange(moving) >= moving - count
    return Limit(Masked(mask.to(device)), leading=leading)
