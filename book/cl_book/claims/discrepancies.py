"""Where the paper's reported numbers are held against each other: rows of measures, and what they imply.

Everything is in per cent. The definitions of the measures are second-hand, so what does not fit is a question.
"""

import math
from dataclasses import dataclass

from cl_book.claims.consistency import implied_forgetting, implied_task_accuracy, implied_tasks, most_tasks
from cl_book.claims.paper_table import reported_rows

LONG, USUAL = 20, 10
"""Tasks of the experiments whose name says so, and the number reported for Split CIFAR-100."""


@dataclass(frozen=True)
class Reported:
    """What is reported of one strategy on one experiment; `task` is None where no Task.Acc is."""

    experiment: str
    strategy: str
    average: float
    forgetting: float
    task: float | None

    @property
    def tasks(self) -> int:
        """The number of tasks that the row is held against."""
        return LONG if self.experiment.endswith("-20") else USUAL

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


def rows() -> list[Reported]:
    """Return every strategy's row of which Avg.Acc and Forgetting are reported, in the order of the tables."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in reported_rows():
        if "-minus-" not in row["strategy"]:
            found.setdefault((row["experiment"], row["strategy"]), {})[row["metric"]] = float(row["mean"])
    return [
        Reported(experiment, strategy, values["avg_acc"], values["forgetting"], values.get("task_acc"))
        for (experiment, strategy), values in found.items()
        if {"avg_acc", "forgetting"} <= set(values)
    ]
