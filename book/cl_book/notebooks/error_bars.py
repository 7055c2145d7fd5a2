"""Compare measured values with a limit, taking their error bars into account."""

import numpy as np
from numpy.typing import ArrayLike

ERRORS = 2.0
"""The number of standard errors between a value and its limit that decides."""


def stays_below(values: ArrayLike, errors: ArrayLike, limit: float) -> bool | None:
    """Return True if every value is below `limit` by two standard errors, False if one is above it by as much, else None.

    The three answers are those of :func:`cl_book.notebooks.record.verdict`. Raises ValueError without a value, or where an
    error is negative or anything is not finite.
    """
    measured, bars = np.broadcast_arrays(np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64))
    if measured.size == 0:
        raise ValueError("no value to hold against the limit; give one or more")
    if not (np.isfinite(measured).all() and np.isfinite(bars).all() and np.isfinite(limit) and (bars >= 0).all()):
        raise ValueError(
            f"values {measured.tolist()}, errors {bars.tolist()}, limit {limit}; give finite numbers, errors ≥ 0"
        )
    if (measured - ERRORS * bars > limit).any():
        return False
    return True if (measured + ERRORS * bars <= limit).all() else None
