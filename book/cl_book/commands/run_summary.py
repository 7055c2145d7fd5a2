"""A result in a few lines, for a terminal."""

import math

from cl_core.experiments import store
from cl_core.experiments.controls import degenerate
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import duration
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.metrics import MEASURES

_SHOWN = ("avg_acc", "task_acc", "forgetting", "peak_forgetting")


def describe_stand_in(made: Plan) -> str | None:
    """Return the line that says that a stand-in is run, None where what was asked for is what is run."""
    if made.request == made.experiment.name:
        return None
    return (
        f"profile {made.profile.name} has no images of {made.request}: running its embedded stand-in "
        f"{made.experiment.name}, whose result carries that name"
    )


def summarise(result: Result) -> list[str]:
    """Return what came out: the measures, what moved, the images it was scored on, and any doubt."""
    values = {MEASURES[name].title: 100 * store.metric(result, name) for name in _SHOWN}
    told = [" · ".join(f"{title} {value:.2f} %" for title, value in values.items() if not math.isnan(value))]
    if result.magnitudes[0] is not None:
        told.append(f"blocks moved: {' '.join(str(m) for m in result.magnitudes)} of {len(result.block_parameters)}")
    if STRATEGIES[result.strategy].scores:
        told.append("scores: " + " ".join("–" if s is None else f"{s:.3f}" for s in result.scores))
        if degenerate([m for m in result.magnitudes if m is not None]):
            told.append(f"{result.strategy} chose one magnitude throughout: its controls compare nothing")
    images = "test images" if result.config["part"] == "test" else "held-out training images (validation)"
    told.append(f"scored on {images} of {result.data['label']}")
    told += [f"doubtful: {flag}" for flag in store.flags(result)]
    if "times" in result.recorded:
        told.append(f"computed in {duration(result.recorded['times']['total_s'])}")
    return told
