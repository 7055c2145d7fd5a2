"""Forgetting and generalisation, read from a matrix of losses L (T, T), L[t, k] the loss on task k after task t."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def forgetting(losses: ArrayLike) -> float:
    """Return F = 1/(T−1) Σ_{k<T} (L[T, k] − L[k, k]): how much worse the earlier tasks have become; negative is backward transfer.

    NaN for a single task (there is nothing to forget) and where an entry that it reads is infinite. Raises ValueError
    unless `losses` is (T, T). Source: paper, Section III; book, eq-forgetting.
    """
    matrix = _square(losses)
    tasks = matrix.shape[0]
    last, own = matrix[-1, :-1], np.diagonal(matrix)[:-1]
    if tasks == 1 or not (np.isfinite(last).all() and np.isfinite(own).all()):
        return float("nan")
    return float((last - own).mean())


def generalization(losses: ArrayLike) -> float:
    """Return G = 1/T Σ_k L[T, k], the mean loss over all tasks in the end: an error, lower is better; may be +inf.

    Raises ValueError unless `losses` is (T, T). Source: book, eq-generalisation.
    """
    return float(_square(losses)[-1].mean())


def _square(losses: ArrayLike) -> NDArray[np.float64]:
    matrix = np.asarray(losses, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
        raise ValueError(
            f"losses has shape {matrix.shape}; give (T, T), row t the losses on every task after training task t"
        )
    return matrix
