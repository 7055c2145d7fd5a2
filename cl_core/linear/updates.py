"""Draws of one update by itself, and how far their mean is from what the theory says.

The simulation beside the chapter "The bound": nothing here uses the theory's formulas.
"""

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.laws import GAUSSIAN, Law
from cl_core.linear.problem import Floats, Trainable, specify
from cl_core.linear.simulate import draw_batches, update


def draw_updates(
    gap: ArrayLike,
    samples: int,
    trainable: Trainable | ArrayLike,
    noise: float,
    *,
    draws: int,
    seed: int,
    law: Law = GAUSSIAN,
) -> Floats:
    """Return Δ (draws, P), the least-norm update that starts `gap` = w*_t − w_{t−1} (P,) away from its task's truth.

    An update sees w_{t−1} only through the gap. trainable: an integer m (the last m coordinates) or a mask (P,) ·
    noise: a standard deviation. Raises ValueError on arguments that do not fit. Source: book, eq-update.
    """
    d = np.atleast_2d(np.asarray(gap, dtype=np.float64))
    mask = np.asarray(trainable)
    given = specify(d, samples, mask[None] if mask.ndim else int(mask), noise)
    return np.concatenate(
        [
            update(np.zeros((len(drawn.labels), given.parameters)), drawn, given.trainable[0])
            for (drawn,) in draw_batches(given, draws=draws, seed=seed, law=law)
        ]
    )


def loss_change(updates: Floats, old_error: ArrayLike) -> Floats:
    """Return ‖e + Δ‖² − ‖e‖² (draws,) for updates Δ (draws, P) and the old task's error e = w_{t−1} − w*_1 (P,)."""
    return np.asarray(2 * updates @ np.asarray(old_error, dtype=np.float64) + np.square(updates).sum(axis=1))


def z_score(drawn: ArrayLike, expected: ArrayLike) -> Floats:
    """Return (mean − expected) / standard error along the first axis: how many error bars the theory is off.

    About standard normal where the theory is right, the draws are independent and their variance is finite. Draws that
    do not vary give 0 where they agree with `expected` to rounding, ±inf where they do not. Raises ValueError below 2 draws.
    """
    values = np.asarray(drawn, dtype=np.float64)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError(f"{values.size} draws; give 2 or more, a standard error needs them")
    off = values.mean(axis=0) - np.asarray(expected, dtype=np.float64)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    scale = np.maximum(np.abs(values).max(axis=0), np.abs(np.asarray(expected, dtype=np.float64)))
    off = np.where(np.abs(off) <= 1e-12 * scale, 0.0, off)
    still = error <= 1e-12 * scale
    # A constant that is off is infinitely many error bars off; one that agrees is none.
    return np.asarray(
        np.where(still, np.where(off == 0, 0.0, np.copysign(np.inf, off)), off / np.where(still, 1.0, error))
    )
