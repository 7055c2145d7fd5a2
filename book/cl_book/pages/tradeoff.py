"""What every magnitude would forget, learn and cost, for two tasks that differ in the task-specific block alone.

w = (u, q), q the last `specific` coordinates. The tasks lie `distance` apart, within q. The learner is wrong about the old
task by `own_error` in q, at a right angle to that distance, and by `shared_error` in the shared part u; all lengths are
spread evenly over their blocks. The last m coordinates train. With `shared_error` = 0 the coordinates of u are redundant
and the curve is that of eq-valley, ξ = own_error² − distance², η = noise².
Source: book, page "A bound you can touch"; the sums are those of eq-forgetting-step.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cl_core.linear.step import one_update

Floats = NDArray[np.float64]


class Tradeoff(NamedTuple):
    """Expected effects of one update for m = 0 … P trained coordinates, each (P + 1,); infinite at the peak."""

    forgetting: Floats
    new_loss: Floats
    norm: Floats


def compute_tradeoff(
    *,
    parameters: int,
    specific: int,
    samples: int,
    noise: float,
    distance: float,
    shared_error: float,
    own_error: float = 0.0,
) -> Tradeoff:
    """Return forgetting, the loss on the new task and E‖Δ‖² for every magnitude.

    `noise` is a standard deviation, `distance` = ‖δ‖, `shared_error` = ‖e_u‖ and `own_error` = ‖e_q‖ are lengths, all 0 or
    more. Raises ValueError unless 1 ≤ specific < parameters and samples ≥ 1.
    """
    if not 1 <= specific < parameters:
        raise ValueError(f"specific = {specific}, parameters = {parameters}; give 1 ≤ specific < parameters")
    if samples < 1:
        raise ValueError(f"samples = {samples}; give 1 or more")
    for name, value in (
        ("noise", noise),
        ("distance", distance),
        ("shared_error", shared_error),
        ("own_error", own_error),
    ):
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} = {value}; give a finite number, 0 or more")
    m = np.arange(parameters + 1)
    in_q = np.minimum(m, specific) / specific
    in_u = np.maximum(0, m - specific) / (parameters - specific)
    drift, repair = distance**2 * in_q, shared_error**2 * in_u + own_error**2 * in_q
    update = one_update(
        m,
        samples,
        drift=drift,
        repairable=repair,
        gap_trained=drift + repair,
        gap_frozen=(distance**2 + own_error**2) * (1 - in_q) + shared_error**2 * (1 - in_u),
        noise=noise,
    )
    return Tradeoff(update.forgetting, update.new_loss, update.norm)
