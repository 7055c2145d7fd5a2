"""How close neighbouring tasks are, in their classes and in their images. Nothing here is learnt.

Each measure is of raw pixels, taken on a sample: two samples of the very same classes come near its best value, and
do not reach it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cl_core.streams.tasks import Task

SAMPLE = 1000
"""Training images of a task that the measures look at, at most."""

DIRECTIONS = 10
"""Principal directions that the subspace similarity compares, at most."""


@dataclass(frozen=True)
class Closeness:
    """How close a task is to the one before.

    `shared_classes`: share of its classes that the one before had too, 0 to 1. `mean_distance`: root mean square
    difference of the two mean images, in grey levels, 0 to 255. `subspace_similarity`: mean squared cosine of the
    principal angles between the spans of the two tasks' 10 leading principal directions, 1 the same, 0 orthogonal;
    two random subspaces of d pixels come to 10/d. A task of equal images has no direction: 1 beside another such task,
    0 beside any other.
    """

    shared_classes: float
    mean_distance: float
    subspace_similarity: float


@dataclass(frozen=True, eq=False)
class _Summary:
    classes: frozenset[int]
    mean: NDArray[np.float64]
    directions: NDArray[np.float64]


def compare_neighbours(tasks: Iterable[Task]) -> list[Closeness]:
    """Return how close each task but the first is to the one before it."""
    return [_compare(before, after) for before, after in pairwise(_summarise(task) for task in tasks)]


def _summarise(task: Task) -> _Summary:
    images = task.images("train", SAMPLE)
    flat = images.reshape(len(images), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    return _Summary(frozenset(task.classes), mean, find_principal_directions(flat - mean))


def find_principal_directions(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the leading principal directions of `centred` (n, d), as orthonormal columns (d, up to 10); none of zeros."""
    images, pixels = centred.shape
    # With fewer images than pixels the smaller matrix of inner products of images gives the same directions.
    few = images < pixels
    values, vectors = np.linalg.eigh(centred @ centred.T if few else centred.T @ centred)
    count = min(DIRECTIONS, int(np.sum(values > 1e-9 * values[-1])))
    first = len(values) - count
    leading: NDArray[np.float64] = vectors[:, first:]
    return centred.T @ (leading / np.sqrt(values[first:])) if few else leading


def _compare(before: _Summary, after: _Summary) -> Closeness:
    return Closeness(
        shared_classes=len(before.classes & after.classes) / len(after.classes),
        mean_distance=float(np.sqrt(np.mean((before.mean - after.mean) ** 2))),
        subspace_similarity=_compare_spans(before.directions, after.directions),
    )


def _compare_spans(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    cosines = one.T @ other
    if min(cosines.shape) == 0:
        # Two empty spans are the same one; an empty one has nothing in common with any other.
        return float(cosines.shape == (0, 0))
    return float(np.sum(cosines**2) / min(cosines.shape))
