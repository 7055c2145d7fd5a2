"""One update, exactly: the share of the gap that it learns, the variance that it pays, what it forgets.

Notation of the book, chapter "The bound": m trained coordinates (the set S), n samples, d = w*_t − w_{t−1} the gap,
e = w_{t−1} − w*_1 the old error, δ = w*_t − w*_1 the distance between the tasks, B = ‖d outside S‖² + σ².
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Update(NamedTuple):
    """Expected effects of one update; each an array of the inputs' common shape."""

    forgetting: Floats
    """E[L_1(w_t) − L_1(w_{t−1})] (eq-forgetting-step)."""
    new_loss: Floats
    """E L_t(w_t) (eq-new-task)."""
    norm: Floats
    """E‖Δ‖², the squared length of the move (eq-norm)."""
    share: Floats
    """r, the share of the trained gap that is learned (eq-share)."""
    variance: Floats
    """V, the variance that the update adds (eq-variance)."""


def learned_share(trained: ArrayLike, samples: ArrayLike) -> Floats:
    """Return r with E Δ = r d_S: n/m when m > n, 1 when 1 ≤ m ≤ n, 0 when m = 0 or n = 0 (eq-share)."""
    m, n = np.asarray(trained, dtype=np.float64), np.asarray(samples, dtype=np.float64)
    share = np.minimum(1.0, n / np.maximum(m, 1.0))
    return np.where(m == 0, 0.0, share)


def variance(trained: ArrayLike, samples: ArrayLike, left_behind: ArrayLike) -> Floats:
    """Return V = E‖Δ‖² − r‖d_S‖² (eq-variance): infinite at n−1 ≤ m ≤ n+1 unless B = 0.

    `left_behind` is B ≥ 0: the squared gap outside the trained set plus the noise's variance; it may be infinite.
    """
    m, n, b = (np.asarray(value, dtype=np.float64) for value in (trained, samples, left_behind))
    distance = np.abs(m - n) - 1.0
    rate = np.where(distance > 0, np.minimum(m, n) / np.where(distance > 0, distance, 1.0), np.inf)
    idle = (m == 0) | (n == 0) | (b == 0)
    return np.where(idle, 0.0, np.where(idle, 0.0, rate) * np.where(idle, 1.0, b))


def one_update(
    trained: ArrayLike,
    samples: ArrayLike,
    *,
    drift: ArrayLike,
    repairable: ArrayLike,
    gap_trained: ArrayLike,
    gap_frozen: ArrayLike,
    noise: ArrayLike,
) -> Update:
    """Return what one update does in expectation, from squared lengths; the arguments broadcast.

    drift = ‖δ_S‖² · repairable = ‖e_S‖² · gap_trained = ‖d_S‖² · gap_frozen = ‖d outside S‖² · noise = σ (a standard
    deviation). Forgetting is r(‖δ_S‖² − ‖e_S‖²) + V: drift, less repair, plus variance (eq-forgetting-step).
    """
    r = learned_share(trained, samples)
    frozen = np.asarray(gap_frozen, dtype=np.float64)
    v = variance(trained, samples, frozen + np.square(np.asarray(noise, dtype=np.float64)))
    gap = np.asarray(gap_trained, dtype=np.float64)
    moved = r * (np.asarray(drift, dtype=np.float64) - np.asarray(repairable, dtype=np.float64)) + v
    return Update(moved, frozen + (1 - r) * gap + v, r * gap + v, r, v)
