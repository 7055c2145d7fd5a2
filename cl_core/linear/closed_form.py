"""Expected forgetting of initialized training in closed form: a known result that the recursion must meet.

Source: Lin, Ju, Liang, Shroff, "Theory on Forgetting and Generalization of Continual Learning", arXiv 2302.05836, in this
project's notation (book, eq-lin-forgetting).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def forgetting_of_initialized(targets: ArrayLike, *, samples: int, noise: float) -> float:
    """Return E F_T when every task trains all P parameters from w_0 = 0 with n samples each, P > n + 1, T ≥ 2.

    targets (T, P) · noise = σ, a standard deviation. Raises ValueError outside P > n + 1, where the formula does not hold.
    """
    w_star: NDArray[np.float64] = np.asarray(targets, dtype=np.float64)
    if w_star.ndim != 2 or w_star.shape[0] < 2:
        raise ValueError(f"targets has shape {w_star.shape}; give (T, P) with 2 tasks or more")
    tasks, parameters = w_star.shape
    if not parameters > samples + 1:
        raise ValueError(f"P = {parameters} and n = {samples}: the closed form needs P > n + 1")
    kept = 1 - samples / parameters
    spread = parameters * noise**2 / (parameters - samples - 1)
    total = 0.0
    for i in range(1, tasks):
        total += (kept**tasks - kept**i) * float(w_star[i - 1] @ w_star[i - 1]) + spread * (kept**i - kept**tasks)
        for j in range(i + 1, tasks + 1):
            weight = (1 - kept) * (kept ** (tasks - i) - kept ** (j - i) + kept ** (tasks - j))
            total += weight * float(np.square(w_star[j - 1] - w_star[i - 1]).sum())
    return float(total / (tasks - 1))
