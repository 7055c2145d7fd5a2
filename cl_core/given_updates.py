"""Updates that are given beforehand, whatever a task is like; :mod:`cl_core.strategies` has these names too."""

from dataclasses import dataclass

from cl_core.strategies import Arrival, Strategy, Update, require_count, require_fit


@dataclass(frozen=True)
class Replay(Strategy):
    """A recorded schedule played again, whatever the gradients say: the control for a rule that reads them."""

    schedule: tuple[int, ...]

    def __post_init__(self) -> None:
        for magnitude in self.schedule:
            require_count("schedule", magnitude)

    def update(self, arrival: Arrival) -> Update:
        """Return the recorded magnitude of this task; raises IndexError past the end of the record."""
        if arrival.task >= len(self.schedule):
            raise IndexError(
                f"task {arrival.task} has no entry in the schedule {self.schedule}; record one a task, from task 0 on"
            )
        return Update(require_fit(self.schedule[arrival.task], arrival))


@dataclass(frozen=True)
class Limited(Strategy):
    """The first task moves everything, every later one gets the same `limit`, such as ``Update(9, rate_factor=0.25)``."""

    limit: Update

    def update(self, arrival: Arrival) -> Update:
        """Return `limit`, or all blocks at the first task."""
        if arrival.task == 0:
            return Update(arrival.blocks)
        require_fit(self.limit.blocks, arrival)
        return self.limit
