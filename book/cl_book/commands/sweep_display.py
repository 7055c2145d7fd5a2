"""The display of a sweep on a terminal: how many runs are done, which are running, and how long the rest will take."""

import math
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import TaskID

from cl_book.commands.estimate import Pace
from cl_book.commands.run_display import make_progress
from cl_core.experiments import store
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import format_duration
from cl_core.experiments.store import Result
from cl_core.runs.sweep import SweepState


class SweepDisplay:
    """Shows a sweep with `workers` workers live on a terminal, and prints a line for each finished run. A context manager."""

    def __init__(self, pace: Pace, workers: int, console: Console | None = None) -> None:
        self._pace = pace
        self._workers = workers
        self._progress = make_progress(console or Console(stderr=True))
        self._sweep = self._progress.add_task("", total=1.0, remark="")
        self._rows: dict[str, TaskID] = {}
        self._begun: dict[str, float] = {}
        self._shown: tuple[Plan, Result] | None = None
        self._failures = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

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
        self._draw(state)

    def _print(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, soft_wrap=True, markup=False)

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
        return describe_sweep_time_left([*times, *(self._pace.seconds(plan) for plan in state.waiting)], self._workers)

    def _draw(self, state: SweepState) -> None:
        done = state.total - len(state.left)
        self._progress.update(
            self._sweep,
            total=max(1, state.total),
            completed=done,
            description=f"{done} of {state.total} done, {len(state.running)} running, {len(state.waiting)} waiting",
            remark=f"{self._time_left(state)} left",
        )
        for name in set(self._rows) - {plan.name for plan in state.running}:
            self._progress.remove_task(self._rows.pop(name))
        for plan in state.running:
            spent = time.monotonic() - self._begun[plan.name]
            if plan.name not in self._rows:
                self._rows[plan.name] = self._progress.add_task(plan.describe(), total=None, remark="")
            expected = self._pace.seconds(plan)
            completed = None if expected is None else min(spent, expected)
            self._progress.update(
                self._rows[plan.name], total=expected, completed=completed, remark=format_duration(spent)
            )


def describe_sweep_time_left(times: list[float | None], workers: int) -> str:
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
