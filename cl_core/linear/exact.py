"""The exact recursion: expected losses of every task after every task, for any trainable sets.

Tracked, a coordinate c each, are the mean μ_c and the variance of w_t: every second moment E[(w_t − w*_k)_c (w_t − w*_j)_c]
is Var(w_t)_c + (μ − w*_k)_c (μ − w*_j)_c. One step costs O(P), a row of losses O(T P). At the interpolation peak the trained
coordinates' variances are infinite; a flag a coordinate carries that, never arithmetic on infinities.
Source: book, chapter "Many tasks" (eq-moments).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.problem import Floats, Mask, Problem, Trainable, specify
from cl_core.linear.step import learned_share, variance


@dataclass(frozen=True)
class Moments:
    """Mean and variance of the parameters w, a coordinate each, all (P,).

    `mean` and `variance` mean nothing where `unbounded` says that the variance is infinite.
    """

    mean: Floats
    variance: Floats
    unbounded: Mask

    def losses(self, targets: Floats) -> Floats:
        """Return (T,): E‖w − w*_k‖² for each row of `targets` (T, P), +inf where a coordinate's variance is infinite."""
        if self.unbounded.any():
            return np.full(len(targets), np.inf)
        # Row by row, so that no (T, P) array of differences is made.
        spread = float(self.variance.sum())
        return np.array([spread + float(np.square(self.mean - target).sum()) for target in targets])

    def gap(self, target: Floats) -> Floats:
        """Return (P,): E(w − w*)_c² for one `target` w* (P,), meaningless where `unbounded`."""
        return np.asarray(self.variance + np.square(self.mean - target))


def expected_losses(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    fraction: float | ArrayLike = 1.0,
) -> NDArray[np.float64]:
    """Return L (T, T), L[t, k] = E‖w_t − w*_k‖², the expected excess risk on task k after training task t.

    targets (T, P) · samples: int or (T,) · trainable: int m (the last m coordinates, every task), (T,) of m, or (T, P)
    bool · noise: standard deviation, float or (T,) · start (P,), zeros by default · fraction: α in [0, 1], float or (T,),
    the part of each update that is made: w_t = w_{t−1} + α_t Δ. +inf from a step at the
    interpolation peak (n−1 ≤ m ≤ n+1) until a later task overwrites all that it touched; never NaN where no square
    overflows. The peak has a knife edge, without a tolerance: it is infinite unless B = ‖gap outside the trained set‖²
    + σ² is exactly 0.0, so that a start which is off the truth by 1e-16 turns a finite value into an infinite one.
    Raises ValueError on arguments that do not fit. Source: book, eq-moments.
    """
    given = specify(targets, samples, trainable, noise, start, fraction)
    moments = start_at(given.start)
    rows = []
    for task in range(given.tasks):
        moments = train(moments, given, task, given.trainable[task])
        rows.append(moments.losses(given.targets))
    return np.array(rows)


def start_at(parameters: Floats) -> Moments:
    """Return the moments before any training, when w is `parameters` (P,) for sure."""
    return Moments(parameters, np.zeros(parameters.shape), np.zeros(parameters.shape, dtype=bool))


def train(moments: Moments, given: Problem, task: int, mask: Mask) -> Moments:
    """Return the moments after training `task` with the coordinates in `mask` (P,) free to move (eq-moments, eq-part-moments)."""
    m, n, alpha = int(mask.sum()), int(given.samples[task]), float(given.fraction[task])
    if m == 0 or n == 0 or alpha == 0:
        return moments
    gap = moments.gap(given.targets[task])
    left_behind = np.inf if (moments.unbounded & ~mask).any() else float(gap[~mask].sum() + given.noise[task] ** 2)
    v = float(variance(m, n, left_behind))
    if np.isinf(v):
        return Moments(moments.mean, moments.variance, moments.unbounded | mask)
    if m <= n and alpha == 1:
        return _overwrite(moments, given.targets[task], mask, v / m)
    if m > n and (moments.unbounded & mask).any():
        # A random projection of rank n < m mixes the trained coordinates: one infinite variance makes all of them infinite.
        return Moments(moments.mean, moments.variance, moments.unbounded | mask)
    return _learn_partly(moments, given.targets[task], gap, mask, n, v / m, alpha)


def _overwrite(moments: Moments, target: Floats, mask: Mask, spread: float) -> Moments:
    # All of the gap is learned (r = 1): what was there before, finite or not, is gone. Set, not subtracted, so that
    # a coordinate learned exactly has a gap of exactly zero.
    return Moments(
        np.where(mask, target, moments.mean), np.where(mask, spread, moments.variance), moments.unbounded & ~mask
    )


def _learn_partly(
    moments: Moments, target: Floats, gap: Floats, mask: Mask, n: int, spread: float, alpha: float
) -> Moments:
    # Every term of the new variance is 0 or more, so that nothing cancels.
    m = int(mask.sum())
    r = float(learned_share(m, n))
    mixing = n * (m - n) / (m * (m - 1) * (m + 2)) if m > n else 0.0
    added = mixing * (1 - 2 / m) * gap + (mixing * float(gap[mask].sum()) + spread)
    return Moments(
        np.where(mask, moments.mean + alpha * r * (target - moments.mean), moments.mean),
        np.where(mask, (1 - alpha * r) ** 2 * moments.variance + alpha**2 * added, moments.variance),
        moments.unbounded,
    )
