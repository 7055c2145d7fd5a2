"""Limits on a task's update other than how many blocks move: which coordinates, how far, how strongly held back.

Each is called after every optimizer step with the parameters that train (heads apart), their values when the task
began, and the step length; it changes the parameters in place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from cl_core.draws import Purpose, generator


class Constraint(Protocol):
    """Puts the parameters back where the constraint allows them to be."""

    def __call__(self, parameters: Sequence[Tensor], start: Sequence[Tensor], rate: float) -> None:
        """Change `parameters` in place; `start` holds their values when the task began, `rate` the step length."""
        ...


@dataclass(frozen=True, eq=False)
class Masked:
    """Only coordinates where `mask`, flat over the parameters that train, is true may move; the others stay bitwise.

    Running statistics of a block that trains move all the same, with the data of the task; a block that holds no
    coordinate to move should be left out of those that train, and is then frozen whole.
    """

    mask: Tensor

    @property
    def movable(self) -> int:
        """Number of parameters that may move."""
        return int(self.mask.sum())

    def __call__(self, parameters: Sequence[Tensor], start: Sequence[Tensor], rate: float) -> None:
        """Put masked coordinates back."""
        sizes = [parameter.numel() for parameter in parameters]
        if sum(sizes) != len(self.mask):
            raise ValueError(f"the mask has {len(self.mask)} entries for {sum(sizes)} parameters; give one each")
        for parameter, begun, part in zip(parameters, start, torch.split(self.mask, sizes), strict=True):
            parameter.copy_(torch.where(part.view(parameter.shape), parameter, begun))


@dataclass(frozen=True)
class Within:
    """The update as a whole stays within ‖θ − θ_start‖ ≤ `radius`: projected back after each step that leaves it."""

    radius: float

    def __call__(self, parameters: Sequence[Tensor], start: Sequence[Tensor], rate: float) -> None:
        """Shorten the update to `radius` where it is longer."""
        squares = (
            torch.sum((parameter - begun).double() ** 2) for parameter, begun in zip(parameters, start, strict=True)
        )
        length = float(torch.sqrt(torch.stack(list(squares)).sum()))
        if length > self.radius:
            for parameter, begun in zip(parameters, start, strict=True):
                parameter.copy_(begun + (parameter - begun) * (self.radius / length))


@dataclass(frozen=True)
class Pulled:
    """A pull of strength λ back to the start, λ/2 ‖θ − θ_start‖², applied after each step (decoupled from momentum)."""

    strength: float

    def __call__(self, parameters: Sequence[Tensor], start: Sequence[Tensor], rate: float) -> None:
        """Shorten the update by the factor 1/(1 + rate · λ)."""
        for parameter, begun in zip(parameters, start, strict=True):
            parameter.copy_(begun + (parameter - begun) / (1 + rate * self.strength))


def random_mask(size: int, chosen: int, seed: int, task: int = 0) -> Tensor:
    """Return a mask (size,) with `chosen` true entries at random places, fixed by `seed` and `task`."""
    if not 0 <= chosen <= size:
        raise ValueError(f"chosen = {chosen} does not fit {size} parameters; give 0 to {size}")
    mask = torch.zeros(size, dtype=torch.bool)
    mask[torch.from_numpy(generator(seed, task, Purpose.MASK).permutation(size)[:chosen])] = True
    return mask
