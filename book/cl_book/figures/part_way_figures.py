"""Figures of going a part of the way: theory beside network, all methods between learning and forgetting, and what orders it.

Each function returns a figure with its words and numbers, or None where there is no run to draw.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import fmean

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from cl_book.claims.arms import PROFILE, Arm
from cl_book.claims.overview import find_runs
from cl_book.claims.paired_differences import Along, mean_along, rank_correlation
from cl_book.claims.pairs import pair_by_seed
from cl_book.claims.reference_runs import WAYS
from cl_book.claims.statistics import t_interval
from cl_book.figures.drawing import INK, LINES, MARKERS, PALETTE, PAPER, WIDTH, style
from cl_book.figures.picture import Picture
from cl_book.figures.result_figures import LEAST_RUNS
from cl_core.experiments.store import Result, metric
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.linear import expected_losses
from cl_core.runs.result_set import ResultSet
from cl_core.setting_ranges import format_value
from cl_core.settings_base import Value

Points = Sequence[tuple[float, float]]
"""Places (what is not learned of a new task, what is forgotten), from the weakest update to the whole."""

_PARAMETERS, _SAMPLES, _TASKS, _STREAMS, _NOISE = 40, 20, 8, 20, 0.5
_CENTRE, _DISTANCE = 6.0, 2.0
"""The linear model of the chapter's defaults: squared length of the tasks' centre, squared distance of each from it."""

_BESIDE_THE_PEAK = 8
"""Numbers as near to that of the samples, or nearer, are not drawn."""

_COUNTED = ("frozen-0", "frozen", *(f"frozen trained={k}" for k in range(2, 9)), "initialized")
_GONE = ("frozen-0", "averaged fractions=constant fraction=0.1", "averaged fractions=constant", "initialized")

_PANELS: tuple[tuple[Along, str], ...] = (
    ("moved_share", "share of parameters that may move"),
    ("update_norm", "distance ‖Δ‖"),
    ("curvature", "curvature ½ΔᵀHΔ, nats"),
    ("drift", "drift of the old answers, nats"),
)

_LINEAR_SCALE: tuple[Along, ...] = ("moved_share",)

_LETTER = (0.06, 0.06)
"""What a letter takes of a panel's width, and of its height."""


def draw_theory_and_network(experiment: str, results: ResultSet) -> Picture | None:
    """Draw forgetting against what is not learned: exact in the linear model, and of the reference runs of `experiment`.

    A line for the number that moves, one for the fraction of the way, and a point for 1/t. Returns None without runs.
    """
    counted, gone, harmonic = (
        _place(experiment, arms, results) for arms in (_COUNTED, _GONE, ("averaged",))
    )  # fmt: skip
    if not counted or not harmonic:
        return None
    theory = compute_theory()
    # Between none of the way and all of it something has to have been run.
    network = {"number": counted, **({"fraction": gone} if len(gone) > 2 else {}), "1/t": harmonic}
    order = list(theory)
    style()
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH, 7.4))
    data: dict[str, ArrayLike] = {}
    words = []
    for panel, title, unit, ways in (
        (panels[0], "linear model", "mean loss on a new task", theory),
        (panels[1], "network", "error on a new task, %", network),
    ):
        panel.axhline(0, color=INK, linewidth=0.8, linestyle="-")
        for name, points in ways.items():
            number = order.index(name)
            x, y = np.array(points).reshape(-1, 2).T
            line = "none" if len(points) < 2 else LINES[number]
            label = {"number": "number that moves", "fraction": "fraction of the way, the same each time"}.get(
                name, name
            )
            panel.plot(
                x, y, color=PALETTE[number], linestyle=line, marker=MARKERS[number], markeredgecolor=PAPER,
                markersize=9 if line == "none" else 6, label=label,
            )  # fmt: skip
            data |= {f"{title}, {name}: new": x, f"{title}, {name}: forgetting": y}
        (new, forgotten), least = ways["1/t"][0], min((p for p in ways["number"] if np.isfinite(p).all()), key=sum)
        words.append(
            f"In the {title} 1/t stands at {new:.1f} and {forgotten:.1f}; the number whose sum of both is least, at "
            f"{least[0]:.1f} and {least[1]:.1f}"
        )
        panel.set(title=title, xlabel=unit, ylabel="forgetting")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    alt = f"Two panels: forgetting against what a new task is not learned, lower left is better. {'. '.join(words)}."
    return Picture(figure, alt, data)


