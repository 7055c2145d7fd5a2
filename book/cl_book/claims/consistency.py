"""What three reported measures imply for each other, by Forgetting = M/(M−1) · (Task.Acc − Avg.Acc) of M tasks.

The identity holds for every accuracy matrix and, being linear, for means over seeds. Everything is in per cent.
"""

from cl_book.claims.paper_table import PAPER, reported_rows


def reported(table: str, experiment: str, metric: str) -> dict[str, float]:
    """Return what `table` (I, II or III) reports of `experiment` by strategy; read on record.

    Raises ValueError where there is no such row.
    """
    wanted = {"table": table, "experiment": experiment, "metric": metric}
    found = {
        row["strategy"]: float(row["mean"]) for row in reported_rows() if all(row[key] == wanted[key] for key in wanted)
    }
    if not found:
        raise ValueError(f"{PAPER} has no {metric} of {experiment} in table {table}")
    return found


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


def _require_two(tasks: int) -> None:
    if tasks < 2:
        raise ValueError(f"tasks = {tasks} is too few to forget; give 2 or more")
