"""What the two-level rule saw and chose, all seeds: its schedules coloured by the scores that chose them."""

from itertools import product

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray

from cl_book.claims.arms import Arm
from cl_book.claims.overview import find_runs
from cl_book.claims.paired_differences import pair_scores
from cl_book.claims.pairs import pair_by_seed
from cl_book.figures.curves import to_array
from cl_book.figures.drawing import PALETTE, PAPER, WIDTH, style
from cl_book.figures.picture import Picture
from cl_book.figures.run_figures import DEEPEST, format_values
from cl_book.figures.schedule_figures import read_schedule
from cl_core.experiments.store import Result, metric
from cl_core.runs.result_set import ResultSet

_RULES = (("two-level", Arm("two-level")), ("random order", Arm("two-level-random")))


def draw_strips(experiment: str, results: ResultSet) -> Picture | None:
    """Draw what each task moved under the two-level rule and under its control in random order, a row a seed.

    A cell's letter is f for few blocks and m for many, its colour the task's score, pale at the threshold. Returns None
    where the rule has no run.
    """
    shown = [(title, list(find_runs(experiment, arm, results).values())) for title, arm in _RULES]
    shown = [(title, runs) for title, runs in shown if runs]
    if not shown or shown[0][0] != _RULES[0][0]:
        return None
    style()
    threshold = float(shown[0][1][0].config["threshold"])
    scores = {title: np.array([to_array(run.scores) for run in runs]) for title, runs in shown}
    reach = max(float(np.nanmax(np.abs(values - threshold))) for values in scores.values())
    heights = [len(runs) for _, runs in shown]
    figure, panels = plt.subplots(
        len(shown),
        1,
        figsize=(WIDTH, 0.9 + 0.25 * sum(heights) + 0.45 * len(shown)),
        height_ratios=heights,
        squeeze=False,
    )
    data: dict[str, ArrayLike] = {}
    words, found = [], []
    for axes, (title, runs) in zip(panels[:, 0], shown, strict=True):
        letters = ["m" + read_schedule(run) for run in runs]
        for row, schedule in enumerate(letters):
            for task, letter in enumerate(schedule):
                above = scores[title][row, task] - threshold
                if not np.isnan(above):
                    _fill_cell(axes, task, row, above, reach)
                axes.text(task, row, letter, ha="center", va="center", fontsize=10.5)
        tasks = scores[title].shape[1]
        axes.set(xlim=(-0.5, tasks - 0.5), ylim=(len(runs) - 0.5, -0.5))
        axes.set(title=title, ylabel="seed", xticks=range(scores[title].shape[1]), yticks=range(len(runs)))
        axes.set_xticklabels([str(task + 1) for task in range(scores[title].shape[1])])
        axes.set_yticklabels([str(run.seed) for run in runs])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        data |= {f"{title}, seed": [run.seed for run in runs], f"{title}, schedule": letters}
        data[f"{title}, score of task"] = scores[title].round(4)
        words.append(f"{title}: {', '.join(letters)}")
        if mean := _compare_scores(runs):
            found.append(f"{format_values(mean, 2).replace(', ', ' and ')} ({title})")
    panels[-1, 0].set_xlabel("task")
    sides = (("above", PALETTE[0]), ("below", PALETTE[1]))
    handles = [
        Patch(facecolor=colour, alpha=DEEPEST, linewidth=0, label=f"score {side} the threshold {threshold:g}")
        for side, colour in sides
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    said = []
    if found:
        said.append(
            f"Mean score of a task after one that moved few blocks, and after one that moved many: {'; '.join(found)}."
        )
    if len(shown) > 1:
        said.append("In random order the magnitudes are dealt out by chance, so there the score decides nothing.")
    return Picture(
        figure,
        f"Schedules of few (f) and many (m) blocks, a seed a row, coloured by score. {'; '.join(words)}.",
        data,
        " ".join(said),
    )


def _fill_cell(axes: Axes, task: int, row: int, above: float, reach: float) -> None:
    """Colour a cell by the side of the threshold on which its score lies, the deeper the farther."""
    side = PALETTE[0] if above > 0 else PALETTE[1]
    depth = DEEPEST * min(1.0, abs(above) / reach) if reach > 0 else 0.0
    axes.add_patch(Rectangle((task - 0.5, row - 0.5), 1, 1, facecolor=side, alpha=depth, edgecolor="none"))


def _compare_scores(runs: list[Result]) -> tuple[float, float] | None:
    """Return the mean score after tasks that moved few blocks, and after those that moved many; None without both."""
    moved, scores = np.array(pair_scores(runs)).reshape(-1, 2).T
    many = moved == float(runs[0].config["many"])
    return None if many.all() or not many.any() else (float(scores[~many].mean()), float(scores[many].mean()))


def draw_every_schedule(experiment: str, results: ResultSet) -> Picture | None:
    """Draw the average accuracy of every schedule of few and many blocks: a point a seed, a stroke the mean.

    A star is the schedule that the two-level rule chose at a seed. Returns None where no run of a schedule is there.
    """
    rule = {run.seed: run for run in find_runs(experiment, Arm("two-level"), results).values()}
    if not rule:
        return None
    length = int(next(iter(rule.values())).config["tasks"]) - 1
    by_schedule = {
        moves: {run.seed: run for run in find_runs(experiment, Arm("fixed", (f"moves={moves}",)), results).values()}
        for moves in map("".join, product("mf", repeat=length))
    }
    by_schedule = {moves: runs for moves, runs in by_schedule.items() if runs}
    if not by_schedule:
        return None
    style()
    accuracy = {
        moves: {seed: 100 * metric(run, "avg_acc") for seed, run in runs.items()} for moves, runs in by_schedule.items()
    }
    means = {moves: float(np.mean(list(values.values()))) for moves, values in accuracy.items()}
    order = sorted(means, key=lambda moves: means[moves])
    chosen = {seed: read_schedule(run) for seed, run in rule.items()}
    figure, axes = plt.subplots(figsize=(WIDTH, 0.7 + 0.27 * len(order)))
    whole = pair_by_seed([rule, *by_schedule.values()])
    ranks = _rank_chosen(accuracy, {seed: chosen[seed] for seed in whole})
    for place, moves in enumerate(order):
        axes.plot(
            list(accuracy[moves].values()), np.full(len(accuracy[moves]), place), ".", color=PALETTE[0], alpha=0.6
        )
        axes.plot(means[moves], place, "|", color=PALETTE[0], markersize=13, markeredgewidth=2)
    stars = [(accuracy[chosen[seed]][seed], order.index(chosen[seed])) for seed in ranks]
    axes.plot(
        *np.array(stars).reshape(-1, 2).T,
        linestyle="",
        marker="*",
        markersize=13,
        color=PALETTE[1],
        markeredgecolor=PAPER,
    )
    axes.set(xlabel="Avg.Acc, %", yticks=range(len(order)), ylim=(-0.7, len(order) - 0.3))
    axes.set_yticklabels(order)
    found = ", ".join(f"{rank} (seed {seed})" for seed, rank in ranks.items())
    return Picture(
        figure,
        f"Average accuracy of {len(order)} schedules, in per cent, means over seeds: "
        + ", ".join(f"{moves} {means[moves]:.1f}" for moves in reversed(order))
        + f". Ranks of the rule's own: {found}.",
        {
            "schedule": order,
            "mean": [means[moves] for moves in order],
            **{f"seed {seed}": [accuracy[moves].get(seed, np.nan) for moves in order] for seed in sorted(rule)},
        },
        f"Of {len(order)} schedules the one that the rule chose has rank {found}.",
    )


def _rank_chosen(accuracy: dict[str, dict[int, float]], chosen: dict[int, str]) -> dict[int, int]:
    """Return, for each seed at which every schedule was run, the rank of the chosen one; the best has rank 1."""
    ranks = {}
    for seed, moves in chosen.items():
        values: NDArray[np.float64] = np.array([runs.get(seed, np.nan) for runs in accuracy.values()])
        if moves in accuracy and not np.isnan(values).any():
            ranks[seed] = 1 + int((values > accuracy[moves][seed]).sum())
    return ranks
