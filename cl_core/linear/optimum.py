"""The magnitude that forgets least, when the extra trained coordinates are redundant.

Redundant: true value zero in both tasks, and never trained before, so that ξ = ‖e_S‖² − ‖δ_S‖² (what the update repairs
beyond the drift) and η = B (what the frozen part leaves behind, plus noise) do not change with m.
Source: book, chapter "The optimal magnitude"; compare Theorem IV.4 of the paper, whose
ξ and η are in :mod:`cl_core.linear.paper`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.linear.step import learned_share, variance


def forgetting_curve(magnitudes: ArrayLike, *, xi: float, eta: float, samples: int) -> NDArray[np.float64]:
    """Return F(m) = −rξ + V for every m in `magnitudes`, on both branches (eq-valley); +inf at the peak if η > 0."""
    m = np.asarray(magnitudes)
    return np.asarray(-learned_share(m, samples) * xi + variance(m, samples, eta))


def optimal_magnitude(xi: float, eta: float, samples: int) -> tuple[float, float] | None:
    """Return (m*, F(m*)), the local minimum on the branch m > n + 1, as real numbers; None unless ξ > η > 0 (eq-optimum).

    m* = (n+1)/(1 − √(η/ξ)), F(m*) = −n/(n+1)·(√ξ − √η)². It is a *local* minimum: compare with the branch m < n − 1
    (:func:`best_magnitude`) before calling it the optimum. Raises ValueError if `samples` < 1 or a value is not finite.
    """
    if samples < 1:
        raise ValueError(f"samples = {samples}; give the number of samples of the task, 1 or more")
    if not (math.isfinite(xi) and math.isfinite(eta)):
        raise ValueError(f"xi = {xi}, eta = {eta}; give finite numbers")
    if not xi > eta > 0:
        return None
    # 1 − √(η/ξ) and √ξ − √η written without subtracting nearly equal roots.
    root_xi, root_eta = math.sqrt(xi), math.sqrt(eta)
    difference = (xi - eta) / (root_xi + root_eta)
    return (samples + 1) * root_xi / difference, -samples / (samples + 1) * difference**2


def best_magnitude(*, xi: float, eta: float, samples: int, least: int, capacity: int) -> tuple[int, float]:
    """Return the integer m in [least, capacity] with the least forgetting F(m), both branches compared, and that F.

    `least` is m_0, the number of coordinates that matter; `capacity` is P. Raises ValueError unless 0 ≤ least ≤ capacity.
    """
    if not 0 <= least <= capacity:
        raise ValueError(f"least = {least}, capacity = {capacity}; give 0 ≤ least ≤ capacity")
    magnitudes = np.arange(least, capacity + 1)
    curve = forgetting_curve(magnitudes, xi=xi, eta=eta, samples=samples)
    best = int(np.argmin(curve))
    return int(magnitudes[best]), float(curve[best])
