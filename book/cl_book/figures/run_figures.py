"""Figures of runs: accuracy matrices, curves over the tasks, scores and magnitudes, and update lengths by block.

What ``draw_`` returns is of a strategy's runs with all seeds, for the book; what ``show_`` displays is of one run each,
for a notebook.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from cl_book.claims.arms import title_of
from cl_book.figures.curves import relative_updates, seen_accuracy, seen_forgetting, to_array, update_lengths
from cl_book.figures.drawing import INK, LINES, MARKERS, PALETTE, PAPER, WIDTH, show
from cl_book.figures.picture import Picture
from cl_book.notebooks.notebook_run import read_points
from cl_core.experiments.path import path_of_h
from cl_core.experiments.store import Result, accuracies

ORDER = ("initialized", "frozen", "two-level", "frozen-0", "adaptive")
"""Strategies with a colour, line and marker of their own, the same on every page."""

DEEPEST = 0.47
"""Opacity of a heat map's colour at 100 %: text on it stays readable, on light pages and on dark ones."""

STAND_IN = "digits"
"""The embedded images that stand in for those of a page."""

_MOST_WRITTEN = 6
_PLACES = 4  # Decimals of what is trained, in the data: training amplifies what machines round differently.
_KEY_STEPS = 30

Matrix = NDArray[np.float64]

Groups = Mapping[str, Sequence[Result]]
"""Runs by strategy: those of all its seeds, or one alone."""


def choose_look(strategy: str) -> dict[str, Any]:
    """Return colour, line style, marker and label of a strategy, as keywords of ``Axes.plot``."""
    place = ORDER.index(strategy) if strategy in ORDER else len(ORDER)
    return {
        "color": PALETTE[place],
        "linestyle": LINES[place],
        "marker": MARKERS[place],
        "label": title_of(strategy),
    }


def name_stand_in(run: Result) -> str:
    """Return the first line of a title where the embedded digits stand in for a page's own images; nothing for those."""
    return f"{STAND_IN}\n" if run.data["name"] == STAND_IN else ""


def draw_matrices(groups: Groups) -> Picture:
    """Draw the mean accuracy matrix of each strategy as a heat map: rows after which task, columns on which task.

    Colour begins at chance. Numbers stand in the cells where there are few tasks; the data hold them all.
    """
    (example, *_), *_ = groups.values()
    chance = 1 / example.classes[0]
    first, *_ = groups
    matrices = {strategy: np.mean([accuracies(run) for run in runs], axis=0) for strategy, runs in groups.items()}
    figure, layout = plt.subplot_mosaic(
        [list(groups), ["key"] * len(groups)], figsize=(WIDTH, WIDTH / len(groups) + 1.1), height_ratios=[1, 0.09]
    )
    words, found = [], []
    for strategy, a in matrices.items():
        title = title_of(strategy)
        draw_matrix(layout[strategy], a, chance=chance)
        layout[strategy].set(title=name_stand_in(example) + title, xlabel="on task")
        words.append(
            f"{title}: {format_percent(np.diag(a).min())} to {format_percent(np.diag(a).max())} right after a task was learned, "
            f"{format_percent(a[-1].min())} to {format_percent(a[-1].max())} in the end"
        )
        found.append(f"{title} {format_percent(np.diag(a).mean())} and {format_percent(a[-1].mean())}")
    layout[first].set_ylabel("after task")
    _draw_key(layout["key"], chance)
    return Picture(
        figure,
        f"Heat maps of the accuracy on each task after each task. {'; '.join(words)}. Chance is {format_percent(chance)}.",
        {f"{strategy}, per cent on task": 100 * a for strategy, a in matrices.items()},
        f"Mean accuracy right after a task and at the end of the stream: {', '.join(found)}.",
    )


def show_matrices(runs: Mapping[str, Result], *, name: str) -> None:
    """Show the accuracy matrix of each run as :func:`draw_matrices` draws it."""
    draw_matrices(_take_alone(runs)).show(name)


