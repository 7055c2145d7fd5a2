"""Figures of Algorithm 1's reference runs: the path of its count, and what its score has to do with its own last move."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import ArrayLike, NDArray

from cl_book.claims.arms import Arm
from cl_book.claims.overview import find_runs
from cl_book.claims.paired_differences import pair_scores
from cl_book.figures.drawing import LINES, MARKERS, PALETTE, PAPER, SEQUENTIAL, WIDTH, style
from cl_book.figures.picture import Picture
from cl_core.runs.result_set import ResultSet

PATHS = (
    ("threshold −0.1, as chosen", Arm("adaptive")),
    ("threshold 0", Arm("adaptive", ("threshold=0.0",))),
    ("threshold 0.08", Arm("adaptive", ("threshold=0.08",))),
    ("walk, by a coin", Arm("walk")),
)
"""The runs whose paths are drawn, by their titles."""

ECHOES = (
    ("walk, by a coin", Arm("walk")),
    ("Algorithm 1, threshold 0.08", Arm("adaptive", ("threshold=0.08",))),
    ("two-level, random order", Arm("two-level-random")),
)
"""The runs whose scores are drawn against the blocks that the task before moved."""

_LEAST_HEIGHT = 2.3  # Inches, that the colour bar's words need.


def draw_paths(experiment: str, results: ResultSet, paths: Sequence[tuple[str, Arm]] = PATHS) -> Picture | None:
    """Draw how many blocks each task moved, a row a seed, for the runs of `paths`. Returns None where there is none."""
    shown = [(title, list(find_runs(experiment, arm, results).values())) for title, arm in paths]
    shown = [(title, runs) for title, runs in shown if runs]
    if not shown:
        return None
    style()
    blocks = len(shown[0][1][0].block_parameters)
    heights = [len(runs) for _, runs in shown]
    figure, panels = plt.subplots(
        len(shown),
        1,
        figsize=(WIDTH, max(_LEAST_HEIGHT, 0.8 + 0.21 * sum(heights) + 0.45 * len(shown))),
        height_ratios=heights,
        squeeze=False,
    )
    data: dict[str, NDArray[np.float64]] = {}
    words = []
    for panel, (title, runs) in zip(panels[:, 0], shown, strict=True):
        moved = np.array([run.magnitudes for run in runs], dtype=np.float64)
        drawn = panel.imshow(moved, aspect="auto", cmap=SEQUENTIAL, vmin=0, vmax=blocks, interpolation="nearest")
        panel.set_title(title)
        panel.set(yticks=range(len(runs)), ylabel="seed", xticks=range(moved.shape[1]))
        panel.set_yticklabels([str(run.seed) for run in runs])
        panel.set_xticklabels([str(task + 1) for task in range(moved.shape[1])])
        panel.grid(visible=False)
        data[title] = moved.T
        words.append(f"{title}, mean over seeds: {', '.join(f'{mean:.1f}' for mean in moved.mean(axis=0))}")
    panels[-1, 0].set_xlabel("task")
    figure.colorbar(drawn, ax=panels[:, 0].tolist(), label="blocks that moved", ticks=range(0, blocks + 1, 3))
    first = next(iter(data.values()))
    alike = max(Counter(map(tuple, first.T.tolist())).values())
    finding = (
        f"Algorithm 1 moves {first[0].mean():.0f} blocks in the first task and {first[-1].mean():.1f} in the last, "
        f"means over {first.shape[1]} seeds; {alike} of them take the same path."
    )
    return Picture(
        figure,
        f"Blocks that moved in each task, of {blocks}. {'; '.join(words)}.",
        data,
        finding if len(paths) == 1 else "",
    )


def draw_echo(experiment: str, results: ResultSet) -> Picture | None:
    """Draw a task's score against the blocks that the task before moved, from the third task on, for the runs of ECHOES.

    Points are tasks of all seeds, a line joins the means. Returns None where there is no such run.
    """
    shown = [(title, pair_scores(list(find_runs(experiment, arm, results).values()))) for title, arm in ECHOES]
    shown = [(title, pairs) for title, pairs in shown if len(pairs)]
    if not shown:
        return None
    style()
    figure, axes = plt.subplots(figsize=(WIDTH, 3.8))
    data: dict[str, ArrayLike] = {}
    words = []
    for place, (title, pairs) in enumerate(shown):
        moved, scores = pairs.T
        levels = np.unique(moved)
        means = np.array([scores[moved == level].mean() for level in levels])
        shift = 0.12 * (place - (len(shown) - 1) / 2)
        axes.plot(moved + shift, scores, ".", color=PALETTE[place], markersize=3.5, alpha=0.35)
        axes.plot(
            levels + shift,
            means,
            color=PALETTE[place],
            linestyle=LINES[place],
            marker=MARKERS[place],
            markersize=6.5,
            markeredgecolor=PAPER,
            label=title,
        )
        data |= {f"{title}: blocks before": levels, f"{title}: mean score": means.round(4)}
        words.append(
            f"{title}: mean score {means[0]:.2f} after {levels[0]:.0f} blocks, {means[-1]:.2f} after {levels[-1]:.0f}"
        )
    axes.set(xlabel="blocks that the task before moved", ylabel="score")
    figure.legend(loc="outside upper center", ncols=1)
    return Picture(figure, f"Scores by what the task before moved. {'; '.join(words)}.", data)