def compute_theory() -> dict[str, Points]:
    """Return (mean loss on a new task, forgetting), exact for drawn truths: by the number trained, the fraction, and 1/t.

    Numbers beside the peak, where the loss has no bound, are left out: a gap of NaN.
    """
    rng = np.random.default_rng([0, 16])
    middle = np.sqrt(_CENTRE / _PARAMETERS) * rng.choice([-1.0, 1.0], size=_PARAMETERS)
    ways = rng.standard_normal((_STREAMS, _TASKS, _PARAMETERS))
    truths = middle + np.sqrt(_DISTANCE) * ways / np.linalg.norm(ways, axis=2, keepdims=True)

    def place(trained: int, fraction: ArrayLike) -> tuple[float, float]:
        sizes = [_PARAMETERS, *[trained] * (_TASKS - 1)]
        losses = np.array([expected_losses(each, _SAMPLES, sizes, _NOISE, None, fraction) for each in truths])
        when_new = np.diagonal(losses, axis1=1, axis2=2)
        return float(when_new[:, 1:].mean()), float((losses[:, -1, :-1] - when_new[:, :-1]).mean())

    few, many = range(0, _SAMPLES - _BESIDE_THE_PEAK, 2), range(_SAMPLES + _BESIDE_THE_PEAK + 2, _PARAMETERS + 1, 2)
    parts = np.linspace(0, 1, 11)
    return {
        "number": [*(place(m, 1.0) for m in few), (np.nan, np.nan), *(place(m, 1.0) for m in many)],
        "fraction": [place(_PARAMETERS, [1.0, *[part] * (_TASKS - 1)]) for part in parts],
        "1/t": [place(_PARAMETERS, 1 / np.arange(1, _TASKS + 1))],
    }


