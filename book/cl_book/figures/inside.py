"""What a chapter on one experiment draws of its stored runs: in the book when it is built, in a notebook when asked."""

from collections.abc import Callable, Sequence
from functools import partial

from cl_book.claims.arms import Arm
from cl_book.claims.overview import find_runs
from cl_book.figures.algorithm_figures import PATHS, draw_paths
from cl_book.figures.drawing import style
from cl_book.figures.forest_figure import draw_gains
from cl_book.figures.picture import Picture
from cl_book.figures.rule_figures import draw_every_schedule, draw_strips
from cl_book.figures.run_figures import Groups, draw_curves, draw_matrices, draw_updates
from cl_book.figures.trend_figures import draw_retention
from cl_core.runs.result_set import ResultSet, read_results

Draw = Callable[[str, ResultSet], Picture | None]
"""Draws the stored runs of an experiment; None where there are none."""


def show_stored(experiment: str) -> None:
    """Show in a notebook every figure of the stored runs of `experiment`, with what each found. Says so where none is there."""
    results = read_results()
    drawn = {kind: draw(experiment, results) for kind, (draw, _) in INSIDE.items()}
    for kind, picture in drawn.items():
        if picture is not None:
            print(picture.finding)
            picture.show(f"results-{experiment}-{kind}")
    if not any(drawn.values()):
        print(f"results/ has no run of {experiment}")


def _draw_groups(
    draw: Callable[[Groups], Picture], strategies: Sequence[str], experiment: str, results: ResultSet
) -> Picture | None:
    """Draw all seeds of each of `strategies` that has runs. Returns None where none has."""
    groups = {name: list(find_runs(experiment, Arm(name), results).values()) for name in strategies}
    groups = {name: runs for name, runs in groups.items() if runs}
    style()
    return draw(groups) if groups else None


_ALL = ("initialized", "frozen", "adaptive", "two-level", "frozen-0")
_MOVING = _ALL[:-1]  # Without an update a matrix has equal rows, and no distance is moved.
_THIN = "A line is the mean over seeds, thin lines are seeds."

INSIDE: dict[str, tuple[Draw, str]] = {
    "gains": (
        draw_gains,
        "What each method gains over another: to the right of zero in Avg.Acc it ends higher, to the left of zero in "
        "Forgetting it forgets less. Small points are seeds, large ones their mean with its 95 % interval; a hollow "
        "diamond is the difference that the paper reports.",
    ),
    "matrices": (
        partial(_draw_groups, draw_matrices, _MOVING),
        "Accuracy on each task (columns) after each task (rows), means over all seeds. The diagonal is what was learned, "
        "the last row what was kept; a column that fades downwards is a task being forgotten.",
    ),
    "course": (
        partial(_draw_groups, draw_curves, _ALL),
        f"Mean accuracy on the tasks so far, and how much of the earlier ones is forgotten so far. {_THIN}",
    ),
    "updates": (
        partial(_draw_groups, draw_updates, _MOVING),
        "How far all shared parameters moved with each task; and how far each block moved, as a share of its own "
        f"length, averaged over the tasks after the first. {_THIN}",
    ),
    "strips": (
        draw_strips,
        "What each task moved, a row a seed: f for few blocks, m for many. The colour is the task's score.",
    ),
    "path": (
        partial(draw_paths, paths=PATHS[:1]),
        "Blocks that each task moved under Algorithm 1, a row a seed. The blocks that it holds fixed are all others.",
    ),
    "schedules": (
        draw_every_schedule,
        "Every schedule of few (f) and many (m) blocks after the first task, best at the top. A point is a seed, a stroke "
        "the mean, and a star the schedule that the rule chose at a seed.",
    ),
    "ages": (
        partial(_draw_groups, draw_retention, _ALL),
        "Accuracy on a task by the number of tasks learned since, averaged over all tasks of that age and over seeds. "
        "To the right the averages are over fewer tasks, the last over a single one.",
    ),
}
"""What a chapter on one experiment may draw of its reference runs, as ``:::{chart} EXPERIMENT-KIND``, with the caption."""
