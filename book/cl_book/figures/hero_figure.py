"""Every method of a stream in one picture: what it learns of a new task against what it forgets of the old ones."""

from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from cl_book.claims import overview
from cl_book.claims.statistics import Interval, t_interval
from cl_book.figures.drawing import INK, MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.narrow import NARROW
from cl_book.figures.picture import Picture
from cl_book.figures.result_figures import LEAST_RUNS
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

_AXES = ("task_acc", "forgetting")
_FAMILIES = ("initialized", "frozen", "frozen-0", "adaptive", "two-level", "averaged")
"""Strategies with a colour and a marker of their own; all others share the last."""

_SIZES = {"*": 13.0, "P": 9.5}
"""Sizes in points of the shapes that look smaller than they are."""

_SIDES = ((1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1))
_PLACES = [
    (x * across, y * (up if x else up + 5))
    for across, up in ((6, 5), (6, 16), (16, 5), (6, 26), (26, 5), (16, 26))
    for x, y in _SIDES
]
"""Where a label may stand beside its mark, in points, the best first."""

_CROSSED = 30.0
"""What a label pays for what it covers of a bar, which is thin, against a label or a mark."""


@dataclass(frozen=True)
class Mark:
    """One method: its words, its strategy, and the interval of each measure in points."""

    title: str
    strategy: str
    task_acc: Interval
    forgetting: Interval
    avg_acc: Interval

    def describe(self) -> str:
        """Return the method with its three means, as a sentence."""
        learned, kept, ends = self.task_acc, self.forgetting, self.avg_acc
        return (
            f"{self.title}: learns {learned.mean:.1f} % ({learned.low:.1f} to {learned.high:.1f}), "
            f"forgets {kept.mean:.1f} points ({kept.low:.1f} to {kept.high:.1f}), "
            f"ends at {ends.mean:.1f} % ({ends.low:.1f} to {ends.high:.1f}); {learned.seeds} seeds"
        ).replace(" -", " −")


def list_marks(experiment: str, results: ResultSet) -> list[Mark]:
    """Return the methods of a stream with runs of two seeds or more; bounds learn no stream and are left out."""
    marks = []
    for method in overview.list_methods(experiment):
        runs = list(overview.find_runs(experiment, method.arm, results).values())
        if method.bound or len(runs) < LEAST_RUNS:
            continue
        measured = {name: t_interval([100 * metric(run, name) for run in runs]) for name in (*_AXES, "avg_acc")}
        marks.append(Mark(method.title.replace(":", ","), method.arm.strategy, **measured))
    return marks


def draw_hero(experiment: str, results: ResultSet) -> Picture | None:
    """Draw forgetting against accuracy on a new task, a mark with its 95 % intervals for each method.

    Grey lines join what ends equally high. Each mark is a group ``method-N`` of the drawing, in the order of the data.
    Returns None where fewer than two methods were run.
    """
    marks = list_marks(experiment, results)
    if len(marks) < 2:
        return None
    style()
    columns = {
        "method": np.array([mark.title for mark in marks]),
        **{
            f"{name} {end}": np.array([getattr(getattr(mark, name), end) for mark in marks])
            for name in (*_AXES, "avg_acc")
            for end in ("mean", "low", "high")
        },
        "seeds": np.array([mark.task_acc.seeds for mark in marks]),
    }
    alt = f"{overview.STREAMS[experiment]}. " + ". ".join(mark.describe() for mark in marks) + "."
    return Picture(_draw(marks, WIDTH), alt, columns, narrow=_draw(marks, NARROW))


def _draw(marks: list[Mark], width: float) -> Figure:
    figure, axes = plt.subplots(figsize=(width, 4.9))
    for number, mark in enumerate(marks):
        _draw_mark(axes, number, mark)
    _set_limits(axes, marks)
    _draw_levels(axes, marks)
    axes.set(xlabel=MEASURES["task_acc"].axis, ylabel=MEASURES["forgetting"].axis)
    axes.grid(visible=False)
    _place_labels(axes, marks)
    return figure


def _slot(strategy: str) -> int:
    return _FAMILIES.index(strategy) if strategy in _FAMILIES[:-1] else len(_FAMILIES) - 1


def _draw_mark(axes: Axes, number: int, mark: Mark) -> None:
    slot = _slot(mark.strategy)
    shape = "*" if mark.strategy == "averaged" else MARKERS[slot]
    lines = axes.errorbar(
        mark.task_acc.mean,
        mark.forgetting.mean,
        xerr=mark.task_acc.high - mark.task_acc.mean,
        yerr=mark.forgetting.high - mark.forgetting.mean,
        color=PALETTE[slot],
        marker=shape,
        markersize=_SIZES.get(shape, 7.5),
        markeredgecolor=PAPER,
        markeredgewidth=0.8,
        linewidth=1.3,
        linestyle="none",
        zorder=3,
    )
    lines.lines[0].set_gid(f"method-{number}")


