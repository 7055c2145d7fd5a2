"""What the direction of successive gradients knows: their inner product at arrival, exactly and by simulation.

Source: book, chapter "Many tasks" (eq-alignment); it concerns the score of the paper's Algorithm 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.exact import start_at, train
from cl_core.linear.problem import Floats, Problem, Trainable, specify
from cl_core.linear.rules import arrival_gradient
from cl_core.linear.simulate import draw_batches, update


def expected_alignment(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Return E⟨g_t, g_{t−1}⟩ (T,), NaN at the first task (eq-alignment).

    It is 4(⟨δ_t, E d⟩ + (1 − f) E‖d outside S‖² − f σ²) with δ_t = w*_t − w*_{t−1} and, all of task t−1: d the gap at its
    arrival, S its trained set of size m, f = min(1, m/n). Arguments as :func:`cl_core.linear.expected_losses`.
    Raises ValueError on arguments that do not fit, without samples, and where n−1 ≤ m ≤ n+1: E w need not exist there.
    """
    given = _with_samples(targets, samples, trainable, noise, start)
    sizes = given.trainable.sum(axis=1)
    if ((np.abs(sizes - given.samples) <= 1) & (sizes > 0)).any():
        raise ValueError(
            f"samples = {given.samples.tolist()} has an entry within 1 of the sizes {sizes.tolist()}; "
            "the mean of w need not exist at the peak, give other numbers"
        )
    result = np.full(given.tasks, np.nan)
    moments = start_at(given.start)
    seen = 0.0
    gap = np.zeros(given.parameters)
    for task, mask in enumerate(given.trainable):
        if task > 0:
            step = given.targets[task] - given.targets[task - 1]
            result[task] = 4 * (float(step @ gap) + seen)
        fitted = min(1.0, sizes[task] / given.samples[task])
        left = float(moments.gap(given.targets[task])[~mask].sum())
        seen = (1 - fitted) * left - fitted * float(given.noise[task]) ** 2
        gap = given.targets[task] - moments.mean
        moments = train(moments, given, task, mask)
    return result


def draw_alignment(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return ⟨g_t, g_{t−1}⟩ (draws, T) of each draw, NaN at the first task; arguments as :func:`expected_alignment`."""
    given = _with_samples(targets, samples, trainable, noise, start)
    parts = []
    for batch in draw_batches(given, draws=draws, seed=seed):
        count = batch[0].labels.shape[0]
        parameters: Floats = np.broadcast_to(given.start, (count, given.parameters))
        previous = np.full((count, given.parameters), np.nan)
        products = np.empty((count, given.tasks))
        for task, drawn in enumerate(batch):
            gradient, _ = arrival_gradient(parameters, drawn)
            products[:, task] = (gradient * previous).sum(axis=1)
            parameters = update(parameters, drawn, given.trainable[task])
            previous = gradient
        parts.append(products)
    return np.concatenate(parts)


def _with_samples(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None,
) -> Problem:
    given = specify(targets, samples, trainable, noise, start)
    if (given.samples < 1).any():
        raise ValueError(
            f"samples = {given.samples.tolist()}; a gradient at arrival needs 1 sample or more at every task"
        )
    return given
