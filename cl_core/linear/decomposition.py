"""One update taken apart: what it forgets, term by term, from the three vectors that decide it.

e = w_{t−1} − w*_1 the old error, δ = w*_t − w*_1 the distance between the tasks, d = δ − e the gap to learn.
Source: book, chapter "The bound".
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.problem import Floats, Integers, Mask, Trainable, masks, specify
from cl_core.linear.step import one_update


@dataclass(frozen=True)
class Decomposition:
    """Expected effects of one update, as numbers: drift r‖δ_S‖², repair r‖e_S‖², variance V, and what follows.

    `new_loss` is E L_t(w_t) (eq-new-task), `norm` is E‖Δ‖² (eq-norm), `share` is r (eq-share).
    """

    drift: float
    repair: float
    variance: float
    new_loss: float
    norm: float
    share: float

    @property
    def forgetting(self) -> float:
        """E[L_1(w_t) − L_1(w_{t−1})]: drift, less repair, plus variance (eq-forgetting-step)."""
        return self.drift - self.repair + self.variance

    @property
    def bound(self) -> float:
        """Drift plus variance: at least the forgetting, and equal to it when nothing is repaired (eq-bound)."""
        return self.drift + self.variance


def decompose(
    old_error: ArrayLike, distance: ArrayLike, trainable: Trainable | ArrayLike, *, samples: int, noise: float
) -> Decomposition:
    """Return what one update forgets, learns and moves in expectation, from e (P,) and δ (P,).

    trainable: an integer m (the last m coordinates) or a mask (P,) · noise: a standard deviation.
    Raises ValueError on shapes or sizes that do not fit.
    """
    e, delta = np.asarray(old_error, dtype=np.float64), np.asarray(distance, dtype=np.float64)
    if e.ndim != 1 or e.shape != delta.shape:
        raise ValueError(f"old_error has shape {e.shape} and distance {delta.shape}; give two vectors of one length")
    given = np.asarray(trainable)
    mask: Mask = masks(given[None] if given.ndim else int(given), 1, e.size)[0]
    gap = delta - e
    step = one_update(
        int(mask.sum()),
        samples,
        drift=_square(delta[mask]),
        repairable=_square(e[mask]),
        gap_trained=_square(gap[mask]),
        gap_frozen=_square(gap[~mask]),
        noise=noise,
    )
    r = float(step.share)
    return Decomposition(
        drift=r * _square(delta[mask]),
        repair=r * _square(e[mask]),
        variance=float(step.variance),
        new_loss=float(step.new_loss),
        norm=float(step.norm),
        share=r,
    )


class Profile(NamedTuple):
    """What one update would do at every magnitude: columns (P + 1,), row m for the last m coordinates trained.

    Infinite at the interpolation peak n−1 ≤ m ≤ n+1 (m ≥ 1) unless B is exactly 0.
    """

    trained: Integers
    """m, the number of trained coordinates, 0 to P."""
    drift: Floats
    """r‖δ_S‖², the distance of the tasks that the update takes over."""
    repair: Floats
    """r‖e_S‖², the old error that the update mends."""
    variance: Floats
    """V (eq-variance)."""
    forgetting: Floats
    """Drift, less repair, plus variance (eq-forgetting-step)."""
    bound: Floats
    """Drift plus variance (eq-bound)."""
    new_loss: Floats
    """E L_t(w_t) (eq-new-task)."""
    norm: Floats
    """E‖Δ‖² (eq-norm)."""


def profile(old: ArrayLike, new: ArrayLike, start: ArrayLike, samples: int, noise: float) -> Profile:
    """Return what one update from `start` would do for each m = 0 … P of trained trailing coordinates.

    old, new, start (P,): the old task's truth w*_1, the new task's w*_t, the parameters w_{t−1} before the update, finite ·
    samples: n ≥ 0 · noise: σ ≥ 0, a standard deviation. To train the coordinates in another order, reorder all three.
    Raises ValueError on arguments that do not fit. Source: book, eq-forgetting-step and eq-new-task.
    """
    given = specify(np.array([np.atleast_1d(old), np.atleast_1d(new)]), samples, 0, noise, start)
    error, distance = given.start - given.targets[0], given.targets[1] - given.targets[0]
    m = np.arange(given.parameters + 1)
    gap_trained = _of_the_last(distance - error)
    # The frozen part is summed by itself: a difference of sums would leave a rest where nothing is frozen.
    gap_frozen = _of_the_last((distance - error)[::-1])[::-1]
    drift, repairable = _of_the_last(distance), _of_the_last(error)
    n = given.samples[1]
    update = one_update(
        m,
        n,
        drift=drift,
        repairable=repairable,
        gap_trained=gap_trained,
        gap_frozen=gap_frozen,
        noise=given.noise[1],
    )
    drift, repair = update.share * drift, update.share * repairable
    return Profile(
        m, drift, repair, update.variance, update.forgetting, drift + update.variance, update.new_loss, update.norm
    )


def _of_the_last(vector: Floats) -> Floats:
    """Return (P + 1,): the squared length of the last 0, 1, …, P coordinates."""
    return np.concatenate([[0.0], np.cumsum(np.square(vector[::-1]))])


def _square(vector: Floats) -> float:
    return float(vector @ vector)
