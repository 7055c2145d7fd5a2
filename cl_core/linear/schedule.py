"""Schedules of magnitudes m_1 … m_T: the best fixed one, exactly, and the best one of each draw, by simulation.

The best *fixed* schedule is a reference: a rule that reads the data can beat it. The *oracle*, which picks the schedule
after seeing what every choice would have led to in that very draw, is the ceiling: no rule that chooses among the same
magnitudes can beat it. The first task trains everything in both. Source: book, chapter "Many tasks".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.exact import Moments, start_at, train
from cl_core.linear.problem import Floats, Mask, Problem, masks, specify
from cl_core.linear.simulate import Samples, draw_batches, task_losses, update

EXHAUSTIVE_LIMIT = 50_000
"""Most schedules that are compared one by one; beyond, the search is by coordinate descent."""


@dataclass(frozen=True)
class Schedule:
    """A fixed schedule: sizes m_1 … m_T, its expected generalisation error G, and how it was found.

    `search` is "exhaustive" (no schedule of these sizes is better) or "coordinate" (no change at a single task is).
    """

    sizes: tuple[int, ...]
    generalization: float
    search: str


def best_fixed_schedule(
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    sizes: Sequence[int],
    start: ArrayLike | None = None,
    *,
    exhaustive_limit: int = EXHAUSTIVE_LIMIT,
) -> Schedule:
    """Return the schedule with the least expected G among those whose tasks 2 … T each train m_t ∈ `sizes` trailing coordinates.

    Up to `exhaustive_limit` schedules are all compared; beyond, coordinate descent from every constant schedule and
    keeping the best end point. Ties go to the smaller sizes. Raises ValueError on arguments that do not fit.
    """
    given = specify(targets, samples, _all(targets), noise, start)
    options = _options(sizes, given)
    if len(options) ** (given.tasks - 1) <= exhaustive_limit:
        first = _first(given)
        value, tail = min(
            (float(moments.losses(given.targets).mean()), tail) for tail, moments in _leaves(first, given, options, ())
        )
        return Schedule((given.parameters, *tail), value, "exhaustive")
    ends = [_descend((size,) * (given.tasks - 1), given, options) for size in options]
    value, tail = min(ends)
    return Schedule((given.parameters, *tail), value, "coordinate")


def oracle_losses(
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    sizes: Sequence[int],
    start: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return, for each draw, the least G that any schedule reaches in it (draws,), and that schedule (draws, T).

    The draws are those of :func:`cl_core.linear.simulate.draw_losses` with the same seed. Every schedule is followed,
    so the cost grows as len(sizes)^(T−1). Raises ValueError on arguments that do not fit or past EXHAUSTIVE_LIMIT.
    """
    given = specify(targets, samples, _all(targets), noise, start)
    options = _options(sizes, given)
    if len(options) ** (given.tasks - 1) > EXHAUSTIVE_LIMIT:
        raise ValueError(
            f"{len(options)} sizes at {given.tasks} tasks are too many schedules to follow; give fewer sizes"
        )
    best, chosen = [], []
    for batch in draw_batches(given, draws=draws, seed=seed):
        least, schedule = _best_of_batch(batch, given, options)
        best.append(least)
        chosen.append(schedule)
    return np.concatenate(best), np.concatenate(chosen)


def _all(targets: ArrayLike) -> int:
    shape = np.shape(targets)
    return int(shape[1]) if len(shape) == 2 else 0


def _options(sizes: Sequence[int], given: Problem) -> tuple[int, ...]:
    if len(sizes) == 0:
        raise ValueError("sizes is empty; give at least one number of trained coordinates")
    for size in sizes:
        masks(size, 1, given.parameters)
    return tuple(sorted(set(sizes)))


def _first(given: Problem) -> Moments:
    return train(start_at(given.start), given, 0, given.trainable[0])


def _leaves(
    moments: Moments, given: Problem, options: tuple[int, ...], tail: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], Moments]]:
    task = len(tail) + 1
    if task == given.tasks:
        yield tail, moments
        return
    for size in options:
        mask = masks(size, 1, given.parameters)[0]
        yield from _leaves(train(moments, given, task, mask), given, options, (*tail, size))


def _descend(tail: tuple[int, ...], given: Problem, options: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
    value = _expected(tail, given)
    improved = True
    while improved:
        improved = False
        for place in range(len(tail)):
            changes = [(*tail[:place], size, *tail[place + 1 :]) for size in options]
            candidate, changed = min((_expected(change, given), change) for change in changes)
            if candidate < value:
                value, tail, improved = candidate, changed, True
    return value, tail


def _expected(tail: tuple[int, ...], given: Problem) -> float:
    moments = _first(given)
    for task, mask in enumerate(masks(tail, len(tail), given.parameters), start=1):
        moments = train(moments, given, task, mask)
    return float(moments.losses(given.targets).mean())


def _best_of_batch(batch: list[Samples], given: Problem, options: tuple[int, ...]) -> tuple[Floats, NDArray[np.int64]]:
    count = batch[0].labels.shape[0]
    start = np.broadcast_to(given.start, (count, given.parameters))
    best = np.full(count, np.inf)
    chosen = np.zeros((count, given.tasks), dtype=np.int64)

    def follow(parameters: Floats, sizes: tuple[int, ...]) -> None:
        if len(sizes) == given.tasks:
            value = task_losses(parameters, given.targets).mean(axis=1)
            better = value < best
            best[better] = value[better]
            chosen[better] = sizes
            return
        for size in options:
            mask: Mask = masks(size, 1, given.parameters)[0]
            follow(update(parameters, batch[len(sizes)], mask), (*sizes, size))

    follow(update(start, batch[0], given.trainable[0]), (given.parameters,))
    return best, chosen