def draw_matrix(axes: Axes, a: Matrix, *, chance: float) -> None:
    """Draw one accuracy matrix (M, M), shares of 1, in the page's first colour: clear at `chance`, deep at 1."""
    tasks = len(a)
    for t in range(tasks):
        for k in range(t + 1):
            depth = choose_opacity(a[t, k], chance)
            axes.add_patch(Rectangle((k, t), 1, 1, facecolor=PALETTE[0], alpha=depth, edgecolor="none"))
            if tasks <= _MOST_WRITTEN:
                axes.text(k + 0.5, t + 0.5, f"{100 * a[t, k]:.0f}", ha="center", va="center", fontsize=10.5)
    steps = np.repeat(np.arange(tasks + 1), 2)
    axes.plot([*steps[1:], 0, 0], [*steps[:-1], tasks, 0], color=INK, linewidth=0.8, linestyle="-")
    shown = np.arange(tasks) if tasks <= _MOST_WRITTEN else np.arange(0, tasks, 5 if tasks > 10 else 3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(shown + 0.5, [str(task + 1) for task in shown])
    axes.set(xlim=(0, tasks), ylim=(tasks, 0), aspect="equal")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)


def choose_opacity(accuracy: float, chance: float) -> float:
    """Return how deep a heat map's colour is at `accuracy`: 0 at `chance` and below, DEEPEST at 1."""
    return float(DEEPEST * np.clip((accuracy - chance) / (1 - chance), 0, 1))


def draw_curves(groups: Groups) -> Picture:
    """Draw, after each task, the mean accuracy on the tasks so far and how much of them is forgotten so far.

    A line is the mean over a strategy's runs; several runs stand beside it as thin lines.
    """
    (example, *_), *_ = groups.values()
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.5))
    accuracy = {name: _collect(runs, lambda run: 100 * seen_accuracy(accuracies(run))) for name, runs in groups.items()}
    forgotten = {
        name: _collect(runs, lambda run: 100 * seen_forgetting(accuracies(run))) for name, runs in groups.items()
    }
    for strategy in groups:
        _draw_lines(left, accuracy[strategy], strategy)
        _draw_lines(right, forgotten[strategy], strategy)
    right.axhline(0, color=INK, linewidth=0.8, linestyle="-")
    left.set(title=name_stand_in(example) + "accuracy on tasks so far, %", xlabel="after task")
    right.set(title=name_stand_in(example) + "forgetting so far, points", xlabel="after task")
    _draw_legend(figure, left, len(groups))
    course = {name: (accuracy[name].mean(axis=0), forgotten[name].mean(axis=0)) for name in groups}
    words = "; ".join(
        f"{title_of(name)}: accuracy from {kept[0]:.0f} to {kept[-1]:.0f} %, "
        f"forgetting {format_values(lost[-1], 1)} points at the end, {format_values(np.nanmax(lost), 1)} at most"
        for name, (kept, lost) in course.items()
    )
    found = ", ".join(f"{title_of(name)} {format_values(lost[-1], 1)}" for name, (_, lost) in course.items())
    tasks = len(next(iter(course.values()))[0])
    return Picture(
        figure,
        f"Two panels over the tasks. {words}.",
        {"task": np.arange(1, tasks + 1)}
        | {f"accuracy so far, {name}": kept for name, (kept, _) in course.items()}
        | {f"forgetting so far, {name}": lost for name, (_, lost) in course.items()},
        f"Points forgotten after {tasks} tasks: {found}.",
    )


def show_curves(runs: Mapping[str, Result], *, name: str) -> None:
    """Show the course of each run as :func:`draw_curves` draws it."""
    draw_curves(_take_alone(runs)).show(name)


