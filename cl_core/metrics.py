"""What a run has learned and kept, from its accuracy matrix alone, and what each measure is called. NumPy only.

``a[t, k]`` is the accuracy on task k after training task t, for k ≤ t; entries above the diagonal are not read (NaN
by custom). M is the number of tasks. Each function keeps the unit it is given, share or per cent. Tasks count from 1
in the formulas. Source: paper, metrics (second-hand).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True)
class Measure:
    """A measure by its `name` in results: its title, its axis in a figure, which way is better, its place among colours.

    `of` takes the accuracy matrix to the measure, in the matrix's unit; `lost_share` takes each task's chance as well,
    and is a share whatever the unit. `unit` and `axis` are for values times 100. `slot` is the place of its colour in a
    palette of six, of which strategies have the first three; None for a measure that is not drawn.
    """

    name: str
    title: str
    unit: str
    axis: str
    better: Literal["more", "less"]
    of: Callable[..., float]
    slot: int | None = None


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("avg_acc", "Avg.Acc", "%", "average accuracy at the end, %", "more", average_accuracy, slot=5),
        Measure("task_acc", "Task.Acc", "%", "accuracy on a new task, %", "more", task_accuracy, slot=4),
        Measure("forgetting", "Forgetting", "points", "forgetting, points", "less", forgetting, slot=3),
        Measure("peak_forgetting", "Peak forgetting", "points", "peak forgetting, points", "less", peak_forgetting),
        Measure("backward_transfer", "Backward transfer", "points", "transfer, points", "more", backward_transfer),
        Measure("lost_share", "lost share", "%", "relative forgetting (lost share), %", "less", lost_share),
    )
}
"""The measures of an accuracy matrix, by the names that results and tables give them."""


def _checked(a: ArrayLike, *, least: int) -> Matrix:
    matrix = np.asarray(a, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an accuracy matrix is square, one row and column a task; this one has shape {matrix.shape}")
    if len(matrix) < least:
        raise ValueError(f"this measure needs {least} tasks or more; the matrix has {len(matrix)}")
    for t, k in zip(*np.nonzero(~np.isfinite(np.tril(matrix))), strict=True):
        raise ValueError(f"a[{t}, {k}] = {matrix[t, k]} is no accuracy; every entry with k ≤ t must be finite")
    return matrix
