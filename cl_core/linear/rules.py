"""Rules that read the data as a task arrives, run on the linear model: the same strategies that a network runs.

At arrival the gradient of task t is g_t = (2/n) Φᵀ(Φ w_{t−1} − y), over all coordinates, and the loss ‖y − Φ w_{t−1}‖²/n.
Source: paper, Algorithm 1; book, chapter "Many tasks".
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.block_sizes import trailing_sizes
from cl_core.linear.problem import Floats, Problem, masks, specify
from cl_core.linear.simulate import Samples, draw_batches, task_losses, update
from cl_core.strategies import SCORES, Arrival, Strategy

Integers = NDArray[np.int64]


class RuleRun(NamedTuple):
    """A strategy's runs: losses (draws, T, T), trained sizes m_t (draws, T), scores and losses at arrival (draws, T)."""

    losses: Floats
    sizes: Integers
    scores: Floats
    arrival_losses: Floats


def run_rule(
    strategy: Strategy,
    blocks: Sequence[int],
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
    metric: str = "cosine",
) -> RuleRun:
    """Run `strategy` on draws of the linear stream whose coordinates form consecutive `blocks` (sizes that sum to P).

    The draws are those of :func:`cl_core.linear.simulate.draw_losses` with the same seed. `scores` are those of
    `metric`, NaN at the first task. Raises ValueError if the blocks do not sum to P, or on arguments that do not fit.
    """
    parameters = np.shape(targets)[-1]
    if sum(blocks) != parameters or min(blocks) < 1:
        raise ValueError(f"blocks {tuple(blocks)} do not divide {parameters} parameters; give sizes ≥ 1 that sum to it")
    given = specify(targets, samples, parameters, noise, start)
    runs = [_run_batch(batch, strategy, blocks, given, metric) for batch in draw_batches(given, draws=draws, seed=seed)]
    return RuleRun(*(np.concatenate(parts) for parts in zip(*runs, strict=True)))


def arrival_gradient(parameters: Floats, drawn: Samples) -> tuple[Floats, Floats]:
    """Return the gradient (draws, P) and the value (draws,) of the mean squared loss on the drawn samples; 0 without samples."""
    n = max(1, drawn.labels.shape[1])
    residual = (drawn.features @ parameters[:, :, None])[:, :, 0] - drawn.labels
    gradient = (2 / n) * (drawn.features.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
    return gradient, np.asarray(np.square(residual).sum(axis=1) / n)


def _run_batch(
    batch: list[Samples], strategy: Strategy, blocks: Sequence[int], given: Problem, metric: str
) -> tuple[Floats, Integers, Floats, Floats]:
    count, tasks = batch[0].labels.shape[0], given.tasks
    parameters = np.broadcast_to(given.start, (count, given.parameters)).copy()
    losses = np.empty((count, tasks, tasks))
    sizes = np.zeros((count, tasks), dtype=np.int64)
    scores, values = np.full((count, tasks), np.nan), np.empty((count, tasks))
    previous: Floats | None = None
    for task, drawn in enumerate(batch):
        gradient, values[:, task] = arrival_gradient(parameters, drawn)
        if previous is not None:
            scores[:, task] = [SCORES[metric](new, old) for new, old in zip(gradient, previous, strict=True)]
        arrivals = [
            Arrival(task, len(blocks), gradient[draw], None if previous is None else previous[draw], values[draw, task])
            for draw in range(count)
        ]
        sizes[:, task] = trailing_sizes([strategy.magnitude(arrival) for arrival in arrivals], blocks)
        for size in np.unique(sizes[:, task]):
            chosen = sizes[:, task] == size
            part = Samples(drawn.features[chosen], drawn.labels[chosen])
            parameters[chosen] = update(parameters[chosen], part, masks(int(size), 1, given.parameters)[0])
        losses[:, task] = task_losses(parameters, given.targets)
        previous = gradient
    return losses, sizes, scores, values
