"""The display of one run on a terminal: a bar for the run, a bar for its current task, and a line for each finished task."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cl_core.experiments.progress import ProgressEvent, format_duration


def make_progress(console: Console) -> Progress:
    """Return rows of a name, a bar and a remark (field `remark`); they are drawn on a terminal alone, and then removed."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[remark]}", markup=False),
        console=console,
        transient=True,
        refresh_per_second=4,
        disable=not console.is_terminal,
    )


class RunDisplay:
    """Shows one run live on a terminal; elsewhere it prints a line for each finished task. A context manager."""

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._progress = make_progress(console or Console(stderr=True))
        self._run = self._progress.add_task(title, total=1.0, remark="")
        self._task = self._progress.add_task("", total=1.0, remark="")
        self._start = time.monotonic()
        self._first: float | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Show `event`."""
        if self._first is None:
            self._first = event.done if event.stage == "arrival" else 0.0
        left = f"{describe_time_left(time.monotonic() - self._start, event.done, self._first)} left"
        name = f"task {event.task + 1} of {event.tasks}"
        stage = f"training, epoch {event.epoch} of {event.epochs}" if event.stage == "training" else event.stage
        facts = _list_facts(event)
        self._progress.update(self._run, completed=event.done, remark=left)
        share = event.done * event.tasks - event.task
        self._progress.update(self._task, description=name, completed=share, remark=" · ".join([stage, *facts]))
        if event.stage == "finished":
            line = " · ".join([name, *facts, *([left] if event.done < 1 else [])])
            self._progress.console.print(line, highlight=False, soft_wrap=True)


def _list_facts(event: ProgressEvent) -> list[str]:
    facts = []
    if event.magnitude is not None:
        facts.append(f"{event.magnitude} of {event.blocks} blocks moved")
    if event.accuracy is not None:
        facts.append(f"{100 * event.accuracy:.1f} % on the tasks so far")
    return facts


def describe_time_left(elapsed: float, done: float, first: float = 0.0) -> str:
    """Return in words the time left of a run that went from share `first` to `done` in `elapsed` seconds."""
    if done <= first or elapsed <= 0:
        return "unknown time"
    return format_duration(elapsed * (1 - done) / (done - first))
