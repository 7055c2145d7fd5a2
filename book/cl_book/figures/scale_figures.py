"""Each primary effect against the size of the network, or the length of its training."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt

from cl_book.claims.arms import PROFILE, Arm, run_of, title_of
from cl_book.claims.reference_runs import SCALED, SCALED_DEPTHS
from cl_book.claims.statistics import Interval, t_interval
from cl_book.figures.drawing import INK, LINES, MARKERS, PALETTE, WIDTH, style
from cl_book.figures.picture import Picture
from cl_book.notebooks.record import format_signed
from cl_core.experiments.plan import make_plan
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

LEAST_SEEDS = 3
"""Seeds from which a point is drawn."""

_SEEDS = range(12)
_SHOWN = ("avg_acc", "task_acc", "forgetting")
_AGAINST = "initialized"


def list_effects() -> dict[str, Arm]:
    """Return the strategies that are compared with initialized training, by what they are called."""
    depths = {f"frozen, {depth} moving": _frozen(depth) for depth in SCALED_DEPTHS}
    others = {title_of(name): Arm(name) for name in SCALED if name != _AGAINST}
    return {**depths, **others}


def compute_effect(
    experiment: str, arm: Arm, measure: str, setting: str, value: int, results: ResultSet
) -> Interval | None:
    """Return `arm` minus initialized training at this value of `setting`, in points over the seeds that both have.

    None where there are fewer than LEAST_SEEDS.
    """
    own = getattr(make_plan(experiment, _AGAINST, 0, PROFILE).settings, setting)
    words = () if value == own else (f"{setting}={value}",)
    sides = [Arm(side.strategy, (*words, *side.settings)) for side in (arm, Arm(_AGAINST))]
    d = []
    for seed in _SEEDS:
        of, against = (results.get(run_of(experiment, side, seed, PROFILE)) for side in sides)
        if of is not None and against is not None:
            d.append(100 * (metric(of, measure) - metric(against, measure)))
    return t_interval(d) if len(d) >= LEAST_SEEDS else None


def draw_scale(setting: str, values: Sequence[int], experiment: str, results: ResultSet) -> Picture | None:
    """Draw each effect along `setting`, in three measures, with 95 % intervals over seeds.

    Returns None where no value but the protocol's own has runs.
    """
    found = {
        (measure, name): [compute_effect(experiment, arm, measure, setting, value, results) for value in values]
        for measure in _SHOWN
        for name, arm in list_effects().items()
    }
    if not any(one is not None for points in found.values() for one in points[1:]):
        return None
    style()
    figure, panels = plt.subplots(len(_SHOWN), 1, sharex=True, figsize=(WIDTH, 7.2))
    for panel, measure in zip(panels, _SHOWN, strict=True):
        panel.axhline(0, color=INK, linewidth=0.8, linestyle="-")
        for place, name in enumerate(list_effects()):
            points = [(value, one) for value, one in zip(values, found[measure, name], strict=True) if one is not None]
            if not points:
                continue
            # Points of one value stand beside each other, so that their intervals can be told apart.
            x = np.array([value for value, _ in points]) * 1.02 ** (place - 2.5)
            means = np.array([one.mean for _, one in points])
            reach = np.array([(one.mean - one.low, one.high - one.mean) for _, one in points]).T
            look = {"color": PALETTE[place], "linestyle": LINES[place], "marker": MARKERS[place], "markersize": 4}
            panel.errorbar(x, means, yerr=reach, label=name if panel is panels[0] else None, linewidth=1.2, **look)
        panel.set_xscale("log", base=2)
        panel.set_ylabel(f"{MEASURES[measure].title}, points")
        panel.set_xticks(values, [str(value) for value in values])
        panel.minorticks_off()
    panels[-1].set_xlabel(setting)
    figure.legend(loc="outside upper center", ncols=3)
    words = "; ".join(
        f"{name} in {MEASURES[measure].title} "
        + ", ".join("not run" if one is None else format_signed(one.mean, 1) for one in points)
        for (measure, name), points in found.items()
    )
    alt = f"Each strategy minus initialized training, points, at {setting} {', '.join(map(str, values))}. {words}."
    columns = {
        f"{name} {measure} {part}": [np.nan if one is None else getattr(one, part) for one in points]
        for (measure, name), points in found.items()
        for part in ("mean", "low", "high")
    }
    return Picture(figure, alt, {setting: np.array(values), **columns})


def _frozen(depth: int) -> Arm:
    return Arm("frozen", () if depth == 1 else (f"trained={depth}",))
