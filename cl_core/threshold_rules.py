"""Rules of our own with one threshold and two levels: few blocks or many, by the gradients' score or by the loss."""

from dataclasses import dataclass

from cl_core.hybrid_rule import require_previous, require_threshold
from cl_core.strategies import Arrival, Strategy, Update, find_score, require_count, require_fit, score


@dataclass(frozen=True)
class TwoLevel(Strategy):
    """Our first reading of the hybrid rule: related to the task before, move few blocks; unrelated, move many.

    A task counts as related when ``score(metric, arrival) >= threshold``. The second task moves `many`: its score
    compares with a gradient taken at random weights.
    """

    threshold: float
    few: int
    many: int
    metric: str = "cosine"

    def __post_init__(self) -> None:
        require_count("few", self.few)
        require_count("many", self.many)
        if self.few > self.many:
            raise ValueError(
                f"few = {self.few} is above many = {self.many}; a related task must not move more than an unrelated one"
            )
        require_threshold(self.threshold)
        find_score(self.metric)

    def update(self, arrival: Arrival) -> Update:
        """Return `few` or `many` by the score, `many` at the second task, all blocks at the first.

        Raises ValueError from the third task on where the gradient of the task before is not there.
        """
        if arrival.task == 0:
            return Update(arrival.blocks)
        if arrival.task == 1:
            return Update(require_fit(self.many, arrival))
        require_previous(arrival)
        related = score(self.metric, arrival) >= self.threshold
        return Update(require_fit(self.few if related else self.many, arrival))


@dataclass(frozen=True)
class Residual(Strategy):
    """A rule that reads how badly the arriving task is fitted: below a loss of `threshold` move few blocks, else many."""

    threshold: float
    few: int
    many: int

    def __post_init__(self) -> None:
        require_count("few", self.few)
        require_count("many", self.many)
        require_threshold(self.threshold)

    def update(self, arrival: Arrival) -> Update:
        """Return `few` or `many` by the loss at arrival, all blocks at the first task."""
        if arrival.task == 0:
            return Update(arrival.blocks)
        return Update(require_fit(self.few if arrival.loss < self.threshold else self.many, arrival))
