"""Whether reported measures fit each other, by Forgetting = M/(M−1) · (Task.Acc − Avg.Acc) of M tasks.

The identity holds for every accuracy matrix and, being linear, for means over seeds. Everything is in per cent. The
paper defines the measures and leaves the M of Tables I and II open, so what does not fit is a question.
"""

import math
from dataclasses import dataclass

from cl_book.claims.paper_table import reported_rows

LONG, USUAL = 20, 10
"""Tasks of the experiments whose name says so, and the number that is usual; the paper states none for Tables I and II."""

_USUAL_OF = {"split-cifar10": 5}
"""Where another number is usual: ten classes are cut into pairs."""


@dataclass(frozen=True)
class ReportedRow:
    """What is reported of one strategy on one experiment; `task` is None where no Task.Acc is."""

    experiment: str
    strategy: str
    average: float
    forgetting: float
    task: float | None

    @property
    def tasks(self) -> int:
        """The number of tasks that the row is held against."""
        return LONG if self.experiment.endswith("-20") else _USUAL_OF.get(self.experiment, USUAL)

    @property
    def fitting(self) -> float | None:
        """M at which the three measures fit, in general no integer; None where none does, or Task.Acc is missing."""
        return None if self.task is None else implied_tasks(self.average, self.task, self.forgetting)

    @property
    def expected_forgetting(self) -> float | None:
        """Forgetting that Task.Acc and Avg.Acc imply at `tasks`."""
        return None if self.task is None else implied_forgetting(self.average, self.task, self.tasks)

    @property
    def expected_task(self) -> float:
        """Task.Acc that Avg.Acc and Forgetting imply at `tasks`."""
        return implied_task_accuracy(self.average, self.forgetting, self.tasks)

    @property
    def least_from_peak(self) -> int | None:
        """Fewest tasks with which the row is possible if forgetting counts from a task's best accuracy; None: none.

        A task's best accuracy is at least the one that it had when new, so such a forgetting is at least the usual one.
        """
        return None if self.fitting is None else max(2, math.ceil(self.fitting - 1e-9))

    @property
    def most(self) -> int | None:
        """Most tasks with which the implied Task.Acc stays at 100 or below; None where every number does."""
        return most_tasks(self.average, self.forgetting)


def implied_task_accuracy(average: float, forgetting: float, tasks: int) -> float:
    """Return the Task.Acc that M = `tasks` tasks of Avg.Acc `average` and this Forgetting must have had.

    Raises ValueError below two tasks, where nothing is forgotten.
    """
    _require_two(tasks)
    return average + (tasks - 1) / tasks * forgetting


def implied_forgetting(average: float, task: float, tasks: int) -> float:
    """Return the Forgetting that M = `tasks` tasks of these Avg.Acc and Task.Acc must have had.

    Raises ValueError below two tasks, where nothing is forgotten.
    """
    _require_two(tasks)
    return tasks / (tasks - 1) * (task - average)


def most_tasks(average: float, forgetting: float) -> int | None:
    """Return the largest M from 2 on for which the implied Task.Acc is at most 100, None where every M is possible.

    Raises ValueError where not even two tasks are.
    """
    if average + forgetting <= 100:
        return None
    if implied_task_accuracy(average, forgetting, 2) > 100:
        raise ValueError(f"Avg.Acc {average} with Forgetting {forgetting} is impossible for any number of tasks")
    tasks = 2
    while implied_task_accuracy(average, forgetting, tasks + 1) <= 100:
        tasks += 1
    return tasks


def implied_tasks(average: float, task: float, forgetting: float) -> float | None:
    """Return the M that the three measures imply, in general no integer; None where no M fits them."""
    lost = task - average
    return forgetting / (forgetting - lost) if forgetting > lost > 0 else None


def reported_strategies() -> list[ReportedRow]:
    """Return every strategy's row of which Avg.Acc and Forgetting are reported, in the order of the tables."""
    measures: dict[tuple[str, str], dict[str, float]] = {}
    for row in reported_rows():
        if "-minus-" not in row["strategy"]:
            measures.setdefault((row["experiment"], row["strategy"]), {})[row["metric"]] = float(row["mean"])
    return [
        ReportedRow(experiment, strategy, values["avg_acc"], values["forgetting"], values.get("task_acc"))
        for (experiment, strategy), values in measures.items()
        if {"avg_acc", "forgetting"} <= set(values)
    ]


def _require_two(tasks: int) -> None:
    if tasks < 2:
        raise ValueError(f"tasks = {tasks} is too few to forget; give 2 or more")
