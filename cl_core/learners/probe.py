"""What the score of an arriving task would have been, had its gradient been taken otherwise.

One network learns one stream, once. At each arrival every variant of the recipe looks at a copy of the network as it
stands: more or fewer samples, before or after the head is fitted, another metric. What the network learns depends on
none of them. Source: book, chapter "The hybrid rule".
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.learners.arrival import ArrivalReport, Vector, arrive
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task
from cl_core.strategies import Strategy

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Probe:
    """Reports of every variant at every arrival, and how many blocks `strategy` moved at each."""

    reports: Mapping[str, tuple[ArrivalReport, ...]]
    magnitudes: tuple[int, ...]

    def scores(self, variant: str) -> Floats:
        """Return the scores (M,) under `variant`, NaN at the first task."""
        return np.array([report.score for report in self.reports[variant]])

    def split_half(self, variant: str) -> Floats:
        """Return what the metric says of two halves of each task's own sample (M,)."""
        return np.array([report.split_half for report in self.reports[variant]])

    def halves(self, variant: str) -> Floats:
        """Return the scores that either half of each sample alone would have given (M, 2)."""
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
    """Train `network` on `tasks` in turn under `strategy`, and let each of `variants` look at every arrival.

    A variant compares with the gradient that it took itself at the arrival before. Raises ValueError without a variant.
    """
    if not variants:
        raise ValueError("variants is empty; give one recipe or more, by name")
    found: dict[str, list[ArrivalReport]] = {name: [] for name in variants}
    magnitudes = []
    previous: Vector | None = None
    for task, data in enumerate(tasks):
        for name, variant in variants.items():
            before = found[name][-1].gradient if found[name] else None
            found[name].append(arrive(copy.deepcopy(network), data, task, variant, seed, before))
        arrived = arrive(network, data, task, recipe, seed, previous)
        magnitudes.append(strategy.magnitude(arrived.arrival))
        train_task(network, data, task, magnitudes[-1], recipe, seed)
        previous = arrived.gradient
    return Probe({name: tuple(reports) for name, reports in found.items()}, tuple(magnitudes))


def told_apart(high: ArrayLike, low: ArrayLike) -> float:
    """Return how often an entry of `high` is above one of `low`, over all pairs, 0 to 1; a tie counts one half.

    Raises ValueError where one is empty or holds NaN.
    """
    first, second = np.asarray(high, dtype=np.float64).reshape(-1), np.asarray(low, dtype=np.float64).reshape(-1)
    if not (first.size and second.size) or np.isnan(first).any() or np.isnan(second).any():
        raise ValueError(f"high = {first.tolist()}, low = {second.tolist()}; give one number or more in each, none NaN")
    difference = first[:, None] - second[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def decided_otherwise(whole: ArrayLike, halves: ArrayLike, threshold: float) -> float:
    """Return the part of decisions at `threshold` that half a sample makes otherwise than the whole, 0 to 1.

    `whole` holds scores (n,), `halves` those of both halves of the same samples (n, 2). Raises ValueError where they do
    not fit.
    """
    scores, parts = np.asarray(whole, dtype=np.float64), np.asarray(halves, dtype=np.float64)
    if scores.ndim != 1 or not scores.size or parts.shape != (*scores.shape, 2):
        raise ValueError(f"whole has shape {scores.shape}, halves {parts.shape}; give (n,) and (n, 2), n ≥ 1")
    return float(np.mean((parts >= threshold) != (scores >= threshold)[:, None]))
