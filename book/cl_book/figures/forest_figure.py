"""A forest plot: what a method gains over another on each stream, with every seed, the mean, and the paper's difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib import pyplot as plt

from cl_book.claims import overview
from cl_book.claims.arms import Arm
from cl_book.claims.statistics import t_interval
from cl_book.figures.drawing import INK, MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.result_figures import LEAST_RUNS, Picture
from cl_book.notebooks.notebook_run import format_signed
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet


@dataclass(frozen=True)
class _Line:
    label: str
    differences: tuple[float, ...]
    reported: float | None


def draw_forest(
    pairs: Sequence[tuple[Arm, Arm]], measure: Literal["avg_acc", "task_acc", "forgetting"], results: ResultSet
) -> Picture | None:
    """Draw, for each stream and each pair of sides, the first less the second in points of `measure`.

    A small point is a seed, the large one the mean with its 95 % interval, the hollow diamond the paper's difference.
    Returns None where no pair has runs of two seeds.
    """
    groups = [(str(of), str(against), _list_lines(of, against, measure, results)) for of, against in pairs]
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
            interval = t_interval(line.differences)
            color = PALETTE[number % len(PALETTE)]
            axes.plot(
                line.differences, np.full(len(line.differences), -place), ".", color=color, markersize=4, alpha=0.55
            )
            axes.errorbar(
                interval.mean,
                -place,
                xerr=interval.mean - interval.low,
                color=color,
                marker=MARKERS[number % len(MARKERS)],
                markersize=6.5,
                markeredgecolor=PAPER,
                linewidth=1.4,
            )
            if line.reported is not None:
                axes.plot(line.reported, -place, "D", markerfacecolor="none", markeredgecolor=INK, markersize=6)
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


def _list_lines(of: Arm, against: Arm, measure: str, results: ResultSet) -> list[_Line]:
    lines = []
    for experiment, label in overview.STREAMS.items():
        first, second = (
            {run.seed: run for run in overview.find_runs(experiment, arm, results).values()} for arm in (of, against)
        )
        seeds = sorted(set(first) & set(second))
        if len(seeds) < LEAST_RUNS:
            continue
        differences = tuple(100 * (metric(first[seed], measure) - metric(second[seed], measure)) for seed in seeds)
        lines.append(_Line(label, differences, _find_reported(experiment, of, against, measure)))
    return lines


def _find_reported(experiment: str, of: Arm, against: Arm, measure: str) -> float | None:
    """Return the paper's difference; None where it reports none of the two, or one of them is not the paper's at all."""
    numbers = overview.list_reported(overview.PAPER_STREAM.get(experiment, experiment))
    pair = [numbers.get((arm.strategy, measure)) for arm in (of, against)]
    if pair[0] is None or pair[1] is None:
        return None
    return round(float(pair[0].mean) - float(pair[1].mean), 10)
