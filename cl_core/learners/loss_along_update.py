"""What learning a new task does to the loss of an old one: measured, and foretold from slope and curvature.

The old loss is that of the old task's training images, in eval mode, as a function of the blocks that may move. Along
the straight line θ + sΔ from the old weights (s = 0) to the new ones (s = 1) it is measured with the running statistics
held as the old task left them; once more, at s = 1, with the statistics that the new task left.
Source: book, chapter "From the linear model to a network".
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn import functional

from cl_core.learners.arrival import arrive
from cl_core.learners.curvature import Loss, Prediction, flat_parameters, loss_function, predict
from cl_core.learners.networks import Network
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import Recipe, moving_blocks, train_task

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Aftermath:
    """What one update of `magnitude` blocks, `parameters` in all, did to the old task's loss, which was `loss` before.

    `prediction` compares the whole update with its second-order expansion; `along` is the measured change at each of
    the asked shares of the way, `foretold` slope and curvature there, both (shares,). `unheld` is the change at the whole
    update when the running statistics have moved as well.
    """

    magnitude: int
    parameters: int
    loss: float
    prediction: Prediction
    along: Floats
    foretold: Floats
    unheld: float
    switched: Floats


def aftermath(
    network: Network,
    old: TaskData,
    new: TaskData,
    *,
    task: int,
    magnitude: int,
    recipe: Recipe,
    seed: int,
    shares: ArrayLike,
) -> Aftermath:
    """Train `task` (counted from 1) on `new`, moving `magnitude` blocks, and return what became of the task before it.

    `network` has just been trained on `old`, the task before; it is copied, and stays as it is. `shares` are parts of the
    way, 0 to 1. Raises ValueError for magnitude 0, which changes nothing that the old task reads, or a share out of range.
    """
    parts = np.atleast_1d(np.asarray(shares, dtype=np.float64))
    if not ((parts >= 0) & (parts <= 1)).all():
        raise ValueError(f"shares = {parts.tolist()} has an entry outside 0 to 1; give parts of the way")
    blocks = list(moving_blocks(len(network.blocks), magnitude))
    if not blocks:
        raise ValueError("magnitude 0 moves nothing that the old task reads, so nothing is forgotten; give 1 or more")
    moved = copy.deepcopy(network)
    loss = loss_function(moved, old.x_train, old.y_train, task - 1, blocks)
    before = flat_parameters(moved, blocks)
    arrive(moved, new, task, recipe, seed)
    train_task(moved, new, task, magnitude, recipe, seed)
    after = flat_parameters(moved, blocks)
    prediction = predict(loss, before, after, seed=seed)
    with torch.no_grad():
        start = float(loss(before))
        end = float(functional.cross_entropy(moved(old.x_train, task - 1), old.y_train))
    return Aftermath(
        magnitude=magnitude,
        parameters=len(before),
        loss=start,
        prediction=prediction,
        along=changes_along(loss, before, after, parts),
        foretold=foretold(prediction, parts),
        unheld=end - start,
        switched=switched(network, old.x_train, blocks, before, after, parts),
    )


def changes_along(loss: Loss, before: torch.Tensor, after: torch.Tensor, shares: Sequence[float] | Floats) -> Floats:
    """Return ℓ(θ + sΔ) − ℓ(θ) for each share s, θ = `before`, θ + Δ = `after`."""
    with torch.no_grad():
        start = float(loss(before))
        return np.array([float(loss(before + float(share) * (after - before))) - start for share in shares])


def switched(
    network: Network,
    x: torch.Tensor,
    blocks: Sequence[int],
    before: torch.Tensor,
    after: torch.Tensor,
    shares: Sequence[float] | Floats,
) -> Floats:
    """Return the part of the blocks' outputs on images `x` that have switched on or off between s = 0 and each share s.

    `blocks` get the parameters θ + sΔ, all else is as in `network`, which stays as it is.
    """
    trial = copy.deepcopy(network).eval().requires_grad_(False)

    def pattern(share: float) -> torch.Tensor:
        place, vector = 0, before + share * (after - before)
        for parameter in (p for block in blocks for p in trial.blocks[block].parameters()):
            parameter.copy_(vector[place : place + parameter.numel()].view_as(parameter))
            place += parameter.numel()
        states, inputs = [], x
        for block in trial.blocks:
            inputs = block(inputs)
            states.append((inputs > 0).reshape(-1))
        return torch.cat(states)

    start = pattern(0.0)
    return np.array([float((pattern(float(share)) != start).double().mean()) for share in shares])


def foretold(prediction: Prediction, shares: ArrayLike) -> Floats:
    """Return s⟨∇ℓ, Δ⟩ + s² ½ΔᵀHΔ, the second-order expansion, at each share s."""
    parts = np.asarray(shares, dtype=np.float64)
    return np.asarray(parts * prediction.slope + parts**2 * prediction.quadratic)


def expansion_error(measured: ArrayLike, prediction: Prediction, shares: ArrayLike) -> Floats:
    """Return |measured − foretold| at each share, relative to |s⟨∇ℓ, Δ⟩| + |s² ½ΔᵀHΔ|: two sizes that cannot cancel.

    NaN at share 0, where there is nothing to foretell.
    """
    parts = np.asarray(shares, dtype=np.float64)
    size = np.abs(parts * prediction.slope) + np.abs(parts**2 * prediction.quadratic)
    gap = np.abs(np.asarray(measured, dtype=np.float64) - foretold(prediction, parts))
    return np.asarray(np.divide(gap, size, out=np.full(gap.shape, np.nan), where=size > 0))
