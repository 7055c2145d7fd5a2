"""The same strategies at the book's size and at the paper's width, beside the paper's own numbers."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cl_book.claims.arms import PROFILE, Arm
from cl_book.claims.overview import find_runs, list_reported
from cl_book.claims.pairs import pair_by_seed
from cl_book.figures.drawing import INK, MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.picture import Picture
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

SIZES = {PROFILE: "this book's size", "paper": "the paper's width"}
"""The profiles that are drawn, in their order, and what they are called."""

ARMS = {
    "initialized": Arm("initialized"),
    "frozen, 1 moving": Arm("frozen"),
    "frozen, 3 moving": Arm("frozen", ("trained=3",)),
    "adaptive": Arm("adaptive"),
    "averaged": Arm("averaged"),
    "no update": Arm("frozen-0"),
}
"""The strategies, by what they are called."""

_SHOWN = ("avg_acc", "task_acc", "forgetting")

Values = Mapping[tuple[str, str, str], Sequence[float]]
"""What each seed had, in points, by size, strategy and measure."""


def draw_paper_size(experiment: str, results: ResultSet) -> Picture | None:
    """Draw each strategy's average accuracy, task accuracy and forgetting at both sizes, over the seeds that all have at one.

    A small point is a seed, a large one the mean, a hollow diamond the paper's. Returns None where the paper's width was
    not run.
    """
    values = list_values(experiment, results)
    if not values:
        return None
    reported = {key: float(number.mean) for key, number in list_reported(experiment).items()}
    data: dict[str, ArrayLike] = {"strategy": list(ARMS)}
    for measure in _SHOWN:
        title = MEASURES[measure].title
        data |= {f"{title}, {SIZES[size]}": [fmean(values[size, name, measure]) for name in ARMS] for size in SIZES}
        data[f"{title}, reported"] = [_find(reported, name, measure) for name in ARMS]
    seeds = len(values["paper", "initialized", "avg_acc"])
    means = {
        name: ", ".join(f"{MEASURES[m].title} {fmean(values['paper', name, m]):.1f}" for m in _SHOWN) for name in ARMS
    }
    words = "; ".join(f"{name} {numbers}" for name, numbers in means.items())
    style()
    return Picture(
        _draw(values, reported),
        f"Six strategies at two sizes. At the paper's width, means of {seeds} seeds in per cent: {words}.",
        data,
        _say_order(values),
    )


def list_values(experiment: str, results: ResultSet) -> Values:
    """Return what each strategy had with the seeds that all of ARMS have at a size; empty where a size has none."""
    found = {
        (size, name): {run.seed: run for run in find_runs(experiment, arm, results, size).values()}
        for size in SIZES
        for name, arm in ARMS.items()
    }
    seeds = {size: list(pair_by_seed([found[size, name] for name in ARMS])) for size in SIZES}
    if not all(seeds.values()):
        return {}
    return {
        (size, name, measure): [100 * metric(runs[seed], measure) for seed in seeds[size]]
        for (size, name), runs in found.items()
        for measure in _SHOWN
    }


def rank(values: Values, size: str, measure: str) -> list[str]:
    """Return the strategies from the highest mean to the lowest."""
    return sorted(ARMS, key=lambda name: -fmean(values[size, name, measure]))


def _say_order(values: Values) -> str:
    """Return the order at the paper's width in a sentence."""
    order = rank(values, "paper", "avg_acc")
    first, *others = (f"{name} at {fmean(values['paper', name, 'avg_acc']):.1f} %" for name in order)
    return f"At the paper's width {first} ends highest, then {', '.join(others)}."


def _find(reported: Mapping[tuple[str, str], float], name: str, measure: str) -> float:
    """Return the paper's number; of its frozen training, whose depth is not stated, beside frozen of one block."""
    arm = ARMS[name]
    return np.nan if arm.settings else reported.get((arm.strategy, measure), np.nan)


def _draw(values: Values, reported: Mapping[tuple[str, str], float]) -> Figure:
    figure, panels = plt.subplots(1, 3, sharey=True, figsize=(WIDTH, 3.1))
    for panel, measure in zip(panels, _SHOWN, strict=True):
        for row, name in enumerate(ARMS):
            for place, (profile, title) in enumerate(SIZES.items()):
                y = -row + (0.16, -0.16)[place]
                own = values[profile, name, measure]
                panel.plot(own, np.full(len(own), y), ".", color=PALETTE[place], markersize=3.5, alpha=0.6)
                panel.plot(
                    fmean(own), y, MARKERS[place], color=PALETTE[place], markersize=6.5, markeredgecolor=PAPER,
                    linestyle="none", label=title if row == 0 and panel is panels[0] else None,
                )  # fmt: skip
            paper = _find(reported, name, measure)
            label = "reported by the paper" if row == 0 and panel is panels[0] else None
            panel.plot(paper, -row, "D", markerfacecolor="none", markeredgecolor=INK, markersize=6, label=label)
        panel.set(title=f"{MEASURES[measure].title}, %", yticks=[-row for row in range(len(ARMS))])
        panel.set_yticklabels(list(ARMS))
        panel.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=3)
    return figure
