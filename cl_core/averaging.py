"""Going a part of the way: every task trains freely, and the model then takes only a fraction of the step."""

from dataclasses import dataclass

from cl_core.strategies import Arrival, Strategy, Update


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
