"""The budget experiment: what is held fixed, against how a new head begins and how long a task trains."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import ArrayLike

from cl_book.claims.arms import PROFILE, Arm, run_of
from cl_book.claims.statistics import Interval, t_interval
from cl_book.figures.drawing import MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.picture import Picture
from cl_book.figures.scale_figures import LEAST_SEEDS
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

STRATEGIES = {
    "initialized": Arm("initialized"),
    "frozen, 5 moving": Arm("frozen", ("trained=5",)),
    "adaptive, 4 held at most": Arm("adaptive", ("modules=4",)),
}
"""The strategies, by what they are called."""

HEADS: dict[str, tuple[str, ...]] = {"fitted head": (), "no fitted head": ("head_warmup_steps=0",)}
"""How a new head begins, with the setting that has it so."""

EPOCHS = (1, 2, 4)

_SEEDS = range(10)
_SHOWN = ("avg_acc", "task_acc", "forgetting")


def compute_point(
    experiment: str, name: str, head: str, epochs: int, measure: str, results: ResultSet
) -> Interval | None:
    """Return the mean of a strategy with this head and so many epochs, in points; None from fewer than LEAST_SEEDS seeds."""
    arm = STRATEGIES[name]
    words = (*arm.settings, *HEADS[head], f"epochs={epochs}")
    found = [results.get(run_of(experiment, Arm(arm.strategy, words), seed, PROFILE)) for seed in _SEEDS]
    values = [100 * metric(run, measure) for run in found if run is not None]
    return t_interval(values) if len(values) >= LEAST_SEEDS else None


def draw_budget(experiment: str, results: ResultSet) -> Picture | None:
    """Draw three measures against the epochs, a line for each strategy and head, with 95 % intervals over seeds.

    Returns None where a point is missing.
    """
    points = {
        (measure, name, head): [compute_point(experiment, name, head, epochs, measure, results) for epochs in EPOCHS]
        for measure in _SHOWN
        for name in STRATEGIES
        for head in HEADS
    }
    found = {key: [one for one in line if one is not None] for key, line in points.items()}
    if any(len(line) < len(EPOCHS) for line in found.values()):
        return None
    style()
    figure, panels = plt.subplots(1, len(_SHOWN), figsize=(WIDTH, 3.4))
    for panel, measure in zip(panels, _SHOWN, strict=True):
        for place, name in enumerate(STRATEGIES):
            for head, look in zip(HEADS, (("-", PALETTE[place]), (":", PAPER)), strict=True):
                line = found[measure, name, head]
                panel.errorbar(
                    np.array(EPOCHS) * 1.04 ** (place - 1), [one.mean for one in line],
                    yerr=[(one.high - one.low) / 2 for one in line], label=f"{name}, {head}" if panel is panels[0] else None,
                    color=PALETTE[place], linestyle=look[0], marker=MARKERS[place], markersize=5, markerfacecolor=look[1],
                )  # fmt: skip
        panel.set(title=f"{MEASURES[measure].title}, %", xlabel="epochs", xscale="log")
        panel.set_xticks(EPOCHS, [str(epochs) for epochs in EPOCHS])
        panel.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2)
    words = "; ".join(
        f"{name}, {head}: " + ", ".join(f"{one.mean:.1f}" for one in found["avg_acc", name, head])
        for name in STRATEGIES
        for head in HEADS
    )
    columns: dict[str, ArrayLike] = {
        f"{name}, {head}, {measure}, {part}": [getattr(one, part) for one in line]
        for (measure, name, head), line in found.items()
        for part in ("mean", "low", "high")
    }
    alt = f"Three measures against the epochs of a task. Avg.Acc with {', '.join(map(str, EPOCHS))} epochs: {words}."
    means = {key[1:]: [one.mean for one in line] for key, line in found.items() if key[0] == "avg_acc"}
    return Picture(figure, alt, {"epochs": EPOCHS, **columns}, _say_finding(means))


def _say_finding(means: Mapping[tuple[str, str], Sequence[float]]) -> str:
    """Return by how much the head moves the final accuracy, and by how much the strategy, from the means by both."""
    first, other = HEADS
    heads = [a - b for name in STRATEGIES for a, b in zip(means[name, first], means[name, other], strict=True)]
    spreads = [
        max(points) - min(points)
        for head in HEADS
        for points in zip(*(means[n, head] for n in STRATEGIES), strict=True)
    ]
    return (
        f"A {first} raises the final accuracy by {min(heads):.1f} to {max(heads):.1f} points. "
        f"With equal heads and epochs these strategies, which hold at most four blocks, differ by {max(spreads):.1f} "
        "points at most."
    )
