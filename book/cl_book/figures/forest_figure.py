"""Forest plots: what a method gains over another, with every seed, the mean, and the paper's difference.

One has a row for each stream, the other a row for each pair of methods on one stream.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from cl_book.claims import overview
from cl_book.claims.arms import Arm
from cl_book.claims.overview import Method
from cl_book.claims.pairs import pair_by_seed
from cl_book.claims.statistics import Interval, t_interval
from cl_book.figures.drawing import INK, MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.narrow import NARROW
from cl_book.figures.picture import Picture
from cl_book.figures.result_figures import LEAST_RUNS
from cl_book.notebooks.notebook_run import format_signed
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet


@dataclass(frozen=True)
class _Line:
    label: str
    differences: tuple[float, ...]
    reported: float | None


_Row = tuple[str, str, dict[str, _Line]]
"""A method, the one that it is held against, and the line of each measure."""


def draw_forest(
    pairs: Sequence[tuple[Arm, Arm]], measure: Literal["avg_acc", "task_acc", "forgetting"], results: ResultSet
) -> Picture | None:
    """Draw, for each stream and each pair of sides, the first less the second in points of `measure`.

    A small point is a seed, the large one the mean with its 95 % interval, the hollow diamond the paper's difference.
    Returns None where no pair has runs of two seeds.
    """
    groups = [(of.title, against.title, _list_lines(of, against, measure, results)) for of, against in pairs]
    groups = [group for group in groups if group[2]]
    if not groups:
        return None
    style()
    rows = sum(len(lines) + 1 for *_, lines in groups)
    figure, axes = plt.subplots(figsize=(WIDTH, 0.6 + 0.27 * rows))
    axes.axvline(0, color=INK, linewidth=0.8, linestyle="-")
    place, ticks, labels, words = 0, [], [], []
    drawn: list[tuple[str, str, float, float, float, int, float]] = []
    for number, (of, against, lines) in enumerate(groups):
        axes.text(
            0, -place - 0.1, f"{of} − {against}", transform=axes.get_yaxis_transform(), fontweight="bold", va="center"
        )
        place += 1
        for line in lines:
            interval = _draw_line(axes, line, place, number)
            ticks.append(-place)
            labels.append(line.label)
            paper = "" if line.reported is None else f", paper {format_signed(line.reported)}"
            words.append(f"{of} − {against} on {line.label}: {format_signed(interval.mean)}{paper}")
            paper_value = math.nan if line.reported is None else line.reported
            pair = f"{of} − {against}"
            drawn.append((pair, line.label, interval.mean, interval.low, interval.high, interval.seeds, paper_value))
            place += 1
    title = MEASURES[measure].title
    axes.set(xlabel=f"difference in {title}, points", yticks=ticks, ylim=(-place + 0.4, 0.6))
    axes.set_yticklabels(labels)
    columns = ("pair", "stream", "mean", "low", "high", "seeds", "paper")
    data = {name: np.array(values) for name, values in zip(columns, zip(*drawn, strict=True), strict=True)}
    return Picture(figure, f"Differences in {title}, means over seeds in points. {'; '.join(words)}.", data)


def draw_gains(experiment: str, results: ResultSet) -> Picture | None:
    """Draw what each method of `experiment` gains over another, in average accuracy and in forgetting, in points.

    A row is a pair, the first less the second; marks are those of :func:`draw_forest`. Returns None where no pair has runs
    of two seeds.
    """
    rows: list[_Row] = []
    for method, against in _list_pairs(experiment):
        lines = {name: _make_line(experiment, method.arm, against.arm, name, results) for name in _PANELS}
        kept = {name: line for name, line in lines.items() if line is not None}
        if len(kept) == len(lines):
            rows.append((_shorten(method), _shorten(against), kept))
    if not rows:
        return None
    style()
    data: dict[str, ArrayLike] = {"of": [of for of, *_ in rows], "against": [against for _, against, _ in rows]}
    words, found = [], []
    for name in _PANELS:
        title = MEASURES[name].title
        intervals = [t_interval(lines[name].differences) for *_, lines in rows]
        reported = [lines[name].reported for *_, lines in rows]
        data |= {
            title: [each.mean for each in intervals],
            f"{title}, low": [each.low for each in intervals],
            f"{title}, high": [each.high for each in intervals],
            f"{title}, seeds": [each.seeds for each in intervals],
            f"{title}, paper": [math.nan if value is None else value for value in reported],
        }
    for title, other, gains in rows:
        said = []
        for name, line in gains.items():
            paper = "" if line.reported is None else f" (paper {format_signed(line.reported)})"
            said.append(f"{MEASURES[name].title} {format_signed(t_interval(line.differences).mean)}{paper}")
        words.append(f"{title} − {other}: {', '.join(said)}")
        if title in _FOUND and other == "initialized":
            ends, forgets = (t_interval(gains[name].differences) for name in _PANELS)
            found.append(
                f"{title} ends {_say_gain(ends, 'higher', 'lower', 'equally high')} than {other} and forgets "
                f"{_say_gain(forgets, 'more', 'less', 'equally much')} ({ends.seeds} seeds)".replace(
                    "equally high than", "as high as"
                )
            )
    return Picture(
        _draw_rows(rows, stacked=False),
        f"Differences on {overview.STREAMS[experiment]}, means over seeds in points. {'; '.join(words)}.",
        data,
        "; ".join(found)[:1].upper() + "; ".join(found)[1:] + "." * bool(found),
        _draw_rows(rows, stacked=True),
    )


def _draw_rows(rows: Sequence[_Row], *, stacked: bool) -> Figure:
    """Draw a panel for each of _PANELS, side by side or, for a phone, below one another."""
    groups = list(dict.fromkeys(against for _, against, _ in rows))
    height = 0.75 + 0.27 * (len(rows) + len(groups))
    size = (NARROW, len(_PANELS) * height) if stacked else (WIDTH, height)
    count = len(_PANELS)
    figure, panels = plt.subplots(*((count, 1) if stacked else (1, count)), sharey=not stacked, figsize=size)
    places: dict[int, int] = {}
    heads: dict[str, int] = {}
    for number, group in enumerate(groups):
        heads[group] = len(places) + number
        for row, (_, other, _) in enumerate(rows):
            if other == group:
                places[row] = len(places) + number + 1
    for number, (axes, name) in enumerate(zip(panels, _PANELS, strict=True)):
        axes.axvline(0, color=INK, linewidth=0.8, linestyle="-")
        for row, (_, against, lines) in enumerate(rows):
            _draw_line(axes, lines[name], places[row], groups.index(against))
        axes.set(title=f"{MEASURES[name].title}, points", yticks=[-place for place in places.values()])
        axes.set_yticklabels([rows[row][0] for row in places])
        axes.set_ylim(-max(places.values()) - 0.6, 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        for group, place in heads.items() if stacked or number == 0 else ():
            at = axes.get_yaxis_transform()
            axes.text(0.0, -place - 0.05, f"minus {group}", transform=at, fontweight="bold", va="center", ha="right")
    return figure


_FOUND = ("frozen", "adaptive", "two-level")
_PANELS = ("avg_acc", "forgetting")
_AGAINST = {"initialized": ("frozen", "frozen-0", "adaptive", "two-level"), "frozen": ("adaptive", "two-level")}


def _say_gain(interval: Interval, above: str, below: str, equal: str) -> str:
    """Return a difference in words: its size where the interval is clear of zero, and otherwise that it is not."""
    if interval.low == interval.high == 0:
        return equal
    if interval.low <= 0 <= interval.high:
        return f"neither clearly {above} nor {below}"
    return f"{abs(interval.mean):.1f} points {above if interval.mean > 0 else below}"


def _list_pairs(experiment: str) -> list[tuple[Method, Method]]:
    """Return which methods are held against initialized training, and which against frozen training of one block."""
    methods = overview.list_methods(experiment)
    return [
        (method, other)
        for against, strategies in _AGAINST.items()
        for other in methods
        if other.arm == Arm(against)
        for strategy in strategies
        for method in methods
        if method.arm.strategy == strategy
    ]


def _shorten(method: Method) -> str:
    name, _, rest = method.title.partition(": ")
    return f"{name}, {rest.split()[0]}" if method.arm.strategy == "frozen" and method.arm.settings else name


def _draw_line(axes: Axes, line: _Line, place: float, look: int) -> Interval:
    """Draw a row's seeds, its mean with its interval, and the paper's difference; return the interval."""
    interval = t_interval(line.differences)
    color = PALETTE[look % len(PALETTE)]
    axes.plot(line.differences, np.full(len(line.differences), -place), ".", color=color, markersize=4, alpha=0.55)
    axes.errorbar(
        interval.mean,
        -place,
        xerr=interval.mean - interval.low,
        color=color,
        marker=MARKERS[look % len(MARKERS)],
        markersize=6.5,
        markeredgecolor=PAPER,
        linewidth=1.4,
    )
    if line.reported is not None:
        axes.plot(line.reported, -place, "D", markerfacecolor="none", markeredgecolor=INK, markersize=6)
    return interval


def _list_lines(of: Arm, against: Arm, measure: str, results: ResultSet) -> list[_Line]:
    lines = (_make_line(experiment, of, against, measure, results) for experiment in overview.STREAMS)
    return [line for line in lines if line is not None]


def _make_line(experiment: str, of: Arm, against: Arm, measure: str, results: ResultSet) -> _Line | None:
    """Return the paired differences on one stream; None where fewer than LEAST_RUNS seeds have both sides."""
    sides = [{run.seed: run for run in overview.find_runs(experiment, arm, results).values()} for arm in (of, against)]
    rows = pair_by_seed(sides).values()
    if len(rows) < LEAST_RUNS:
        return None
    differences = tuple(100 * (metric(first, measure) - metric(second, measure)) for first, second in rows)
    return _Line(overview.STREAMS[experiment], differences, _find_reported(experiment, of, against, measure))


def _find_reported(experiment: str, of: Arm, against: Arm, measure: str) -> float | None:
    """Return the paper's difference; None where it reports none of the two, or one of them is not the paper's at all."""
    numbers = overview.list_reported(overview.PAPER_STREAM.get(experiment, experiment))
    pair = [numbers.get((arm.strategy, measure)) for arm in (of, against)]
    if pair[0] is None or pair[1] is None:
        return None
    return round(float(pair[0].mean) - float(pair[1].mean), 10)
