"""How the score of a new task depends on how its gradient is measured.

A network learns a stream once. When a task arrives, every variant of the recipe measures the gradient on a copy of the
network: with more or fewer samples, before or after the head is fitted, or under another metric. The variants do not
change what the network learns. Source: book, chapter "The hybrid rule".
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.learners.arrival import ArrivalReport, arrive
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.trained_gradient import gradient_after
from cl_core.learners.training import train_task
from cl_core.strategies import Strategy, Vector

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Probe:
    """The arrival reports of every variant, and how many blocks the strategy moved at each task."""

    reports: Mapping[str, tuple[ArrivalReport, ...]]
    magnitudes: tuple[int, ...]

    def scores(self, variant: str) -> Floats:
        """Return the scores (M,) under `variant`, NaN at the first task."""
        return np.array([report.score for report in self.reports[variant]])

    def split_half(self, variant: str) -> Floats:
        """Return the split-half values (M,): the metric between the gradients of two halves of each task's sample."""
        return np.array([report.split_half for report in self.reports[variant]])

    def halves(self, variant: str) -> Floats:
        """Return the scores (M, 2) from either half of each task's sample alone."""
        return np.array([report.score_halves for report in self.reports[variant]])


def probe(
    network: Network,
    tasks: Sequence[TaskData],
    recipe: Recipe,
    seed: int,
    *,
    strategy: Strategy,
    variants: Mapping[str, Recipe],
) -> Probe:
    """Train `network` on `tasks` in turn under `strategy`, and measure every arrival under each of `variants` as well.

    Each variant compares with its own gradient of the task before. Raises ValueError if `variants` is empty.
    """
    if not variants:
        raise ValueError("variants is empty; give one recipe or more, by name")
    reports: dict[str, list[ArrivalReport]] = {name: [] for name in variants}
    magnitudes = []
    previous: Vector | None = None
    scores: tuple[float | None, ...] = ()
    for task, data in enumerate(tasks):
        for name, variant in variants.items():
            before = reports[name][-1].gradient if reports[name] else None
            reports[name].append(arrive(copy.deepcopy(network), data, task, variant, seed, before))
        report = arrive(network, data, task, recipe, seed, previous, scores)
        magnitudes.append(strategy.magnitude(report.arrival))
        train_task(network, data, task, magnitudes[-1], recipe, seed)
        scores = (*scores, None if task == 0 else report.score)
        previous = report.gradient
        if task == 0 and recipe.first_gradient == "trained":
            previous = gradient_after(network, data, task, recipe, seed)
    return Probe({name: tuple(several) for name, several in reports.items()}, tuple(magnitudes))


def auc(high: ArrayLike, low: ArrayLike) -> float:
    """Return the area under the ROC curve, 0 to 1: the share of pairs in which `high` is above `low`; a tie counts one half.

    Both are arrays of any shape, taken as flat. Raises ValueError if one is empty or holds NaN.
    """
    first, second = np.asarray(high, dtype=np.float64).reshape(-1), np.asarray(low, dtype=np.float64).reshape(-1)
    if not (first.size and second.size) or np.isnan(first).any() or np.isnan(second).any():
        raise ValueError(f"high = {first.tolist()}, low = {second.tolist()}; give one number or more in each, none NaN")
    difference = first[:, None] - second[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def flip_rate(whole: ArrayLike, halves: ArrayLike, threshold: float) -> float:
    """Return the share of decisions at `threshold`, 0 to 1, in which half a sample decides otherwise than the whole.

    `whole` (n,) holds the scores of whole samples, `halves` (n, 2) those of their two halves. Raises ValueError if the
    shapes do not fit.
    """
    scores, parts = np.asarray(whole, dtype=np.float64), np.asarray(halves, dtype=np.float64)
    if scores.ndim != 1 or not scores.size or parts.shape != (*scores.shape, 2):
        raise ValueError(f"whole has shape {scores.shape}, halves {parts.shape}; give (n,) and (n, 2), n ≥ 1")
    return float(np.mean((parts >= threshold) != (scores >= threshold)[:, None]))
