"""What each measure of a run is called: its name, title, unit, axis and colour, and which end of it is better."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cl_core import metrics


@dataclass(frozen=True)
class Measure:
    """A measure by its `name` in results: its title, its axis in a figure, which way is better, its place among colours.

    `of` takes the accuracy matrix to the measure, in the matrix's unit; `lost_share` takes each task's chance as well,
    and is a share whatever the unit. `unit` and `axis` are for values times 100. `slot` is the place of its colour in a
    palette of six, of which strategies have the first three; None for a measure that is not drawn. `counts` says which
    answers it counts: with each task's own head given, or the largest output over all heads (class-incremental).
    """

    name: str
    title: str
    unit: str
    axis: str
    better: Literal["more", "less"]
    of: Callable[..., float]
    slot: int | None = None
    counts: Literal["correct", "class_correct"] = "correct"


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("avg_acc", "Avg.Acc", "%", "average accuracy at the end, %", "more", metrics.average_accuracy, slot=5),
        Measure("task_acc", "Task.Acc", "%", "accuracy on a new task, %", "more", metrics.task_accuracy, slot=4),
        Measure("forgetting", "Forgetting", "points", "forgetting, points", "less", metrics.forgetting, slot=3),
        Measure(
            "peak_forgetting", "Peak forgetting", "points", "peak forgetting, points", "less", metrics.peak_forgetting
        ),
        Measure(
            "backward_transfer", "Backward transfer", "points", "transfer, points", "more", metrics.backward_transfer
        ),
        Measure(
            "class_avg_acc",
            "Avg.Acc, class-incremental",
            "%",
            "average accuracy at the end over all heads, %",
            "more",
            metrics.average_accuracy,
            counts="class_correct",
        ),
        Measure(
            "class_forgetting",
            "Forgetting, class-incremental",
            "points",
            "forgetting over all heads, points",
            "less",
            metrics.forgetting,
            counts="class_correct",
        ),
        Measure("lost_share", "lost share", "%", "relative forgetting (lost share), %", "less", metrics.lost_share),
    )
}
"""The measures of an accuracy matrix, by the names that results and tables give them."""
