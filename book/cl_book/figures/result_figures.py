"""Figures of the reference results: forgetting against the distance moved, and gains along a setting of the stream.

Each function returns a figure with its words and numbers. The book draws them when it is built, so that they cannot be
older than results/.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from cl_book.claims.arms import Arm, run_of
from cl_book.claims.paired_differences import mean_update
from cl_book.claims.pairs import pair_by_seed
from cl_book.claims.reference_runs import SHORT_STEPS
from cl_book.claims.statistics import Interval, t_interval
from cl_book.figures.curves import to_array
from cl_book.figures.drawing import INK, LINES, MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.picture import Picture
from cl_book.figures.trend_figures import COLOURS
from cl_book.notebooks.notebook_run import format_signed
from cl_core.experiments.store import Result, metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

LEAST_RUNS = 2
"""Seeds from which a mean gets an interval; with fewer a point is left out."""

_AXES = {name: MEASURES[name].axis for name in ("forgetting", "avg_acc")}


@dataclass(frozen=True)
class _Way:
    """A way to move less: its title, and its runs in the order of the distance."""

    title: str
    arms: tuple[Arm, ...]


_WAYS = (
    _Way("number of blocks", (*(Arm("frozen", (f"trained={k}",)) for k in range(1, 9)), Arm("initialized"))),
    _Way("step length", (*(Arm("slower", (f"rate_factor={x}",)) for x in reversed(SHORT_STEPS)), Arm("initialized"))),
    _Way("frozen's distance, all blocks", (Arm("within"),)),
    _Way("no update", (Arm("frozen-0"),)),
)


def draw_forgetting_by_distance(experiment: str, results: ResultSet) -> Picture | None:
    """Draw forgetting and average accuracy on `experiment` against the measured distance, for each way to move less.

    Points are means over seeds with 95 % intervals. Returns None if there is no run.
    """
    series = []
    for way in _WAYS:
        groups = [runs for arm in way.arms if len(runs := _select_runs(experiment, arm, results)) >= LEAST_RUNS]
        if groups:
            series.append((way.title, groups))
    if not series:
        return None
    style()
    figure, rows = plt.subplots(2, 1, figsize=(WIDTH, 6.2), sharex=True)
    data: dict[str, ArrayLike] = {}
    words = []
    for place, (title, groups) in enumerate(series):
        far = [t_interval([mean_update(run) for run in group]).mean for group in groups]
        data[f"{title}: distance"] = far
        for axes, name in zip(rows, _AXES, strict=True):
            intervals = [t_interval([100 * metric(run, name) for run in group]) for group in groups]
            _draw_points(axes, far, intervals, PALETTE[place], place, title)
            data |= _make_columns(f"{title}: {name}", intervals)
            if name == "avg_acc":
                highest = max(zip(intervals, far, strict=True), key=lambda pair: pair[0].mean)
                words.append(f"by {title} at most {highest[0].mean:.1f} per cent, at distance {highest[1]:.1f}")
    for axes, label in zip(rows, _AXES.values(), strict=True):
        axes.set_title(label)
    rows[1].set_xlabel("distance that the shared parameters moved with a task")
    figure.legend(*rows[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    alt = f"Two panels over the distance moved on {experiment}. Average accuracy at the end: {'; '.join(words)}."
    return Picture(figure, alt, data)


def draw_gains_along(over: str, values: Sequence[float], experiment: str, results: ResultSet) -> Picture | None:
    """Draw frozen minus initialized on `experiment` along the setting `over`: forgetting and average accuracy.

    Points are means of paired differences over seeds with 95 % intervals, in points of accuracy. Returns None if there
    is no pair.
    """
    gains: dict[str, list[Interval]] = {name: [] for name in _AXES}
    shown = []
    for value in values:
        sides = [
            {run.seed: run for run in _select_runs(experiment, Arm(name, (f"{over}={value:g}",)), results)}
            for name in ("frozen", "initialized")
        ]
        pairs = pair_by_seed(sides).values()
        if len(pairs) < LEAST_RUNS:
            continue
        shown.append(value)
        for name, row in gains.items():
            row.append(
                t_interval([100 * (metric(frozen, name) - metric(initialized, name)) for frozen, initialized in pairs])
            )
    if not shown:
        return None
    style()
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6))
    axes.axhline(0, color=INK, linewidth=0.8, linestyle="-")
    data: dict[str, ArrayLike] = {over: shown}
    words = []
    for place, (name, intervals) in enumerate(gains.items()):
        title = MEASURES[name].title
        _draw_points(axes, shown, intervals, COLOURS[name], place, title)
        data |= _make_columns(title, intervals)
        words.append(f"{title} {', '.join(format_signed(each.mean) for each in intervals)}")
    axes.set(xlabel=over, ylabel="frozen − initialized, points", xticks=shown)
    figure.legend(loc="outside upper center", ncols=2)
    at = ", ".join(f"{value:g}" for value in shown)
    alt = f"Frozen minus initialized in points, at {over} {at}. {'; '.join(words)}. Below zero in forgetting means that frozen forgot less."
    return Picture(figure, alt, data)


def draw_scores_along(over: str, values: Sequence[float], experiment: str, results: ResultSet) -> Picture | None:
    """Draw the mean score and the mean split-half value from the third task on, along the setting `over`.

    They are those of initialized training, which moves everything whatever they say. Points are means over seeds with 95 %
    intervals. Returns None where no value has two seeds.
    """
    rows: dict[str, list[Interval]] = {"score": [], "split-half value": []}
    shown = []
    for value in values:
        runs = _select_runs(experiment, Arm("initialized", (f"{over}={value:g}",)), results)
        if len(runs) < LEAST_RUNS:
            continue
        shown.append(value)
        rows["score"].append(t_interval([float(np.mean(to_array(run.scores)[2:])) for run in runs]))
        rows["split-half value"].append(t_interval([float(np.mean(to_array(run.split_half)[2:])) for run in runs]))
    if not shown:
        return None
    style()
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    axes.axhline(0, color=INK, linewidth=0.8, linestyle="-")
    data: dict[str, ArrayLike] = {over: shown}
    for place, (title, intervals) in enumerate(rows.items()):
        _draw_points(axes, shown, intervals, PALETTE[2 + place], 2 + place, title)
        data |= _make_columns(title, intervals)
    axes.set(xlabel=over, ylabel="mean from task 3 on", xticks=shown)
    figure.legend(loc="outside upper center", ncols=2)
    ends = {title: (intervals[0].mean, intervals[-1].mean) for title, intervals in rows.items()}
    found = ", and ".join(f"the mean {title} goes from {low:.2f} to {high:.2f}" for title, (low, high) in ends.items())
    found = f"From {over} {shown[0]:g} to {shown[-1]:g} {found}.".replace("-0.", "−0.")
    return Picture(figure, f"Mean scores along {over}. {found}", data, found)


def _select_runs(experiment: str, arm: Arm, results: ResultSet) -> list[Result]:
    """Return the reference runs of `arm`, one a seed; a setting at the protocol's own value counts as not set."""
    runs = (results.get(run_of(experiment, arm, seed)) for seed in range(100))
    return [run for run in runs if run is not None]


def _draw_points(
    axes: Axes, at: Sequence[float], intervals: Sequence[Interval], color: str, place: int, label: str
) -> None:
    axes.errorbar(
        at,
        [each.mean for each in intervals],
        [each.mean - each.low for each in intervals],
        color=color,
        linestyle=LINES[place] if len(intervals) > 1 else "none",
        marker=MARKERS[place],
        markersize=6.5,
        markeredgecolor=PAPER,
        linewidth=1.4,
        label=label,
    )


def _make_columns(title: str, intervals: Sequence[Interval]) -> dict[str, ArrayLike]:
    return {
        title: [each.mean for each in intervals],
        f"{title}, low": [each.low for each in intervals],
        f"{title}, high": [each.high for each in intervals],
        f"{title}, seeds": [each.seeds for each in intervals],
    }