def show_scores(result: Result, *, name: str) -> None:
    """Show the scores of a run with what their two halves give, their split-half values, and what it moved."""
    threshold = float(result.config["threshold"])
    scores, reliability, moved = (to_array(row) for row in (result.scores, result.split_half, result.magnitudes))
    halves = np.array([to_array(row) for row in result.score_halves])
    held = {"h": path_of_h(result)} if "start" in result.config else {}
    tasks = np.arange(1, result.tasks + 1)
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(WIDTH, 4.4), sharex=True, height_ratios=[2.4, 1])
    upper.vlines(tasks, halves.min(axis=1), halves.max(axis=1), color=PALETTE[2], linewidth=3, alpha=0.45)
    upper.plot(tasks, scores, color=PALETTE[2], linestyle="", marker="o", markersize=6, label="score s")
    upper.plot(
        tasks,
        reliability,
        color=PALETTE[3],
        linestyle="",
        marker="s",
        markersize=6,
        markerfacecolor=PAPER,
        label="split-half value",
    )
    upper.axhline(threshold, color=INK, linewidth=1, linestyle=(0, (6, 3)), label=f"threshold {threshold:g}")
    upper.set(title=name_stand_in(result) + "scores", ylabel="score")
    lower.bar(tasks, moved, color=PALETTE[2], width=0.55)
    lower.set(
        ylabel="blocks",
        xlabel="task",
        xlim=(0.4, result.tasks + 0.6),
        ylim=(0, len(result.block_parameters) + 0.4),
    )
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    lower.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    figure.legend(*upper.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    chosen = slice(2, None)
    apart = np.nanmean(np.abs(halves[chosen, 0] - halves[chosen, 1])) if result.tasks > 2 else np.nan
    show(
        figure,
        name=name,
        alt=f"Scores of the {result.strategy} run from the second task on: {format_values(scores[1:], 2)}; the threshold is {threshold:g}. "
        f"Split-half values: {format_values(reliability, 2)}. The scores that either half of the sample gives lie {apart:.2f} apart "
        f"on average. Blocks moved: {' '.join(f'{m:.0f}' for m in moved)}."
        + (f" Held fixed (h): {' '.join(map(str, held['h']))}." if held else ""),
        data={
            "task": tasks,
            "score": scores.round(_PLACES),
            "split-half value": reliability.round(_PLACES),
            "score of first half": halves[:, 0].round(_PLACES),
            "score of second half": halves[:, 1].round(_PLACES),
            "blocks moved": moved.astype(int),
            **held,
        },
    )


def draw_updates(groups: Groups) -> Picture:
    """Draw how far the shared parameters really moved: ‖Δθ‖ at each task, and by block relative to the block's length.

    A line is the mean over a strategy's runs; several runs stand beside it as thin lines.
    """
    (example, *_), *_ = groups.values()
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.5))
    lengths = {strategy: _collect(runs, update_lengths) for strategy, runs in groups.items()}
    relative = {strategy: _collect(runs, relative_updates) for strategy, runs in groups.items()}
    for strategy in groups:
        _draw_lines(left, lengths[strategy], strategy)
        _draw_lines(right, relative[strategy], strategy)
    for axes in (left, right):
        axes.set_ylim(bottom=0)
    left.set(title=name_stand_in(example) + "length of the update, ‖Δθ‖", xlabel="task")
    right.set(title=name_stand_in(example) + "by block, over ‖θ‖", xlabel="block, from the input")
    _draw_legend(figure, left, len(groups))
    means = {name: (lengths[name].mean(axis=0), relative[name].mean(axis=0)) for name in groups}
    words = "; ".join(
        f"{title_of(name)}: {far[1:].mean():.2f} on average after the first task, blocks by "
        f"{100 * share.min():.0f} to {100 * share.max():.0f} % of their length"
        for name, (far, share) in means.items()
    )
    found = ", ".join(f"{title_of(name)} {far[1:].mean():.1f}" for name, (far, _) in means.items())
    (some, by_block), *_ = means.values()
    return Picture(
        figure,
        f"Lengths of the updates of all shared parameters, and of each block. {words}.",
        {"task": np.arange(1, len(some) + 1)}
        | {f"length, {name}": far.round(_PLACES) for name, (far, _) in means.items()}
        | {"block": np.arange(1, len(by_block) + 1)}
        | {f"relative, {name}": share.round(_PLACES) for name, (_, share) in means.items()},
        f"Mean length of an update after the first task: {found}.",
    )


def show_updates(runs: Mapping[str, Result], *, name: str) -> None:
    """Show the updates of each run as :func:`draw_updates` draws them."""
    draw_updates(_take_alone(runs)).show(name)


