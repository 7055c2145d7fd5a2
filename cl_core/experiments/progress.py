"""The progress that a run reports while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ProgressEvent:
    """Where a run stands: `task` of `tasks` (from 0), its stage, and what it has found so far.

    `stage` is ``arrival``, ``training``, ``evaluation`` or ``finished`` (the task is done and saved); `share` is how
    much of the task's training is done, 0 to 1. `magnitude` of `blocks` may move. `accuracy` is the mean over the tasks
    seen, 0 to 1, after the last one that finished.
    """

    task: int
    tasks: int
    stage: str
    share: float = 0.0
    epochs: int = 1
    magnitude: int | None = None
    blocks: int | None = None
    accuracy: float | None = None

    @property
    def done(self) -> float:
        """Share of the run's training that is done, 0 to 1."""
        within = 1.0 if self.stage in {"evaluation", "finished"} else self.share
        return (self.task + within) / self.tasks

    @property
    def epoch(self) -> int:
        """The pass over the task's images that is going on, from 1."""
        return min(int(self.share * self.epochs) + 1, self.epochs)


Listener = Callable[[ProgressEvent], None]
"""Receives each event of a run."""


def silent(event: ProgressEvent) -> None:
    """Listen to nothing."""


def format_duration(seconds: float) -> str:
    """Return a duration for people: ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
