"""Where a run stands while it goes on, and its display on a terminal."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text


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


class Display:
    """Shows one run on a terminal, live; elsewhere prints one line a finished task. Use as a context manager."""

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._title = title
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, transient=True, refresh_per_second=4)
        self._begun = time.monotonic()
        self._first: float | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Show `event`."""
        if self._first is None:
            self._first = event.done if event.stage == "arrival" else 0.0
        if self._console.is_terminal:
            self._live.update(self._table(event))
        if event.stage == "finished":
            self._console.print(self._line(event), highlight=False, soft_wrap=True)

    def _line(self, event: ProgressEvent) -> str:
        left = format_time_left(time.monotonic() - self._begun, event.done, self._first or 0.0)
        parts = [f"task {event.task + 1} of {event.tasks}", *self._facts(event)]
        if event.done < 1:
            parts.append(f"{left} left")
        return " · ".join(parts)

    def _facts(self, event: ProgressEvent) -> list[str]:
        facts = []
        if event.magnitude is not None:
            facts.append(f"{event.magnitude} of {event.blocks} blocks moved")
        if event.accuracy is not None:
            facts.append(f"{100 * event.accuracy:.1f} % on the tasks so far")
        return facts

    def _table(self, event: ProgressEvent) -> Table:
        left = format_time_left(time.monotonic() - self._begun, event.done, self._first or 0.0)
        table = Table.grid(padding=(0, 2))
        state = f"task {event.task + 1} of {event.tasks}, {event.stage}"
        if event.stage == "training":
            state += f", epoch {event.epoch} of {event.epochs}"
        table.add_row(Text(self._title, style="bold"))
        table.add_row(ProgressBar(total=1.0, completed=event.done, width=40), Text(f"{left} left"))
        table.add_row(Text(" · ".join([state, *self._facts(event)])))
        return table


def format_time_left(elapsed: float, done: float, first: float = 0.0) -> str:
    """Return in words the time left of a run that went from share `first` to `done` in `elapsed` seconds."""
    if done <= first or elapsed <= 0:
        return "unknown time"
    return format_duration(elapsed * (1 - done) / (done - first))


def format_duration(seconds: float) -> str:
    """Return a duration for people: ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
