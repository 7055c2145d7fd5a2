"""What one update does to the loss of the task before: measured, and predicted from slope and curvature.

The old loss is the mean loss on the old task's training images, in eval mode, as a function of the blocks that may move.
It is measured along the straight line θ + sΔ from the old weights (s = 0) to the new ones (s = 1), with the running
statistics of batch normalisation held as the old task left them. At s = 1 it is also measured with the new statistics.
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
from cl_core.learners.curvature import Loss, Prediction, flatten_parameters, make_loss_function, predict
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import moving_blocks, train_task

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UpdateEffect:
    """The effect of one update on the loss of the task before.

    The update moved `magnitude` blocks with `parameters` parameters in all; `loss` is the old task's loss before it.
    `prediction` compares the whole update with its second-order expansion. Three arrays (S,) belong to the shares s of
    the way: `measured`, the change of the loss; `predicted`, the second-order expansion of it; `activation_flips`, the
    share of the blocks' outputs, 0 to 1, that have switched on or off. `increase_with_bn_drift` is the change of the loss
    at the whole update when the running statistics of batch normalisation have moved as well.
    """

    magnitude: int
    parameters: int
    loss: float
    prediction: Prediction
    measured: Floats
    predicted: Floats
    increase_with_bn_drift: float
    activation_flips: Floats


def measure_update_effect(
    network: Network,
    old: TaskData,
    new: TaskData,
    *,
    task: int,
    magnitude: int,
    recipe: Recipe,
    seed: int,
    shares: ArrayLike,
) -> UpdateEffect:
    """Train `task` (from 1 on) on `new`, moving `magnitude` blocks, and measure the effect on the task before it.

    `network` was last trained on `old`, the task before. It is copied and stays as it is. `shares` (S,) are parts of the
    way, 0 to 1. Raises ValueError for magnitude 0, which changes nothing that the old task reads, or a share out of range.
    """
    parts = np.atleast_1d(np.asarray(shares, dtype=np.float64))
    if not ((parts >= 0) & (parts <= 1)).all():
        raise ValueError(f"shares = {parts.tolist()} has an entry outside 0 to 1; give parts of the way")
    blocks = list(moving_blocks(len(network.blocks), magnitude))
    if not blocks:
        raise ValueError("magnitude 0 moves nothing that the old task reads, so nothing is forgotten; give 1 or more")
    moved = copy.deepcopy(network)
    loss = make_loss_function(moved, old.x_train, old.y_train, task - 1, blocks)
    before = flatten_parameters(moved, blocks)
    arrive(moved, new, task, recipe, seed)
    train_task(moved, new, task, magnitude, recipe, seed)
    after = flatten_parameters(moved, blocks)
    prediction = predict(loss, before, after, seed=seed)
    with torch.no_grad():
        start = float(loss(before))
        end = float(functional.cross_entropy(moved(old.x_train, task - 1), old.y_train))
    return UpdateEffect(
        magnitude=magnitude,
        parameters=len(before),
        loss=start,
        prediction=prediction,
        measured=measure_changes(loss, before, after, parts),
        predicted=predict_changes(prediction, parts),
        increase_with_bn_drift=end - start,
        activation_flips=measure_activation_flips(network, old.x_train, blocks, before, after, parts),
    )


def measure_changes(loss: Loss, before: torch.Tensor, after: torch.Tensor, shares: Sequence[float] | Floats) -> Floats:
    """Return ℓ(θ + sΔ) − ℓ(θ) at each share s: (S,); `before` is θ and `after` is θ + Δ."""
    with torch.no_grad():
        start = float(loss(before))
        return np.array([float(loss(before + float(share) * (after - before))) - start for share in shares])


def measure_activation_flips(
    network: Network,
    x: torch.Tensor,
    blocks: Sequence[int],
    before: torch.Tensor,
    after: torch.Tensor,
    shares: Sequence[float] | Floats,
) -> Floats:
    """Return the share of the blocks' outputs on images `x` that switch on or off between s = 0 and each share s: (S,).

    The given blocks take the parameters θ + sΔ; everything else is as in `network`, which stays as it is.
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


def predict_changes(prediction: Prediction, shares: ArrayLike) -> Floats:
    """Return s⟨∇ℓ, Δ⟩ + s² ½ΔᵀHΔ, the second-order expansion, at each share s."""
    parts = np.asarray(shares, dtype=np.float64)
    return np.asarray(parts * prediction.slope + parts**2 * prediction.quadratic)


def expansion_error(measured: ArrayLike, prediction: Prediction, shares: ArrayLike) -> Floats:
    """Return |measured − predicted| at each share, relative to |s⟨∇ℓ, Δ⟩| + |s² ½ΔᵀHΔ|: two sizes that cannot cancel.

    NaN at share 0, where there is nothing to predict.
    """
    parts = np.asarray(shares, dtype=np.float64)
    size = np.abs(parts * prediction.slope) + np.abs(parts**2 * prediction.quadratic)
    gap = np.abs(np.asarray(measured, dtype=np.float64) - predict_changes(prediction, parts))
    return np.asarray(np.divide(gap, size, out=np.full(gap.shape, np.nan), where=size > 0))
