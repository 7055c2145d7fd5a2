"""Draw the picture on the book's first page and in the README: forgetting against magnitude, in theory and in a network.

The network's points are the reference results on Split CIFAR-100, as many magnitudes as were run. Run from the top folder: ``python -m cl_book.cover``. It writes book/_static/cover.svg, cover.csv and cover.txt (the alt
text); a test draws it again and compares.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cl_book.claims.arms import PROFILE
from cl_book.claims.statistics import t_interval
from cl_book.figures.drawing import INK, PALETTE, PAPER, style, to_csv, to_svgs
from cl_core import files
from cl_core.experiments import store
from cl_core.linear import optimal_magnitude, simulate_losses
from cl_core.linear.optimum import best_magnitude, forgetting_curve
from cl_core.runs.result_set import read_results

FOLDER = Path(__file__).resolve().parents[1] / "_static"

SAMPLES, CAPACITY, SIGNAL = 20, 160, 2
XI, ETA = 2.0, 0.5
DRAWS, SEED = 2_000, 0

NETWORK = "split-cifar100"
FIXED = ("frozen-0", "frozen", "initialized")
"""Strategies that move one number of blocks from the second task on."""
MEASURES = {"forgetting": "forgetting", "avg_acc": "average accuracy at the end"}

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Forgetting over magnitudes: exact on both branches, simulated at some sizes with two standard errors."""

    magnitudes: NDArray[np.int64]
    exact: Points
    sizes: NDArray[np.int64]
    simulated: Points
    errors: Points


def compute() -> Curve:
    """Return the curve for one update of a task like the old one, where every size below P is redundant but two."""
    magnitudes = np.array([*range(SIGNAL, SAMPLES - 1), *range(SAMPLES + 2, CAPACITY + 1)])
    sizes = np.array([2, 4, 6, 8, 10, 12, 28, 32, 36, 48, 60, 75, 90, 110, 135, 160])
    moments = np.array([_simulate(int(size)) for size in sizes])
    exact = forgetting_curve(magnitudes, xi=XI, eta=ETA, samples=SAMPLES)
    return Curve(magnitudes, exact, sizes, moments[:, 0], moments[:, 1])


def _simulate(size: int) -> tuple[float, float]:
    # The first task shows no samples: the learner arrives with an error of squared length ξ on the coordinates that
    # matter, and the second task is the same one.
    start = np.zeros(CAPACITY)
    start[-SIGNAL:] = np.sqrt(XI / SIGNAL)
    targets = np.zeros((2, CAPACITY))
    mean, error = simulate_losses(
        targets, [0, SAMPLES], size, float(np.sqrt(ETA)), start, draws=DRAWS, seed=SEED + size
    )
    return float(mean[1, 0] - mean[0, 0]), 2 * float(error[1, 0])


@dataclass(frozen=True)
class Network:
    """A network's measures over the number of blocks that may move: means in points, and half of their 95 % intervals."""

    blocks: NDArray[np.int64]
    means: dict[str, Points]
    halves: dict[str, Points]
    seeds: NDArray[np.int64]


def read_network() -> Network:
    """Return what the reference results say; runs that change any setting but the number of blocks stay out."""
    groups: dict[int, list[store.Result]] = {}
    for run in read_results().current.values():
        here = (run.experiment, run.profile) == (NETWORK, PROFILE) and set(run.overrides) <= {"trained"}
        if here and run.strategy in FIXED:
            groups.setdefault(int(run.magnitudes[-1] or 0), []).append(run)
    order = sorted(blocks for blocks, runs in groups.items() if len(runs) > 1)
    intervals = {
        name: [t_interval([100 * store.metric(run, name) for run in groups[blocks]]) for blocks in order]
        for name in MEASURES
    }
    return Network(
        blocks=np.array(order),
        means={name: np.array([each.mean for each in row]) for name, row in intervals.items()},
        halves={name: np.array([each.high - each.mean for each in row]) for name, row in intervals.items()},
        seeds=np.array([len(groups[blocks]) for blocks in order]),
    )


def draw(curve: Curve, network: Network) -> Figure:
    """Return the picture: the theory above, the network below."""
    style()
    from matplotlib import pyplot as plt

    figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 6.8), height_ratios=(3.7, 2.6))
    _draw_theory(above, curve)
    _draw_network(below, network)
    return figure


def _draw_network(axes: Axes, measured: Network) -> None:
    for number, (name, title) in enumerate(MEASURES.items()):
        axes.errorbar(
            measured.blocks,
            measured.means[name],
            measured.halves[name],
            fmt=("o-", "s--")[number],
            color=PALETTE[number + 1],
            mec=PAPER,
            ms=7,
            lw=1.4,
            label=title,
        )
    axes.axhline(0, color=INK, lw=0.8, ls="-")
    axes.set(
        xlim=(-0.6, measured.blocks[-1] + 0.6),
        ylim=(-4, None),
        xticks=range(measured.blocks[-1] + 1),
        xlabel=f"blocks that may move (0: no update, 1: frozen, {measured.blocks[-1]}: initialized)",
        ylabel="points",
        title="a network on Split CIFAR-100",
    )
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.1))


