"""A stream of linear tasks and what each may train: the arguments that the exact theory and the simulation share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Trainable = int | Sequence[int] | NDArray[np.integer] | Mask


@dataclass(frozen=True)
class Problem:
    """T linear tasks over P parameters, with every argument spelled out for every task.

    targets (T, P): the tasks' true parameters w*_t · samples (T,): n_t ≥ 0 · trainable (T, P): the sets S_t ·
    noise (T,): standard deviations σ_t ≥ 0 · start (P,): w_0 · fraction (T,): α_t, 0 to 1, the part of each update that is made.
    """

    targets: Floats
    samples: Integers
    trainable: Mask
    noise: Floats
    start: Floats
    fraction: Floats

    @property
    def tasks(self) -> int:
        """Number of tasks, T."""
        return len(self.targets)

    @property
    def parameters(self) -> int:
        """Number of parameters, P."""
        return int(self.targets.shape[1])


def specify(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    fraction: float | ArrayLike = 1.0,
) -> Problem:
    """Check the arguments and spell them out for every task.

    targets (T, P), finite · samples: an integer or (T,) integers, ≥ 0 · trainable: an integer m (the last m
    coordinates, at every task), (T,) integers, or a (T, P) Boolean mask · noise: a standard deviation or (T,), ≥ 0 ·
    start (P,) or None for zeros · fraction: a number or (T,), 0 to 1. Raises ValueError on what does not fit.
    """
    w_star = _floats("targets", targets)
    if w_star.ndim != 2 or 0 in w_star.shape:
        raise ValueError(
            f"targets has shape {w_star.shape}; give (T, P), one row of true parameters a task, T ≥ 1 and P ≥ 1"
        )
    tasks, parameters = w_star.shape
    sigma = _per_task("noise", _floats("noise", noise), tasks)
    if (sigma < 0).any():
        raise ValueError(f"noise has the negative entry {sigma.min():g}; give standard deviations, 0 or more")
    w_0 = np.zeros(parameters) if start is None else _floats("start", start)
    if w_0.shape != (parameters,):
        raise ValueError(f"start has shape {w_0.shape}; give ({parameters},), one value a parameter")
    alpha = _per_task("fraction", _floats("fraction", fraction), tasks)
    if ((alpha < 0) | (alpha > 1)).any():
        raise ValueError(
            f"fraction has the entry {alpha[(alpha < 0) | (alpha > 1)][0]:g}; give 0 to 1, 1 for the whole update"
        )
    sizes = _counts("samples", samples, tasks)
    return Problem(w_star, sizes, masks(trainable, tasks, parameters), sigma, w_0, alpha)


def masks(trainable: Trainable | ArrayLike, tasks: int, parameters: int) -> Mask:
    """Return the (T, P) Boolean masks of the sets S_t that `trainable` stands for; raises ValueError as :func:`specify` does."""
    given = np.asarray(trainable)
    if given.dtype == np.bool_:
        if given.shape != (tasks, parameters):
            raise ValueError(
                f"trainable is a mask of shape {given.shape}; give ({tasks}, {parameters}), one row a task, or sizes as integers"
            )
        return given.copy()
    sizes = _counts("trainable", trainable, tasks)
    if (sizes > parameters).any():
        raise ValueError(f"trainable asks for {sizes.max()} coordinates of {parameters}; give sizes 0 to {parameters}")
    return np.arange(parameters) >= parameters - sizes[:, None]


def _floats(name: str, value: ArrayLike) -> Floats:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not an array of numbers: {error}") from error
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not finite; give finite numbers only")
    return array


def _per_task(name: str, array: Floats, tasks: int) -> Floats:
    if array.shape not in {(), (tasks,)}:
        raise ValueError(f"{name} has shape {array.shape}; give one number, or ({tasks},), one a task")
    return np.broadcast_to(array, (tasks,)).copy()


def _counts(name: str, value: ArrayLike, tasks: int) -> Integers:
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} is of type {array.dtype}; give integers, one or ({tasks},)")
    if array.shape not in {(), (tasks,)}:
        raise ValueError(f"{name} has shape {array.shape}; give one integer, or ({tasks},), one a task")
    if (array < 0).any():
        raise ValueError(f"{name} has the negative entry {array.min()}; give 0 or more")
    return np.broadcast_to(array, (tasks,)).astype(np.int64)
