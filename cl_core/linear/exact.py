"""The exact recursion: expected losses of every task after every task, for any trainable sets.

Tracked, a coordinate c and a pair of tasks (k, j) each, are the second moments M_t[k, j, c] = E[(w_t − w*_k)_c (w_t − w*_j)_c].
One step costs O(T² P). At the interpolation peak the trained coordinates' moments are infinite; a flag a coordinate
carries that, never arithmetic on infinities. Source: book, chapter "Many tasks" (eq-moments).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.problem import Floats, Mask, Problem, Trainable, problem
from cl_core.linear.step import learned_share, variance


@dataclass(frozen=True)
class Moments:
    """Second moments of the error against every task.

    second (T, T, P): E[(w − w*_k)_c (w − w*_j)_c], meaningless where `unbounded` (P,) says that they are infinite.
    """

    second: Floats
    unbounded: Mask

    def losses(self) -> Floats:
        """Return (T,): E‖w − w*_k‖² for each task k, +inf where a coordinate's moments are infinite."""
        if self.unbounded.any():
            return np.full(self.second.shape[0], np.inf)
        return np.asarray(np.einsum("kkc->k", self.second))


def expected_losses(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Return L (T, T), L[t, k] = E‖w_t − w*_k‖², the expected excess risk on task k after training task t.

    targets (T, P) · samples: int or (T,) · trainable: int m (the last m coordinates, every task), (T,) of m, or (T, P)
    bool · noise: standard deviation, float or (T,) · start (P,), zeros by default. +inf from a step at the
    interpolation peak (n−1 ≤ m ≤ n+1) until a later task overwrites all that it touched; never NaN.
    Raises ValueError on arguments that do not fit. Source: book, eq-moments.
    """
    given = problem(targets, samples, trainable, noise, start)
    moments = initial_moments(given.targets, given.start)
    rows = []
    for task in range(given.tasks):
        moments = train(moments, given, task, given.trainable[task])
        rows.append(moments.losses())
    return np.array(rows)


def initial_moments(targets: Floats, start: Floats) -> Moments:
    """Return the moments before any training, when the parameters are `start` (P,) for sure."""
    error = start - targets
    return Moments(error[:, None, :] * error[None, :, :], np.zeros(targets.shape[1], dtype=bool))


def train(moments: Moments, given: Problem, task: int, mask: Mask) -> Moments:
    """Return the moments after training `task` with the coordinates in `mask` (P,) free to move (eq-moments)."""
    m, n = int(mask.sum()), int(given.samples[task])
    if m == 0 or n == 0:
        return moments
    left_behind = _left_behind(moments, given, task, mask)
    v = float(variance(m, n, left_behind))
    if np.isinf(v):
        return Moments(moments.second, moments.unbounded | mask)
    if m <= n:
        return _overwritten(moments, given.targets, task, mask, v / m)
    if (moments.unbounded & mask).any():
        # A random projection of rank n < m mixes the trained coordinates: one infinite moment makes all of them infinite.
        return Moments(moments.second, moments.unbounded | mask)
    return _partly_learned(moments, task, mask, n, v / m)


def _left_behind(moments: Moments, given: Problem, task: int, mask: Mask) -> float:
    frozen = ~mask
    if (moments.unbounded & frozen).any():
        return np.inf
    return float(moments.second[task, task, frozen].sum() + given.noise[task] ** 2)


def _overwritten(moments: Moments, targets: Floats, task: int, mask: Mask, spread: float) -> Moments:
    # All of the gap is learned (r = 1): what was there before, finite or not, is gone. Set, not subtracted, so that
    # a coordinate learned exactly is exactly zero.
    difference = targets[task, mask] - targets[:, mask]
    second = moments.second.copy()
    second[:, :, mask] = difference[:, None, :] * difference[None, :, :] + spread
    return Moments(second, moments.unbounded & ~mask)


def _partly_learned(moments: Moments, task: int, mask: Mask, n: int, spread: float) -> Moments:
    m = int(mask.sum())
    r = float(learned_share(m, n))
    off = n * (m - n) / (m * (m - 1) * (m + 2))
    diagonal = (n * n - 2 * off * m) / (m * m)
    with_task = moments.second[:, task][:, mask]
    gap = with_task[task]
    second = moments.second.copy()
    second[:, :, mask] += (
        -r * (with_task[:, None, :] + with_task[None, :, :]) + (diagonal + off) * gap + off * gap.sum() + spread
    )
    return Moments(second, moments.unbounded)
