"""The account of one update: what it forgets, term by term, from the three vectors that decide it.

e = w_{t−1} − w*_1 the old error, δ = w*_t − w*_1 the distance between the tasks, d = δ − e the gap to learn.
Source: book, chapter "The bound".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.problem import Floats, Mask, Trainable, masks
from cl_core.linear.step import one_update


@dataclass(frozen=True)
class Account:
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


def account(
    old_error: ArrayLike, distance: ArrayLike, trainable: Trainable | ArrayLike, *, samples: int, noise: float
) -> Account:
    """Return the account of one update from e (P,) and δ (P,).

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
    return Account(
        drift=r * _square(delta[mask]),
        repair=r * _square(e[mask]),
        variance=float(step.variance),
        new_loss=float(step.new_loss),
        norm=float(step.norm),
        share=r,
    )


def _square(vector: Floats) -> float:
    return float(vector @ vector)
