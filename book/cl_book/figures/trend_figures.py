"""Figures of trends: a comparison along a setting such as the overlap of tasks, and accuracy by a task's age."""

from collections.abc import Mapping

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from cl_book.claims.arms import title_of
from cl_book.figures.curves import losses_of_old_tasks, retention, to_array
from cl_book.figures.drawing import INK, LINES, MARKERS, PALETTE, WIDTH, show
from cl_book.figures.picture import Picture
from cl_book.figures.run_figures import Groups, draw_line, format_values, name_stand_in
from cl_book.notebooks.notebook_run import read_points
from cl_core.experiments.store import Result, accuracies
from cl_core.metric_table import MEASURES

Runs = Mapping[float, Mapping[str, Result]]
"""Runs by the value of a setting, then by strategy."""

SHOWN = ("forgetting", "task_acc", "avg_acc")

COLOURS = {measure.name: PALETTE[measure.slot] for measure in MEASURES.values() if measure.slot is not None}
"""The colours of measures, beyond those of the three strategies."""


def compute_gains(runs: Runs, measure: str, *, one: str = "frozen", other: str = "initialized") -> NDArray[np.float64]:
    """Return `one` minus `other` in points of `measure`, for each value of the setting in its order: (V,)."""
    return np.array([read_points(three[one], measure) - read_points(three[other], measure) for three in runs.values()])


def compute_mean_scores(runs: Runs, strategy: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean score from the third task on, and the mean split-half value of the same tasks: (V,) each.

    Scores are those of `strategy`; the second task's is left out, as it compares with a gradient at random weights.
    """
    scores = np.array([to_array(three[strategy].scores)[2:].mean() for three in runs.values()])
    halves = np.array([to_array(three[strategy].split_half)[2:].mean() for three in runs.values()])
    return scores, halves


def show_gains(runs: Runs, setting: str, *, name: str) -> None:
    """Show frozen minus initialized along `setting`: forgetting, task accuracy and average accuracy, in points."""
    values = np.array(list(runs))
    lines = {MEASURES[measure].title: compute_gains(runs, measure) for measure in SHOWN}
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6))
    axes.axhline(0, color=INK, linewidth=0.8, linestyle="-")
    for place, (title, gain) in enumerate(lines.items()):
        color = COLOURS[SHOWN[place]]
        axes.plot(values, gain, color=color, linestyle=LINES[place], marker=MARKERS[3 + place], label=title)
    axes.set(xlabel=setting, ylabel="frozen − initialized, points", xticks=values)
    axes.set_title(_name_stand_in(runs) + f"gain along {setting}")
    figure.legend(loc="outside upper center", ncols=3)
    words = "; ".join(f"{title}: {format_values(gain, 1)}" for title, gain in lines.items())
    show(
        figure,
        name=name,
        alt=f"Frozen minus initialized in points, at {setting} {', '.join(f'{value:g}' for value in values)}. {words}. "
        "Below zero in forgetting means that frozen forgot less.",
        data={setting: values, **lines},
    )


def show_mean_scores(runs: Runs, setting: str, *, name: str, strategy: str = "initialized") -> None:
    """Show along `setting` what the rule would see: the mean score and the mean split-half value of `strategy`'s runs."""
    values = np.array(list(runs))
    scores, halves = compute_mean_scores(runs, strategy)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    axes.axhline(0, color=INK, linewidth=0.8, linestyle="-")
    for place, (title, drawn) in enumerate({"score": scores, "split-half value": halves}.items()):
        axes.plot(
            values, drawn, color=PALETTE[2 + place], linestyle=LINES[place], marker=MARKERS[2 + place], label=title
        )
    axes.set(xlabel=setting, ylabel="mean from task 3 on", xticks=values)
    axes.set_title(_name_stand_in(runs) + f"scores along {setting}")
    figure.legend(loc="outside upper center", ncols=2)
    show(
        figure,
        name=name,
        alt=f"Mean score along {setting} {', '.join(f'{value:g}' for value in values)}: {format_values(scores, 2)}; mean split-half "
        f"value: {format_values(halves, 2)}.",
        data={setting: values, "score": scores.round(4), "split-half value": halves.round(4)},
    )


def draw_retention(groups: Groups) -> Picture:
    """Draw the accuracy on a task by how many tasks have come after it, the mean over all tasks of that age and all runs."""
    lines = {name: 100 * np.mean([retention(accuracies(run)) for run in runs], axis=0) for name, runs in groups.items()}
    figure, axes = plt.subplots(figsize=(WIDTH, 3.5))
    for strategy, values in lines.items():
        draw_line(axes, values, strategy, first=0)
    axes.set(xlabel="tasks learned since", ylabel="accuracy, %")
    axes.set_title(name_stand_in(next(iter(groups.values()))[0]) + "accuracy by age")
    figure.legend(loc="outside upper center", ncols=3)
    words = "; ".join(
        f"{title_of(strategy)}: {values[0]:.0f} % at once, {values[1]:.0f} % one task later, {values[len(values) // 2]:.0f} % after "
        f"{len(values) // 2}, {values[-1]:.0f} % at the greatest age"
        for strategy, values in lines.items()
    )
    found = ", ".join(
        f"{title_of(name)} "
        + " and ".join(
            format_values(100 * np.mean([losses_of_old_tasks(accuracies(run)) for run in runs], axis=0), 0).split(", ")
        )
        for name, runs in groups.items()
    )
    half = len(next(iter(lines.values()))) // 2
    return Picture(
        figure,
        f"Mean accuracy on a task by the number of tasks learned since. {words}.",
        {"tasks since": np.arange(len(next(iter(lines.values())))), **lines},
        f"Points that a task lost to the very next one, and from then until it was old, {half} or more tasks "
        f"later; means over the tasks that became old: {found}.",
    )


def show_retention(runs: Mapping[str, Result], *, name: str) -> None:
    """Show the accuracy by age of each run as :func:`draw_retention` draws it."""
    draw_retention({strategy: (run,) for strategy, run in runs.items()}).show(name)


def _name_stand_in(runs: Runs) -> str:
    return name_stand_in(next(iter(next(iter(runs.values())).values())))