def show_learned_and_kept(runs: Mapping[str, Result], *, name: str) -> None:
    """Show for each run Task.Acc (what it had learned) and Avg.Acc (what is left in the end), and the way between."""
    learned, kept = (
        np.array([read_points(result, measure) for result in runs.values()]) for measure in ("task_acc", "avg_acc")
    )
    chance = np.array([100 / result.classes[0] for result in runs.values()])
    figure, axes = plt.subplots(figsize=(WIDTH, 0.55 * len(runs) + 1.2))
    places = np.arange(len(runs))
    axes.hlines(places, kept, learned, color=INK, linewidth=1.2)
    axes.plot(learned, places, linestyle="", marker="o", markersize=8, color=PALETTE[0], markerfacecolor=PAPER)
    axes.plot(kept, places, linestyle="", marker="o", markersize=8, color=PALETTE[0])
    axes.plot(chance, places, linestyle="", marker="|", markersize=14, color=INK)
    axes.set(yticks=places, ylim=(len(runs) - 0.5, -0.5), xlabel="accuracy, %")
    axes.set_title(name_stand_in(next(iter(runs.values()))) + "learned and kept")
    axes.set_xlim(min(chance.min(), kept.min(), learned.min()) - 4, 103)
    axes.set_yticklabels(runs)
    axes.grid(visible=False, axis="y")
    marks = [("o", PAPER, "Task.Acc, learned"), ("o", PALETTE[0], "Avg.Acc, kept"), ("|", INK, "chance")]
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=mark,
            markersize=8,
            color=INK if mark == "|" else PALETTE[0],
            markerfacecolor=face,
        )
        for mark, face, _ in marks
    ]
    figure.legend(handles, [label for _, _, label in marks], loc="outside upper center", ncols=3)
    words = "; ".join(
        f"{run}: learned {high:.0f} %, kept {low:.0f} %" for run, high, low in zip(runs, learned, kept, strict=True)
    )
    show(
        figure,
        name=name,
        alt=f"Mean accuracy right after each task and in the end. {words}. Chance is {format_values(list(dict.fromkeys(chance.tolist())), 0)} %.",
        data={"run": list(runs), "Task.Acc": learned, "Avg.Acc": kept, "chance": chance},
    )


def draw_line(axes: Axes, values: NDArray[np.float64], strategy: str, *, first: int = 1) -> None:
    """Draw `values`, one a task (a block, an age) from `first` on, in the strategy's look; ticks are whole numbers."""
    markers = {"marker": ""} if len(values) > 12 else {"markersize": 5}
    axes.plot(np.arange(first, len(values) + first), values, **(choose_look(strategy) | markers))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _take_alone(runs: Mapping[str, Result]) -> Groups:
    return {strategy: (run,) for strategy, run in runs.items()}


def _collect(runs: Sequence[Result], read: Callable[[Result], Matrix]) -> Matrix:
    return np.array([read(run) for run in runs])


def _draw_lines(axes: Axes, values: Matrix, strategy: str) -> None:
    """Draw the mean of `values`, a run a row, and each run as a thin line where there are several."""
    if len(values) > 1:
        look = choose_look(strategy)
        for row in values:
            axes.plot(np.arange(1, len(row) + 1), row, color=look["color"], linewidth=0.6, linestyle="-", alpha=0.3)
    draw_line(axes, values.mean(axis=0), strategy)


def _draw_legend(figure: Figure, axes: Axes, entries: int) -> None:
    columns = entries if entries <= 4 else 3
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=columns)


def format_values(values: ArrayLike, digits: int) -> str:
    """Write `values` with so many decimals, separated by commas: a true minus, no negative zero, `none` for NaN."""
    return ", ".join(_format_value(float(value), digits) for value in np.atleast_1d(values))


def format_percent(share: float) -> str:
    """Write a share of 1 in whole per cent."""
    return f"{100 * share + 0.0:.0f} %"


def _draw_key(axes: Axes, chance: float) -> None:
    for step in range(_KEY_STEPS):
        depth = choose_opacity(chance + (1 - chance) * (step + 0.5) / _KEY_STEPS, chance)
        axes.add_patch(
            Rectangle((step / _KEY_STEPS, 0), 1 / _KEY_STEPS, 1, facecolor=PALETTE[0], alpha=depth, linewidth=0)
        )
    axes.set(xlim=(-1, 2), ylim=(0, 1), yticks=[])
    axes.set_xticks([0, 1], [f"chance, {format_percent(chance)}", "100 %"])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)


def _format_value(value: float, digits: int) -> str:
    return "none" if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
