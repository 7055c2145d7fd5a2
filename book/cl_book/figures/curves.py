"""Curves of a stored result over its tasks, as arrays: accuracy, forgetting, retention and update lengths."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core import metrics
from cl_core.experiments.store import Result

Vector = NDArray[np.float64]


def seen_accuracy(a: ArrayLike) -> Vector:
    """Return, after each task t, the mean accuracy on tasks 1 … t: (M,) from the accuracy matrix `a` (M, M)."""
    matrix = np.asarray(a, dtype=np.float64)
    return np.array([matrix[t, : t + 1].mean() for t in range(len(matrix))])


def seen_forgetting(a: ArrayLike) -> Vector:
    """Return, after each task t, the forgetting of tasks 1 … t−1 so far: (M,), NaN at the first task."""
    matrix = np.asarray(a, dtype=np.float64)
    later = [metrics.forgetting(matrix[: t + 1, : t + 1]) for t in range(1, len(matrix))]
    return np.array([np.nan, *later])


def retention(a: ArrayLike) -> Vector:
    """Return the mean accuracy on a task by its age: (M,), entry g over all tasks k with k + g < M."""
    matrix = np.asarray(a, dtype=np.float64)
    return np.array([np.diag(matrix, -age).mean() for age in range(len(matrix))])


def losses_of_old_tasks(a: ArrayLike) -> tuple[float, float]:
    """Return what an old task lost to the very next one, and from then until it was old: means over the same tasks.

    A task becomes old when half as many tasks as there are have been learned after it, or more; from then on its accuracy
    is its mean.
    """
    matrix = np.asarray(a, dtype=np.float64)
    half = len(matrix) // 2
    old = range(len(matrix) - half)
    first = [matrix[k, k] - matrix[k + 1, k] for k in old]
    later = [matrix[k + 1, k] - matrix[k + half :, k].mean() for k in old]
    return float(np.mean(first)), float(np.mean(later))


def update_lengths(result: Result) -> Vector:
    """Return ‖θ_t − θ_{t−1}‖ over all shared parameters, one a task: (M,); NaN where a run has no update norms."""
    return np.array([float(np.linalg.norm(row)) for row in _to_matrix(result.update_norms)])


def relative_updates(result: Result) -> Vector:
    """Return each block's ‖θ_t − θ_{t−1}‖ / ‖θ_{t−1}‖, the mean over the tasks after the first: (K,)."""
    return np.asarray(_to_matrix(result.relative_norms)[1:].mean(axis=0), dtype=np.float64)


def to_array(row: tuple[float | None, ...] | tuple[int | None, ...]) -> Vector:
    """Return a row of a result as an array, NaN where there is no value."""
    return np.array([np.nan if value is None else value for value in row], dtype=np.float64)


def _to_matrix(rows: tuple[tuple[float | None, ...], ...]) -> NDArray[np.float64]:
    return np.array([to_array(row) for row in rows])
