"""What an update limits besides blocks, at each step of any optimizer over a model: length, place and number of steps."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from cl_core.strategies import Update
from cl_core.torch.holding import Block, list_constrained


@contextmanager
def limit_steps(
    model: nn.Module, moving: Sequence[Block], update: Update, steps: int | None, after_step: Callable[[int], None]
) -> Iterator[None]:
    """Apply the rate factor, the constraint and the share of steps of `update` to every optimizer that has a parameter of `model`.

    `moving` are the blocks that may move, `steps` is the number of steps without the limit, and `after_step` is called
    after each with the optimizer's id. An optimizer that steps inside another's step is part of it.
    """
    allowed = None if update.step_share == 1 or steps is None else update.steps(steps)
    own = {id(parameter) for parameter in model.parameters()}
    blocks = {id(parameter) for block in moving for parameter in block.own}
    constrained = list_constrained(moving)
    start = [parameter.detach().clone() for parameter in constrained] if update.constraint else []
    made: dict[int, int] = {}
    rates: list[tuple[Optimizer, list[Any]]] = []

    def has(optimizer: Optimizer, chosen: set[int]) -> list[dict[str, Any]]:
        return [group for group in optimizer.param_groups if any(id(one) in chosen for one in group["params"])]

    def restore() -> None:
        for optimizer, old in rates:
            for group, rate in zip(optimizer.param_groups, old, strict=True):
                group["lr"] = rate
        rates.clear()

    def before(optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        if rates and rates[0][0] is optimizer:
            # Its last step was broken off.
            restore()
        if rates or not has(optimizer, own):
            return
        made[id(optimizer)] = made.get(id(optimizer), 0) + 1
        if allowed is not None and made[id(optimizer)] > allowed:
            raise RuntimeError(f"step {made[id(optimizer)]} is past the {allowed} of {steps} that the update allows")
        rates.append((optimizer, [group.get("lr") for group in optimizer.param_groups]))
        if update.rate_factor != 1:
            for group in optimizer.param_groups:
                if group.get("lr") is None:
                    raise ValueError(f"{type(optimizer).__name__} has no learning rate for rate_factor to multiply")
                group["lr"] = group["lr"] * update.rate_factor

    def after(optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        if not rates or rates[0][0] is not optimizer:
            return
        groups = has(optimizer, blocks)
        if update.constraint is not None and groups:
            with torch.no_grad():
                update.constraint(constrained, start, max(float(group.get("lr") or 0) for group in groups))
        restore()
        after_step(id(optimizer))

    with ExitStack() as undo:
        if update != Update(update.blocks, leading=update.leading, fraction=update.fraction):
            undo.callback(restore)
            undo.callback(register_optimizer_step_pre_hook(before).remove)
            undo.callback(register_optimizer_step_post_hook(after).remove)
        yield
