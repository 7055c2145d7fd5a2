"""Figure of all schedules of few and many blocks, and the rank of the one that a rule chose."""

from collections.abc import Mapping

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from cl_book.figures.drawing import INK, PALETTE, PAPER, WIDTH, show
from cl_book.notebooks.notebook_run import read_points
from cl_core.experiments.store import Result
from cl_core.metric_table import MEASURES

SHOWN = ("avg_acc", "task_acc", "forgetting")


def read_schedule(result: Result) -> str:
    """Return the schedule of a two-level run as letters from the second task on, m for many and f for few.

    Where few is many, every letter is m.
    """
    many = result.config["many"]
    return "".join("m" if magnitude == many else "f" for magnitude in result.magnitudes[1:])


def find_ranks(values: Mapping[str, float], chosen: str) -> tuple[int, int]:
    """Return the best and the worst rank, 1 for the largest value, that `chosen` has among `values`; ties make them differ."""
    own = values[chosen]
    above = sum(value > own for value in values.values())
    equal = sum(value == own for value in values.values())
    return above + 1, above + equal


def select_as_often(values: Mapping[str, float], chosen: str) -> dict[str, float]:
    """Return the `values` of schedules that move many blocks as often as `chosen` does."""
    return {moves: value for moves, value in values.items() if moves.count("m") == chosen.count("m")}


def measure_schedules(runs: Mapping[str, Result], measure: str) -> dict[str, float]:
    """Return a measure of MEASURES for each schedule, in points."""
    return {moves: read_points(result, measure) for moves, result in runs.items()}


def show_schedules(runs: Mapping[str, Result], chosen: str, *, name: str) -> None:
    """Show each schedule's measures against how often it moves many; the one that the rule chose is filled."""
    often = np.array([moves.count("m") for moves in runs])
    figure, panels = plt.subplots(1, len(SHOWN), figsize=(WIDTH, 3.4))
    for axes, measure in zip(panels, SHOWN, strict=True):
        values = measure_schedules(runs, measure)
        axes.plot(often, list(values.values()), linestyle="", marker="o", color=PALETTE[0], markerfacecolor=PAPER)
        axes.plot(chosen.count("m"), values[chosen], linestyle="", marker="*", markersize=15, color=PALETTE[1])
        axes.set(title=MEASURES[measure].title, xlabel="times many")
        axes.margins(x=0.12)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    panels[2].axhline(0, color=INK, linewidth=0.8, linestyle="-")
    words, data = [], {"schedule": np.array(list(runs)), "times many": often}
    for measure in SHOWN:
        values = measure_schedules(runs, measure)
        data[MEASURES[measure].title] = np.array(list(values.values()))
        words.append(
            f"{MEASURES[measure].title} from {min(values.values()):.1f} to {max(values.values()):.1f}, "
            f"{values[chosen]:.1f} for the chosen one"
        )
    show(
        figure,
        name=name,
        alt=f"Measures of all {len(runs)} schedules against how often they move many blocks; the rule chose {chosen}, "
        f"marked by a star. {'; '.join(words)}.".replace("-", "−"),
        data=data,
    )
