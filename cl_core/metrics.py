"""What a run has learned and kept, from its accuracy matrix alone. NumPy only.

``a[t, k]`` is the accuracy on task k after training task t, for k ≤ t; entries above the diagonal are not read (NaN
by custom). M is the number of tasks. Each function keeps the unit it is given, share or per cent. Tasks count from 1
in the formulas. Source: paper, Section V.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.floating[Any]]


def average_accuracy(a: ArrayLike) -> float:
    """Avg.Acc = 1/M Σ_k a[M, k]: the mean accuracy over all tasks at the end."""
    return float(np.mean(_checked(a, least=1)[-1]))


def task_accuracy(a: ArrayLike) -> float:
    """Task.Acc = 1/M Σ_k a[k, k]: the mean accuracy on each task right after it was trained."""
    return float(np.mean(np.diag(_checked(a, least=1))))


def forgetting(a: ArrayLike) -> float:
    """Forgetting = 1/(M−1) Σ_{k<M} (a[k, k] − a[M, k]); negative if later tasks helped. Needs two tasks."""
    a = _checked(a, least=2)
    return float(np.mean((np.diag(a) - a[-1])[:-1]))


def peak_forgetting(a: ArrayLike) -> float:
    """Peak forgetting = 1/(M−1) Σ_{k<M} (max_{k≤t<M} a[t, k] − a[M, k]): measured from each task's best accuracy.

    The best is sought before the last task is trained, so it may lie below a[M, k]. Needs two tasks.
    """
    a = _checked(a, least=2)
    last = len(a) - 1
    return float(np.mean([np.max(a[k:last, k]) - a[last, k] for k in range(last)]))


def backward_transfer(a: ArrayLike) -> float:
    """Backward transfer = 1/(M−1) Σ_{k<M} (a[M, k] − a[k, k]), which is −Forgetting. Needs two tasks."""
    return -forgetting(a)


def lost_share(a: ArrayLike, chance: ArrayLike) -> float:
    """Share of what was learned above chance that was lost: Σ_{k<M} (a[k, k] − a[M, k]) / Σ_{k<M} (a[k, k] − chance_k).

    `chance` is a number or (M,), in the unit of `a`. NaN where nothing was learned above chance. Needs two tasks.
    """
    a = _checked(a, least=2)
    learned = np.sum((np.diag(a) - np.broadcast_to(np.asarray(chance, dtype=float), (len(a),)))[:-1])
    return float(np.sum((np.diag(a) - a[-1])[:-1]) / learned) if learned > 0 else float("nan")


def _checked(a: ArrayLike, *, least: int) -> Matrix:
    matrix = np.asarray(a, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an accuracy matrix is square, one row and column a task; this one has shape {matrix.shape}")
    if len(matrix) < least:
        raise ValueError(f"this measure needs {least} tasks or more; the matrix has {len(matrix)}")
    for t, k in zip(*np.nonzero(~np.isfinite(np.tril(matrix))), strict=True):
        raise ValueError(f"a[{t}, {k}] = {matrix[t, k]} is no accuracy; every entry with k ≤ t must be finite")
    return matrix
