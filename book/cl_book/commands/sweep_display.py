"""A sweep on a terminal: how many runs are done, what is running, what is left, and how long it will take."""

import math
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cl_core.experiments import store
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import format_duration
from cl_core.experiments.store import Result
from cl_core.runs.estimate import Pace
from cl_core.runs.sweep import SweepState


class SweepDisplay:
    """Shows a sweep with `workers` workers, live on a terminal; a line for each finished run stays. A context manager."""

    def __init__(self, pace: Pace, workers: int, console: Console | None = None) -> None:
        self._pace = pace
        self._workers = workers
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, transient=True, refresh_per_second=4)
        self._begun: dict[str, float] = {}
        self._shown: tuple[Plan, Result] | None = None
        self._failures = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, state: SweepState) -> None:
        """Show where the sweep stands."""
        for plan in state.running:
            self._begun.setdefault(plan.name, time.monotonic())
        if state.finished is not None and state.finished is not self._shown:
            self._shown = state.finished
            self._pace.learn(state.finished[1])
            self._print(self._line(state, *state.finished))
        for name, reason in list(state.failed.items())[self._failures :]:
            self._failures += 1
            self._print(f"failed: {name}: {reason}")
        if self._console.is_terminal:
            self._live.update(self._table(state))

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True, markup=False)

    def _line(self, state: SweepState, plan: Plan, result: Result) -> str:
        done = state.total - len(state.left) - len(state.failed)
        value = 100 * store.metric(result, "avg_acc")
        parts = [f"{done} of {state.total}", plan.describe(), f"Avg.Acc {value:.1f} %"]
        if state.left:
            parts.append(f"{self._time_left(state)} left")
        return " · ".join(parts)

    def _time_left(self, state: SweepState) -> str:
        now = time.monotonic()
        running = [(self._pace.seconds(plan), now - self._begun[plan.name]) for plan in state.running]
        times = [None if expected is None else max(0.0, expected - spent) for expected, spent in running]
        return describe_time_left([*times, *(self._pace.seconds(plan) for plan in state.waiting)], self._workers)

    def _table(self, state: SweepState) -> Table:
        done = state.total - len(state.left)
        table = Table.grid(padding=(0, 2))
        table.add_row(
            ProgressBar(total=max(1, state.total), completed=done, width=40),
            Text(f"{done} of {state.total} done, {len(state.running)} running, {len(state.waiting)} waiting"),
            Text(f"{self._time_left(state)} left"),
        )
        for plan in state.running:
            spent = format_duration(time.monotonic() - self._begun[plan.name])
            table.add_row(Text("  running", style="dim"), Text(plan.describe()), Text(spent))
        return table


def describe_time_left(times: list[float | None], workers: int) -> str:
    """Return in words how long runs of these seconds take on so many workers; one that is unknown takes the mean."""
    expected = [seconds for seconds in times if seconds is not None]
    if not times:
        return format_duration(0)
    if not expected:
        return "unknown time"
    mean = sum(expected) / len(expected)
    total = sum(expected) + mean * (len(times) - len(expected))
    longest = max(expected)
    words = format_duration(math.ceil(max(total / workers, longest)))
    return words if len(expected) == len(times) else f"about {words}"