def _set_limits(axes: Axes, marks: list[Mark]) -> None:
    for set_limit, name in ((axes.set_xlim, "task_acc"), (axes.set_ylim, "forgetting")):
        ends = [end for mark in marks for end in (getattr(mark, name).low, getattr(mark, name).high)]
        room = 0.12 * (max(ends) - min(ends))
        set_limit(min(ends) - room, max(ends) + room)


def _draw_levels(axes: Axes, marks: list[Mark]) -> None:
    """Draw lines of equal accuracy at the end, which is Task.Acc less (M − 1)/M of forgetting, by the marks' own ratio."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    ratios = [
        (mark.task_acc.mean - mark.avg_acc.mean) / mark.forgetting.mean for mark in marks if mark.forgetting.mean > 1
    ]
    if not ratios:
        return
    ratio = float(np.median(ratios))
    for level in range(5 * int(np.ceil((left - ratio * high) / 5)), int(right - ratio * low) + 1, 5):
        ends = np.array([low, high])
        axes.plot(level + ratio * ends, ends, color=INK, alpha=0.18, linewidth=0.8, linestyle="-", zorder=1)
        # The name of a line stands where it enters: at the bottom, or at the left.
        x, y = level + ratio * low, low
        if x < left:
            x, y = left, (left - level) / ratio
        if left <= x < right - 0.03 * (right - left) and y < high - 0.05 * (high - low):
            axes.annotate(
                f"{level}",
                (x, y),
                xytext=(3, 3),
                textcoords="offset points",
                fontsize=10.5,
                alpha=0.8,
                zorder=2,
                bbox={"facecolor": PAPER, "edgecolor": "none", "boxstyle": "square,pad=0.1"},
            )
    axes.set(xlim=(left, right), ylim=(low, high))


def _place_labels(axes: Axes, marks: list[Mark]) -> None:
    """Put each label where it covers least of the other labels, the marks, their bars and the frame."""
    axes.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    points = axes.transData.transform([(mark.task_acc.mean, mark.forgetting.mean) for mark in marks])
    scale = axes.figure.dpi / 72
    taken = [(1.0, Bbox.from_bounds(x - 6 * scale, y - 6 * scale, 12 * scale, 12 * scale)) for x, y in points]
    taken += [(1.0, level.get_window_extent()) for level in axes.texts]
    for mark in marks:
        across, up = mark.task_acc, mark.forgetting
        ends = axes.transData.transform([(across.low, up.low), (across.mean, up.mean), (across.high, up.high)])
        taken.append((_CROSSED, Bbox([[ends[0, 0], ends[1, 1] - scale], [ends[2, 0], ends[1, 1] + scale]])))
        taken.append((_CROSSED, Bbox([[ends[1, 0] - scale, ends[0, 1]], [ends[1, 0] + scale, ends[2, 1]]])))
    frame = axes.get_window_extent()
    for mark, point in sorted(zip(marks, points, strict=True), key=lambda each: each[0].task_acc.mean):
        label = _label(axes, mark)
        size = label.get_window_extent()
        boxes = [_stand(point, size, (x * scale, y * scale)) for x, y in _PLACES]
        costs = [
            sum(weight * _overlap(box, other) for weight, other in taken)
            + 3 * (box.width * box.height - _overlap(box, frame))
            + number * scale
            for number, box in enumerate(boxes)
        ]
        best = int(np.argmin(costs))
        taken.append((1.0, boxes[best]))
        label.set_position(_PLACES[best])
        _align(label, _PLACES[best])


def _label(axes: Axes, mark: Mark) -> Annotation:
    return axes.annotate(
        mark.title.partition(",")[0] if mark.strategy not in {"frozen"} else mark.title.replace(",", ""),
        (mark.task_acc.mean, mark.forgetting.mean),
        xytext=_PLACES[0],
        textcoords="offset points",
        fontsize=10.5,
        zorder=4,
    )


def _align(label: Annotation, place: tuple[int, int]) -> None:
    x, y = place
    label.set_horizontalalignment("left" if x > 0 else "right" if x < 0 else "center")
    label.set_verticalalignment("bottom" if y > 0 else "top")


def _stand(point: tuple[float, float], size: Bbox, shift: tuple[float, float]) -> Bbox:
    """Return the box of a label of this size whose nearest corner or side is `shift` away from `point`, in pixels."""
    (x, y), (right, up) = point, shift
    left = x + right - (0 if right > 0 else size.width if right < 0 else size.width / 2)
    return Bbox.from_bounds(left, y + up - (0 if up > 0 else size.height), size.width, size.height)


def _overlap(one: Bbox, other: Bbox) -> float:
    both = Bbox.intersection(one, other)
    return 0.0 if both is None else float(both.width * both.height)
