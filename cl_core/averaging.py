"""Going a part of the way: every task trains freely, and the model then takes only a fraction of the step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cl_core.strategies import Arrival, Strategy, Update

Surprise = Literal["lowers", "raises"]
"""What a loss at arrival that is higher than the usual ones does to the fraction."""


@dataclass(frozen=True)
class Averaged(Strategy):
    """Every task trains everything, and the model then goes only `fractions[task]` of the way: an average of weights.

    The first fraction must be 1. No data is kept and no gradient read; see :func:`fractions`.
    """

    fractions: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.fractions[:1] != (1.0,):
            raise ValueError(
                f"fractions = {self.fractions} do not fit; the first task goes the whole way, so begin with 1"
            )

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks and this task's fraction; raises IndexError past the last."""
        if arrival.task >= len(self.fractions):
            raise IndexError(
                f"task {arrival.task} has no fraction among {self.fractions}; give one a task, from task 0 on"
            )
        return Update(arrival.blocks, fraction=self.fractions[arrival.task])


@dataclass(frozen=True)
class AveragedByGain(Strategy):
    """Every task trains everything, and the model then goes a part of the way computed from the losses at arrival.

    No data is kept, no gradient read and no setting needed; see :func:`read_fractions`.
    """

    surprise: Surprise = "lowers"

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks and this task's fraction; raises ValueError where the losses of all arrivals are not there."""
        losses = (*arrival.losses, arrival.loss)
        if len(losses) != arrival.task + 1:
            raise ValueError(
                f"task {arrival.task} arrives with {len(arrival.losses)} earlier losses; give one for each task before"
            )
        return Update(arrival.blocks, fraction=read_fractions(losses, self.surprise)[-1])


def read_fractions(losses: Sequence[float], surprise: Surprise = "lowers") -> tuple[float, ...]:
    """Return each task's fraction, the first 1 and the others above 0 to ½, from the `losses` of all arrivals so far.

    The gain of the linear model, α = e/(e + D² + s²) and e ← (1 − α)e, for updates that learn their whole task and cost
    the variance s² of its noise. A loss at arrival is e + D² + s² in expectation and stands below the line as it is.
    The first update leaves e = D² + s², half of the second loss; later e is no larger, so that no fraction exceeds ½.
    Losses that are as expected give 1/t; a higher one *lowers* its fraction. With `surprise` ``raises`` each loss is
    turned round the mean of those before it, from the second on, so that it raises it as much. Raises ValueError for a
    loss that is not above 0. Source: book, chapter "How much of the way" (eq-gain).
    """
    told, error = [1.0], 0.0
    for task, loss in enumerate(losses):
        if not 0 < loss < math.inf:
            raise ValueError(f"the loss at the arrival of task {task} is {loss}; a gain is read from losses above 0")
        if task == 0:
            continue
        error = loss / 2 if task == 1 else error
        before = losses[1:task] or (loss,)
        usual = sum(before) / len(before)
        told.append(error / max(loss if surprise == "lowers" else usual**2 / loss, 2 * error))
        error *= 1 - told[-1]
    return tuple(told)


def fractions(order: str, tasks: int, fraction: float = 1.0) -> tuple[float, ...]:
    """Return how far along its way each of `tasks` tasks takes the model; the first goes the whole way.

    `order` ``harmonic`` gives task t (from 1) the fraction 1/t, so that the model is the mean of the weights at which the
    tasks' trainings ended; ``reversed`` gives the same fractions of the later tasks in reversed order;
    ``constant`` gives each later task `fraction`, above 0 to 1.
    """
    later = tuple(1 / task for task in range(2, tasks + 1))
    orders = {"harmonic": later, "reversed": later[::-1], "constant": (fraction,) * len(later)}
    if order not in orders:
        raise ValueError(f"order = {order!r} of the fractions is unknown; choose one of {', '.join(orders)}")
    return (1.0, *orders[order])
