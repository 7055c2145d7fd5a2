"""A stored result run again, and how far the two agree."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cl_core.experiments import store
from cl_core.experiments.machine import have_same_arithmetic
from cl_core.experiments.plan import make_plan
from cl_core.experiments.progress import Listener, silent
from cl_core.experiments.store import Result
from cl_core.runs.complete import find_source
from cl_core.runs.staleness import state
from cl_core.streams.manifest import Route

TOLERANCE: Mapping[str, float] = {"float64": 1.0, "float32": 3.0, "bfloat16": 3.0}
"""Largest difference, in points of accuracy, that another machine or version may make, by precision of training.

Rounding differs there, and training amplifies it until the run is as another seed's would be; these are about two
standard deviations between seeds. In float64 the rounding is too small for that in most runs, not in all.
"""

_COMPARED = ("avg_acc", "task_acc", "forgetting")


@dataclass(frozen=True)
class Comparison:
    """How a repeated run compares with the stored one.

    `identical`: bit for bit, all that was computed. `expected`: whether it must be, as versions and what
    decides the machine's arithmetic are the same. `differences` tells each measure's change in points, `largest` the largest of them; `tolerance` is what a
    repetition elsewhere may differ by.
    """

    identical: bool
    expected: bool
    differences: tuple[str, ...]
    largest: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the repetition confirms the stored result."""
        return self.identical or (not self.expected and self.largest <= self.tolerance)


def repeat(path: Path, *, route: Route | None = None, listener: Listener = silent) -> tuple[Result, Comparison]:
    """Run the stored result at `path` again, by its own route unless `route` says otherwise; nothing is written.

    Return the new result and how it compares. A control is run after the stored run that it followed. Raises ValueError
    if the result is stale.
    """
    from cl_core.experiments.runner import execute

    # Written out, since the run that a control follows stands two folders up.
    path = Path(os.path.abspath(path))  # noqa: PTH100  a linked file keeps its own neighbours
    before = store.load(path)
    today = make_plan(before.experiment, before.strategy, before.seed, before.profile, overrides=before.overrides)
    source = find_source(today, path.parents[min(2, len(path.parents) - 1)])
    reasons = list(state(before).stale)
    if source is not None and before.source is not None and before.source["outcome"] != source.outcome:
        reasons.append("the run that it follows has changed")
    if reasons:
        raise ValueError(f"{path} is stale ({'; '.join(reasons)}); another run would compute something else")
    own_route: Route = before.data["route"]
    after = execute(today, route=route or own_route, source=source, listener=listener)
    return after, compare(before, after)


def compare(before: Result, after: Result) -> Comparison:
    """Return how the repetition `after` compares with `before`."""
    one, other = before.recorded, after.recorded
    same = one.get("versions") == other.get("versions") and have_same_arithmetic(
        one.get("machine", {}), other.get("machine", {})
    )
    differences, largest = [], 0.0
    for name in _COMPARED:
        old, new = 100 * store.metric(before, name), 100 * store.metric(after, name)
        if old == old or new == new:
            differences.append(f"{name}: {old:.2f}, again {new:.2f}")
            largest = max(largest, abs(new - old)) if old == old and new == new else float("inf")
    if before.magnitudes != after.magnitudes:
        differences.append(f"magnitudes: {before.magnitudes}, again {after.magnitudes}")
    if before.data["digest"] != after.data["digest"]:
        differences.append(f"data: {before.data['label']}, again {after.data['label']}")
    tolerance = TOLERANCE[str(before.config["precision"])]
    seen = not before.class_correct or before.class_correct == after.class_correct
    return Comparison(before.outcome == after.outcome and seen, same, tuple(differences), largest, tolerance)
