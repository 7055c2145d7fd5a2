"""What is forgotten is ΔᵀΣΔ, not ‖Δ‖²: one distance, spent on other directions of features that are not all alike.

The old task is learned (its loss has its minimum at w), the new one has its truth at w + d, and data without end: features
of covariance Σ, so that a linear method moves Δ = f(Σ_new) d, eigenvalue by eigenvalue. f is its *filter*: what share of
the gap it learns along a direction of variance λ. It forgets ΔᵀΣ_old Δ, and leaves (d − Δ)ᵀΣ_new(d − Δ) to learn.
Source: book, chapter "How much of the way" (eq-filter).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.laws import GAUSSIAN, Law
from cl_core.linear.problem import Floats, specify
from cl_core.linear.simulate import Samples, draw_batches, task_losses

Filter = Callable[[Floats, float], Floats]
"""From eigenvalues λ ≥ 0 and a strength to the share learned of each, which rises with the strength."""


class Spent(NamedTuple):
    """What an update spends and what for: squared distance ‖Δ‖², forgetting ΔᵀΣ_old Δ, loss left (d − Δ)ᵀΣ_new(d − Δ)."""

    distance: float
    forgetting: float
    new_loss: float


def go_part(eigenvalues: Floats, strength: float) -> Floats:
    """Return α = `strength` where λ > 0: the whole task, a part of the way."""
    return np.where(eigenvalues > 0, strength, 0.0)


def pull_back(eigenvalues: Floats, strength: float) -> Floats:
    """Return λ/(λ + 1/`strength`): a penalty on the squared distance from the old weights, weighed by 1/`strength`."""
    return np.asarray(strength * eigenvalues / (1 + strength * eigenvalues))


def stop_early(eigenvalues: Floats, strength: float) -> Floats:
    """Return 1 − exp(−λτ): gradient flow for the time τ = `strength`."""
    return np.asarray(-np.expm1(-strength * eigenvalues))


def make_steps(steps: int) -> Filter:
    """Return the filter of `steps` gradient steps, 1 − (1 − ηλ)^steps, with the rate η as strength, 0 to 1/λ_max.

    Raises ValueError if `steps` < 1.
    """
    if steps < 1:
        raise ValueError(f"steps = {steps}; give 1 or more")
    return lambda eigenvalues, strength: np.asarray(1 - np.power(1 - strength * eigenvalues, steps))


def spend(share: ArrayLike, gap: ArrayLike, old: ArrayLike, new: ArrayLike) -> Spent:
    """Return what the shares f (P,) of a gap d (P,) cost, direction by direction, for commuting Σ: eigenvalues (P,) old and new."""
    f, d = np.asarray(share, dtype=np.float64), np.square(np.asarray(gap, dtype=np.float64))
    moved, left = f**2 * d, (1 - f) ** 2 * d
    return Spent(float(moved.sum()), float((np.asarray(old) * moved).sum()), float((np.asarray(new) * left).sum()))


def move(filter_: Filter, strength: float, gap: ArrayLike, covariance: ArrayLike) -> Floats:
    """Return Δ = f(Σ_new) d (P,) for any `covariance` Σ_new (P, P), symmetric and with eigenvalues ≥ 0."""
    values, directions = np.linalg.eigh(np.asarray(covariance, dtype=np.float64))
    return np.asarray(directions @ (filter_(np.maximum(values, 0.0), strength) * (directions.T @ np.asarray(gap))))


def match_distance(filter_: Filter, eigenvalues: ArrayLike, gap: ArrayLike, distance: float, largest: float) -> float:
    """Return the strength in [0, `largest`] at which ‖Δ‖² is `distance`, by bisection; gap (P,) along the eigenvectors.

    Raises ValueError where `largest` does not go as far.
    """
    values, d = np.asarray(eigenvalues, dtype=np.float64), np.square(np.asarray(gap, dtype=np.float64))

    def reached(strength: float) -> float:
        return float((np.square(filter_(values, strength)) * d).sum())

    if not 0 <= distance <= reached(largest) * (1 + 1e-12):
        raise ValueError(f"distance = {distance:g} is out of reach; give 0 to {reached(largest):g}")
    low, high = 0.0, largest
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < distance else (low, middle)
    return high


def draw_filtered(
    filter_: Filter,
    strength: float,
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
    law: Law = GAUSSIAN,
) -> tuple[Floats, Floats]:
    """Return losses (draws, T, T) and squared distances ‖Δ_t‖² (draws, T) of a filter on the samples that were drawn.

    The filter acts on the eigenvalues of ΦᵀΦ/n; the first task is fitted whole. The draws are those of
    :func:`cl_core.linear.simulate.draw_losses` with the same seed and law. Raises ValueError on arguments that do not fit.
    """
    given = specify(targets, samples, int(np.shape(targets)[-1]) if np.ndim(targets) == 2 else 0, noise, start)
    runs = []
    for batch in draw_batches(given, draws=draws, seed=seed, law=law):
        count = len(batch[0].labels)
        parameters = np.broadcast_to(given.start, (count, given.parameters))
        losses, distances = np.empty((count, given.tasks, given.tasks)), np.empty((count, given.tasks))
        for task, drawn in enumerate(batch):
            change = _filtered_change(
                drawn, parameters, go_part if task == 0 else filter_, 1.0 if task == 0 else strength
            )
            parameters = parameters + change
            losses[:, task] = task_losses(parameters, given.targets, law)
            distances[:, task] = np.square(change).sum(axis=1)
        runs.append((losses, distances))
    losses, distances = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    return losses, distances


def _filtered_change(drawn: Samples, parameters: Floats, filter_: Filter, strength: float) -> Floats:
    residual = drawn.labels - (drawn.features @ parameters[:, :, None])[:, :, 0]
    left, singular, right = np.linalg.svd(drawn.features, full_matrices=False)
    known = singular > 1e-10 * singular[:, :1]
    share = filter_(np.where(known, singular**2 / drawn.labels.shape[1], 0.0), strength)
    along = (left.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
    weights = np.where(known, share * along / np.where(known, singular, 1.0), 0.0)
    return np.asarray((right.transpose(0, 2, 1) @ weights[:, :, None])[:, :, 0])