def _draw_theory(axes: Axes, curve: Curve) -> None:
    for branch in (curve.magnitudes < SAMPLES, curve.magnitudes > SAMPLES):
        axes.plot(curve.magnitudes[branch], curve.exact[branch], color=PALETTE[0], ls="-")
    axes.errorbar(
        curve.sizes,
        curve.simulated,
        curve.errors,
        fmt="o",
        color=PALETTE[1],
        ecolor=PALETTE[1],
        mec=PAPER,
        ms=6,
        lw=1.2,
    )
    axes.axhline(0, color=INK, lw=0.8, ls="-")
    valley = optimal_magnitude(XI, ETA, SAMPLES)
    assert valley is not None
    axes.plot(*valley, marker="D", color=PALETTE[3], ls="none", ms=8, mec=PAPER)
    axes.annotate("local minimum m*", valley, (valley[0] + 9, -1.05), arrowprops={"arrowstyle": "-", "color": INK})
    axes.annotate(
        "few parameters:\nthe best of all here", (SIGNAL, curve.exact[0]), (26, -1.7), va="center",
        arrowprops={"arrowstyle": "-", "color": INK},
    )  # fmt: skip
    axes.annotate(
        "as many parameters as samples:\nforgetting has no bound", (SAMPLES + 5, 1.15), (33, 1.15), va="center"
    )
    axes.annotate("all parameters", (CAPACITY, -0.6), ha="right", va="top")
    axes.set(xlim=(-3, CAPACITY + 5), ylim=(-3.0, 1.6), xlabel="magnitude m: parameters that may move")
    axes.set_ylabel("forgetting F (below 0: repaired)")
    axes.plot([], [], color=PALETTE[0], ls="-", label="theory, exact")
    axes.plot([], [], "o", color=PALETTE[1], ls="none", ms=6, label="simulation, ± 2 standard errors")
    axes.legend(loc="lower right", bbox_to_anchor=(1, -0.02))
    axes.set_title("the linear model")


def describe(curve: Curve, measured: Network) -> str:
    """Return in words what is to be seen."""
    valley = optimal_magnitude(XI, ETA, SAMPLES)
    assert valley is not None
    best, least = best_magnitude(xi=XI, eta=ETA, samples=SAMPLES, least=SIGNAL, capacity=CAPACITY)
    within = float(np.mean(np.abs(_compute_exact(curve) - curve.simulated) <= curve.errors))
    return (
        f"Forgetting against the number of parameters that an update may move, for {SAMPLES} samples. It starts at "
        f"{least:.2f} with {best} parameters, rises without bound as the number nears {SAMPLES}, falls again to a local "
        f"minimum of {valley[1]:.2f} at {valley[0]:.0f}, and then climbs slowly to {curve.exact[-1]:.2f} at {CAPACITY}. "
        f"{within:.0%} of {curve.sizes.size} simulated points lie within two standard errors of the exact curve. "
        "Below, a network on Split CIFAR-100 by the number of blocks that may move: "
        + "; ".join(
            f"with {blocks}, forgetting {lost:.1f} and average accuracy {kept:.1f} points"
            for blocks, lost, kept in zip(
                measured.blocks, measured.means["forgetting"], measured.means["avg_acc"], strict=True
            )
        )
        + "."
    )


def _compute_exact(curve: Curve) -> Points:
    return forgetting_curve(curve.sizes, xi=XI, eta=ETA, samples=SAMPLES)


def render() -> dict[str, str]:
    """Return the contents of the picture's files, by name."""
    curve, measured = compute(), read_network()
    words = describe(curve, measured)
    data = {
        "magnitude": curve.magnitudes,
        "forgetting": curve.exact,
        "simulated_magnitude": curve.sizes,
        "simulated_forgetting": curve.simulated,
        "two_standard_errors": curve.errors,
        "blocks": measured.blocks,
        "seeds": measured.seeds,
    } | {
        f"network_{name}{what}": values[name]
        for name in MEASURES
        for what, values in (("", measured.means), ("_half_interval", measured.halves))
    }
    wide, narrow = to_svgs(draw(curve, measured), name="cover", alt=words)
    return {
        "cover.svg": wide,
        "cover-narrow.svg": narrow,
        "cover.csv": to_csv(data),
        "cover.txt": words,
    }


if __name__ == "__main__":
    for file, text in render().items():
        files.write_text(FOLDER / file, text + "\n" * (not text.endswith("\n")))
