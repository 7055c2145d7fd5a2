"""Blocks of any model: held to the bit, measured, and moved a part of the way.

:class:`cl_core.torch.movable.Movable` and the training of :mod:`cl_core.learners` are both built from these functions.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Block:
    """All modules and parameters of a block, and those parameters that no earlier block has: its `own`."""

    modules: list[nn.Module]
    parameters: list[nn.Parameter]
    own: list[nn.Parameter]

    def tensors(self) -> list[Tensor]:
        """Return the parameters and buffers."""
        return [*self.parameters, *(buffer for module in self.modules for buffer in module.buffers(recurse=False))]


def group_blocks(parts: "Iterable[Sequence[nn.Module | nn.Parameter]]") -> list[Block]:
    """Return a block for each of `parts`, in order; a tied weight is the first's own."""
    blocks: list[Block] = []
    earlier: set[int] = set()
    for part in parts:
        modules = unique(inner for one in part if isinstance(one, nn.Module) for inner in one.modules())
        alone = [one for one in part if isinstance(one, nn.Parameter)]
        every = unique([*(one for module in modules for one in module.parameters(recurse=False)), *alone])
        blocks.append(Block(modules, every, [parameter for parameter in every if id(parameter) not in earlier]))
        earlier.update(map(id, every))
    return blocks


@contextmanager
def hold(blocks: Sequence[Block], *, modes: bool = True) -> Iterator[None]:
    """Keep gradients from `blocks` and have their modules in eval mode whenever they are called.

    Without `modes` the modules keep their own mode. Nothing that ``model.train()`` does changes that. At the end each parameter has its ``requires_grad`` back and each
    module its mode.
    """
    with ExitStack() as undo:
        for module in unique(module for block in blocks for module in block.modules if modes):
            undo.callback(setattr, module, "training", module.training)
            undo.callback(module.register_forward_pre_hook(_stay_in_eval).remove)
            module.training = False
        for parameter in unique(parameter for block in blocks for parameter in block.parameters):
            undo.callback(parameter.requires_grad_, parameter.requires_grad)
            # With a gradient left over, momentum and weight decay would go on.
            parameter.requires_grad_(False).grad = None
        yield


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into eval mode; at the end each module has its own mode back."""
    with ExitStack() as undo:
        for module in model.modules():
            undo.callback(setattr, module, "training", module.training)
        model.eval()
        yield


def list_constrained(blocks: Sequence[Block]) -> list[Tensor]:
    """Return what a constraint may write to: the own parameters of `blocks`, a copy in place of one that is held."""
    own = (parameter for block in blocks for parameter in block.own)
    return [parameter if parameter.requires_grad else parameter.detach().clone() for parameter in own]


def sum_gradients(losses: Iterable[Tensor], parameters: Sequence[Tensor]) -> tuple[list[Tensor], float, int, bool]:
    """Return the sum of the gradients of `losses`, the sum of the losses, their number, and whether any had a gradient.

    A parameter that is frozen, or that the losses do not use, has zeros; sums are in float32 or finer.
    """
    sums = [torch.zeros_like(one, dtype=torch.promote_types(one.dtype, torch.float32)) for one in parameters]
    wanted = [(one, total) for one, total in zip(parameters, sums, strict=True) if one.requires_grad]
    value, count, used = 0.0, 0, False
    for loss in losses:
        inputs = [one for one, _ in wanted]
        gradients = torch.autograd.grad(loss, inputs, allow_unused=True) if wanted and loss.requires_grad else ()
        for (_, total), gradient in zip(wanted, gradients, strict=bool(gradients)):
            if gradient is not None:
                total += gradient
                used = True
        value, count = value + loss.item(), count + 1
    return sums, value, count, used


def flatten(tensors: Sequence[Tensor]) -> Any:
    """Return `tensors` as one NumPy vector, float64, on the host."""
    return torch.cat([tensor.reshape(-1).cpu().double() for tensor in tensors]).numpy()


def distance(after: Iterable[Tensor], before: Iterable[Tensor]) -> float:
    """Return ‖after − before‖ over all tensors together, computed in float64."""
    pairs = zip(after, before, strict=True)
    return length(new.detach().cpu().double() - old.cpu().double() for new, old in pairs)


def length(tensors: Iterable[Tensor]) -> float:
    """Return the Euclidean length of all tensors together, computed in float64."""
    return math.sqrt(sum(float(torch.sum(tensor.cpu().double() ** 2)) for tensor in tensors))


def go_part_of_the_way(tensors: Iterable[Tensor], begun: Iterable[Tensor], fraction: float) -> None:
    """Put each tensor at begun + `fraction` · (now − begun); counters, which are integers, stay."""
    with torch.no_grad():
        for tensor, old in zip(tensors, begun, strict=True):
            if tensor.is_floating_point():
                tensor.copy_(old + fraction * (tensor - old))


def unique(items: Iterable[T]) -> list[T]:
    """Return `items` in order, each object once."""
    return list({id(item): item for item in items}.values())


def _stay_in_eval(module: nn.Module, _: Any) -> None:
    if module.training:
        module.eval()