def draw_pareto(experiment: str, results: ResultSet) -> Picture | None:
    """Draw Task.Acc against forgetting on `experiment`, a line a method over the strengths that it was run with.

    Means over all seeds of at least LEAST_RUNS. Runs that change the protocol, yoked controls and schedules given
    beforehand are left out. The grey line joins what nothing else beats in both, bounds apart.
    """
    groups = _group_by_strength(experiment, results)
    if not groups:
        return None
    style()
    figure, axes = plt.subplots(figsize=(WIDTH, 9.0))
    data: dict[str, ArrayLike] = {}
    free: list[tuple[float, float, str]] = []
    for number, (method, strengths) in enumerate(groups.items()):
        strategy, *rest = method.split()
        name = Arm(strategy, tuple(rest)).title
        # Hollow marks, as some lie on top of one another.
        points = sorted(strengths.items(), key=lambda entry: entry[1])
        x, y = np.array([place for _, place in points]).T
        axes.plot(
            x, y, color=PALETTE[number % 6], marker=MARKERS[(number + number // 6) % 6], linestyle=LINES[number % 6],
            linewidth=1.1, markersize=6.5, markerfacecolor="none", markeredgewidth=1.4, label=name,
        )  # fmt: skip
        data |= {f"{name}: settings": [words or "as it is" for words, _ in points]}
        data |= {f"{name}: task_acc": x, f"{name}: forgetting": y}
        if STRATEGIES[strategy].kind != "bound":
            free += [(new, lost, f"{name} {words}".strip()) for words, (new, lost) in points]
    front = find_front(free)
    axes.plot(*np.array([place[:2] for place in front]).T, color=INK, linewidth=5, alpha=0.16, linestyle="-", zorder=0)
    data |= {"front: task_acc": [p[0] for p in front], "front: forgetting": [p[1] for p in front]}
    data |= {"front": [p[2] for p in front]}
    axes.set(xlabel="accuracy on a new task, %", ylabel="forgetting, points")
    figure.legend(loc="outside lower center", ncols=2, handlelength=2.2)
    named = "; ".join(f"{name} at {new:.1f} and {lost:.1f}" for new, lost, name in front)
    alt = f"Accuracy on a new task against forgetting on {experiment}; lower right is better. Nothing beats in both: {named}."
    return Picture(figure, alt, data)


def find_front(places: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Return the places (learned, forgotten, name) that none learns more than while it forgets no more, by what is learned."""
    front: list[tuple[float, float, str]] = []
    for place in sorted(places, key=lambda each: (-each[0], each[1])):
        if not front or place[1] < front[-1][1]:
            front.append(place)
    return front[::-1]


def draw_order(experiment: str, results: ResultSet) -> Picture | None:
    """Draw forgetting against number, distance, curvature and drift, a letter for each of WAYS, means over seeds.

    Each panel's title has the rank correlation over the ways, the mean over seeds at which all ways ran. Returns None
    before there is such a seed.
    """
    arms = [
        Arm(way, (*(f"{name}={format_value(values[0])}" for name, values in given.items()), "effects=true"))
        for way, given in WAYS
    ]
    runs = [{run.seed: run for run in find_runs(experiment, arm, results).values()} for arm in arms]
    seeds = list(pair_by_seed(runs))
    if not seeds:
        return None
    style()
    names = [" ".join((arm.strategy, *arm.settings[:-1])) for arm in arms]
    letters = [chr(ord("a") + number) for number in range(len(arms))]
    lost = np.array([[100 * metric(each[seed], "forgetting") for seed in seeds] for each in runs])
    figure, panels = plt.subplots(2, 2, figsize=(WIDTH, 7.8), sharey=True)
    data: dict[str, ArrayLike] = {"way": names, "forgetting": lost.mean(axis=1)}
    words = []
    for panel, (along, title) in zip(panels.flat, _PANELS, strict=True):
        values = np.array([[mean_along(each[seed], along) for seed in seeds] for each in runs])
        rho = fmean(rank_correlation(values[:, place], lost[:, place]) for place in range(len(seeds)))
        panel.plot(values.mean(axis=1), lost.mean(axis=1), "o", color=PALETTE[0], markersize=4)
        if along not in _LINEAR_SCALE and (values.mean(axis=1) > 0).all():
            panel.set_xscale("log")
            panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            panel.xaxis.set_major_formatter("{x:g}")
            panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set(title=f"ρ = {rho:.2f}".replace("-", "−"), xlabel=title)
        data[along] = values.mean(axis=1)
        words.append(f"{title.partition(',')[0]} {rho:.2f}")
    for panel, (along, _) in zip(panels.flat, _PANELS, strict=True):
        _draw_letters(panel, np.asarray(data[along]), lost.mean(axis=1), letters)
    for panel in panels[:, 0]:
        panel.set_ylabel("forgetting, points")
    handles = [Line2D([], [], linestyle="none", label=f"{a}  {name}") for a, name in zip(letters, names, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=0, handletextpad=0)
    alt = (
        f"Four panels: forgetting against what an update moves or does, over {len(arms)} ways to train, means of "
        f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}. Rank correlation with {'; '.join(words)}."
    )
    return Picture(figure, alt, data)


def _draw_letters(panel: Axes, x: NDArray[np.float64], y: NDArray[np.float64], letters: Sequence[str]) -> None:
    """Write each letter beside its point, and those of points too close together as one word, by the rightmost of them."""
    points = panel.transAxes.inverted().transform(panel.transData.transform(np.column_stack([x, y])))
    # From the right, and from above: a group's word stands beside its first member.
    groups = [[int(place)] for place in np.lexsort((-points[:, 1], -points[:, 0]))]
    while pair := next((two for two in combinations(groups, 2) if _touch(points, *two)), None):
        pair[0].extend(pair[1])
        groups.remove(pair[1])
    for group in groups:
        word = " ".join(letters[place] for place in sorted(group))
        panel.annotate(word, (x[group[0]], y[group[0]]), xytext=(4, 3), textcoords="offset points")


def _touch(points: NDArray[np.float64], right: Sequence[int], left: Sequence[int]) -> bool:
    """Return whether the word of the group `left` would run into that of `right`, by their shares of the panel."""
    across, up = np.abs(points[right[0]] - points[left[0]])
    return bool(across < _LETTER[0] * len(left) and up < _LETTER[1])


def _place(experiment: str, arms: Sequence[str], results: ResultSet) -> Points:
    """Return the mean error on a new task and the mean forgetting of each arm that has runs."""
    groups = (
        list(find_runs(experiment, Arm(name, tuple(words)), results).values())
        for name, *words in (arm.split() for arm in arms)
    )
    return [
        (100 - t_interval([100 * metric(run, "task_acc") for run in runs]).mean,
         t_interval([100 * metric(run, "forgetting") for run in runs]).mean)
        for runs in groups
        if len(runs) >= LEAST_RUNS
    ]  # fmt: skip


def _group_by_strength(experiment: str, results: ResultSet) -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """Return the mean Task.Acc and forgetting in points by method, and by the numbers that set its strength.

    A method is a strategy with those of its own settings that are no numbers.
    """
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for run in results.current.values():
        strategy = STRATEGIES.get(run.strategy)
        if strategy is None or (run.experiment, run.profile, run.config["part"]) != (experiment, PROFILE, "test"):
            continue
        followed = strategy.follows is not None and strategy.name.startswith(strategy.follows)
        if not followed and strategy.name != "fixed" and set(run.overrides) <= set(strategy.reads):
            words = {name: value for name, value in run.overrides.items() if isinstance(value, str)}
            strength = {name: value for name, value in run.overrides.items() if name not in words}
            groups[f"{strategy.name} {_say(words)}".strip(), _say(strength)].append(run)
    found: dict[str, dict[str, tuple[float, float]]] = {}
    order = list(STRATEGIES)
    for name, key in sorted(groups, key=lambda group: (order.index(group[0].partition(" ")[0]), group)):
        runs = groups[name, key]
        places = [(100 * metric(run, "task_acc"), 100 * metric(run, "forgetting")) for run in runs]
        if len(runs) >= LEAST_RUNS and np.isfinite(places).all():
            new, lost = zip(*places, strict=True)
            found.setdefault(name, {})[key] = (fmean(new), fmean(lost))
    return found


def _say(settings: Mapping[str, Value]) -> str:
    return " ".join(f"{name}={format_value(value)}" for name, value in settings.items())
