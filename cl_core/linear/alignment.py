"""What the direction of successive gradients knows: their inner product at arrival, exactly and by simulation.

The setting is initialized training: every task trains all P parameters. Source: book, chapter "Many tasks" (eq-alignment);
it concerns the score of the paper's Algorithm 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.problem import Floats, Problem, problem
from cl_core.linear.rules import arrival_gradient
from cl_core.linear.simulate import draw_batches, update
from cl_core.linear.step import learned_share


def expected_alignment(
    targets: ArrayLike, samples: int | ArrayLike, noise: float | ArrayLike, start: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return E⟨g_t, g_{t−1}⟩ (T,), NaN at the first task: 4(⟨δ_t, E d_{t−1}⟩ − min(1, P/n_{t−1}) σ²_{t−1}) (eq-alignment).

    δ_t = w*_t − w*_{t−1}, d_{t−1} the gap at the arrival before. Arguments as :func:`cl_core.linear.expected_losses`.
    Raises ValueError on arguments that do not fit, without samples, and where n−1 ≤ P ≤ n+1: E w need not exist there.
    """
    given = _everything(targets, samples, noise, start)
    if (np.abs(given.samples - given.parameters) <= 1).any():
        raise ValueError(
            f"samples = {given.samples.tolist()} has an entry within 1 of P = {given.parameters}; "
            "the mean of w need not exist at the peak, give other numbers"
        )
    result = np.full(given.tasks, np.nan)
    mean, gap = given.start, np.zeros(given.parameters)
    for task in range(given.tasks):
        if task > 0:
            fitted = min(1.0, given.parameters / given.samples[task - 1])
            step = given.targets[task] - given.targets[task - 1]
            result[task] = 4 * (step @ gap - fitted * given.noise[task - 1] ** 2)
        gap = given.targets[task] - mean
        mean = mean + float(learned_share(given.parameters, given.samples[task])) * gap
    return result


def draw_alignment(
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return ⟨g_t, g_{t−1}⟩ (draws, T) of each draw, NaN at the first task; arguments as :func:`expected_alignment`."""
    given = _everything(targets, samples, noise, start)
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


def _everything(
    targets: ArrayLike, samples: int | ArrayLike, noise: float | ArrayLike, start: ArrayLike | None
) -> Problem:
    shape = np.shape(targets)
    given = problem(targets, samples, int(shape[1]) if len(shape) == 2 else 0, noise, start)
    if (given.samples < 1).any():
        raise ValueError(
            f"samples = {given.samples.tolist()}; a gradient at arrival needs 1 sample or more at every task"
        )
    return given
