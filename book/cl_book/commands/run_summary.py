"""A result in a few lines, for a terminal."""

import math

from cl_core.experiments import store
from cl_core.experiments.controls import degenerate
from cl_core.experiments.path import path_of_h
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import format_duration
from cl_core.experiments.registry import find_strategy
from cl_core.experiments.store import Result
from cl_core.metric_table import MEASURES

_SHOWN = ("avg_acc", "task_acc", "forgetting", "peak_forgetting")


def describe_stand_in(plan: Plan) -> str | None:
    """Return the line that says that a stand-in is run, None where what was asked for is what is run."""
    # A network that is named, and is the experiment's own, adds nothing to its name.
    asked, found = (name.partition("@")[0] for name in (plan.request, plan.experiment.name))
    if asked == found:
        return None
    return (
        f"profile {plan.profile.name} has no images of {plan.request}: running its embedded stand-in "
        f"{plan.experiment.name}, whose result carries that name"
    )


def summarise(result: Result) -> list[str]:
    """Return what came out: the measures, what moved, the images it was scored on, and any doubt."""
    values = {MEASURES[name].title: 100 * store.metric(result, name) for name in _SHOWN}
    lines = [" · ".join(f"{title} {value:.2f} %" for title, value in values.items() if not math.isnan(value))]
    if result.magnitudes[0] is not None:
        lines.append(f"blocks moved: {' '.join(str(m) for m in result.magnitudes)} of {len(result.block_parameters)}")
    if "start" in result.config:
        lines.append(f"held fixed (h): {' '.join(str(h) for h in path_of_h(result))}")
    if find_strategy(result.strategy).scores:
        lines.append("scores: " + " ".join("–" if s is None else f"{s:.3f}" for s in result.scores))
        if degenerate([m for m in result.magnitudes if m is not None], find_strategy(result.strategy).free_from):
            lines.append(f"{result.strategy} chose one magnitude throughout: its controls compare nothing")
    images = "test images" if result.config["part"] == "test" else "held-out training images (validation)"
    lines.append(f"scored on {images} of {result.data['label']}")
    lines += [f"doubtful: {flag}" for flag in store.flags(result)]
    if "times" in result.recorded:
        lines.append(f"computed in {format_duration(result.recorded['times']['total_s'])}")
    return lines
