"""The linear model by brute force: draw the samples, take the least-squares change of least norm, measure the loss.

Nothing here uses the theory's formulas, so that agreement with :mod:`cl_core.linear.exact` is evidence for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.laws import GAUSSIAN, Law
from cl_core.linear.problem import Floats, Mask, Problem, Trainable, specify

_BATCH_NUMBERS = 500_000
_NEAR_PEAK = 2


@dataclass(frozen=True)
class Samples:
    """A batch of draws of one task's samples: features (draws, n, P) and labels (draws, n)."""

    features: Floats
    labels: Floats


def simulate_losses(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    fraction: float | ArrayLike = 1.0,
    *,
    draws: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean (T, T) and its standard error (T, T) of the losses over `draws` independent draws.

    Arguments as :func:`cl_core.linear.expected_losses`, draws ≥ 2. Standard errors are not to be trusted at
    |m − n| < 8, where the losses' variance is huge or infinite: compare medians of :func:`draw_losses` there.
    Raises ValueError on arguments that do not fit.
    """
    if draws < 2:
        raise ValueError(f"draws = {draws}; give 2 or more, a standard error needs them")
    drawn = draw_losses(targets, samples, trainable, noise, start, fraction, draws=draws, seed=seed)
    return drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(draws)


def draw_losses(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    fraction: float | ArrayLike = 1.0,
    *,
    draws: int,
    seed: int,
    law: Law = GAUSSIAN,
) -> NDArray[np.float64]:
    """Return the losses (draws, T, T) of each draw, with the features' `law` free to choose; arguments as above.

    The draws of the samples depend on the seed and the tasks alone, not on what is trainable: two calls that differ in
    `trainable` see the same data.
    """
    given = specify(targets, samples, trainable, noise, start, fraction)
    return np.concatenate(
        [_losses_of(batch, given, law) for batch in draw_batches(given, draws=draws, seed=seed, law=law)]
    )


def draw_batches(given: Problem, *, draws: int, seed: int, law: Law = GAUSSIAN) -> Iterator[list[Samples]]:
    """Yield, batch by batch, the samples of every task; together `draws` draws. Raises ValueError if `draws` < 1."""
    if draws < 1:
        raise ValueError(f"draws = {draws}; give 1 or more")
    generator = np.random.default_rng(seed)
    size = max(1, _BATCH_NUMBERS // max(1, int(given.samples.sum()) * given.parameters))
    for done in range(0, draws, size):
        count = min(size, draws - done)
        yield [_draw_task(generator, given, task, count, law) for task in range(given.tasks)]


def update(parameters: Floats, drawn: Samples, mask: Mask, fraction: ArrayLike = 1.0) -> Floats:
    """Return w + αΔ (draws, P): Δ the change of least norm, on the coordinates in `mask`, that fits the samples best.

    `fraction` is α, one number or one a draw (draws,).
    """
    if not mask.any() or drawn.labels.shape[1] == 0:
        return parameters
    residual = drawn.labels - _predict(drawn.features, parameters)
    changed = parameters.copy()
    part = np.asarray(fraction, dtype=np.float64)[..., None]
    changed[:, mask] += part * _least_change(drawn.features[:, :, mask], residual)
    return changed


def _draw_task(generator: np.random.Generator, given: Problem, task: int, count: int, law: Law) -> Samples:
    n = int(given.samples[task])
    features = law.draw(generator, (count, n, given.parameters))
    errors = given.noise[task] * generator.standard_normal((count, n))
    return Samples(features, features @ given.targets[task] + errors)


def _losses_of(batch: list[Samples], given: Problem, law: Law) -> Floats:
    count = batch[0].labels.shape[0]
    parameters = np.broadcast_to(given.start, (count, given.parameters))
    losses = np.empty((count, given.tasks, given.tasks))
    for task, drawn in enumerate(batch):
        parameters = update(parameters, drawn, given.trainable[task], given.fraction[task])
        losses[:, task] = task_losses(parameters, given.targets, law)
    return losses


def task_losses(parameters: Floats, targets: Floats, law: Law = GAUSSIAN) -> Floats:
    """Return the excess risks (draws, T) of `parameters` (draws, P) on every task."""
    return law.risk(parameters[:, None, :] - targets)


def _predict(features: Floats, parameters: Floats) -> Floats:
    return (features @ parameters[:, :, None])[:, :, 0]


def _least_change(features: Floats, residual: Floats) -> Floats:
    n, m = features.shape[1:]
    transposed = features.transpose(0, 2, 1)
    right = residual[:, :, None]
    if abs(m - n) <= _NEAR_PEAK:
        # The normal equations would square a condition number that is already large here.
        return np.asarray((np.linalg.pinv(features) @ right)[:, :, 0])
    if m > n:
        return np.asarray((transposed @ np.linalg.solve(features @ transposed, right))[:, :, 0])
    return np.asarray(np.linalg.solve(transposed @ features, transposed @ right)[:, :, 0])
