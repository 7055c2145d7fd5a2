"""A stored result run again, and how far the two agree."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cl_core.experiments import store
from cl_core.experiments.machine import have_same_arithmetic
from cl_core.experiments.plan import make_plan
from cl_core.experiments.progress import Listener, silent
from cl_core.experiments.registry import find_strategy
from cl_core.experiments.store import Result
from cl_core.runs.complete import find_source
from cl_core.runs.images import explain_other_images
from cl_core.runs.staleness import state
from cl_core.streams.manifest import Route

MEASURED: Mapping[str, Mapping[str, float]] = {
    "split-cifar100": {"initialized": 1.9, "frozen": 1.1, "frozen-0": 0.8, "two-level": 6.1},
    "split-cifar10": {"initialized": 3.5, "frozen": 2.6, "frozen-0": 1.9, "two-level": 13.2},
    "permuted-mnist": {"initialized": 3.0, "frozen": 2.4, "frozen-0": 0.4, "two-level": 3.0},
}
"""Root mean square difference, in points of the measure that differs most, between runs on two machines.

By experiment and strategy, from the 80 runs that the repository's history has from both, 5 or 10 of a kind. Rounding
differs there, and training amplifies it; a rule that reads scores then moves other blocks.
"""

WIDE = 3.0
"""Largest difference that another machine may make, in root mean square differences."""

EXACT = 1.0
"""The same in points for training in float64, whose rounding is too small for that in most runs, not in all."""

_COMPARED = ("avg_acc", "task_acc", "forgetting")


@dataclass(frozen=True)
class Comparison:
    """How a repeated run compares with the stored one.

    `identical`: bit for bit, all that was computed. `expected`: whether it must be, as versions and what
    decides the machine's arithmetic are the same. `differences` tells each measure's change in points, `largest` the
    largest of them; `tolerance` is what a repetition elsewhere may differ by. `other` says why the repetition is one of
    something else: of other images, or other tasks; empty where it is not.
    """

    identical: bool
    expected: bool
    differences: tuple[str, ...]
    largest: float
    tolerance: float
    other: str = ""

    @property
    def summary(self) -> str:
        """How they compare, in words."""
        if self.identical:
            return "identical to the bit"
        if self.other:
            return f"it is no repetition: {self.other}"
        allowed = (
            "none is allowed on the same machine" if self.expected else f"{self.tolerance:g} are allowed elsewhere"
        )
        much = "" if self.holds else ", which is too much"
        return f"differs by {self.largest:.2f} points at most, {allowed}{much}"

    @property
    def holds(self) -> bool:
        """Whether the repetition confirms the stored result."""
        return self.identical or not (self.other or self.expected or self.largest > self.tolerance)


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
    own_route: Route | None = None if before.data["route"] == "given" else before.data["route"]
    taken = route or own_route
    source = find_source(today, path.parents[min(2, len(path.parents) - 1)], route=taken)
    reasons = list(state(before).stale)
    if source is not None and before.source is not None and before.source["outcome"] != source.outcome:
        reasons.append("the run that it follows has changed")
    if reasons:
        raise ValueError(f"{path} is stale ({'; '.join(reasons)}); another run would compute something else")
    after = execute(today, route=taken, source=source, listener=listener)
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
    unlike = explain_other_images([before.data, after.data])
    if not unlike and before.data.get("stream") != after.data.get("stream"):
        unlike = "the stream of tasks is another one, of the same images"
    seen = not before.class_correct or before.class_correct == after.class_correct
    identical = before.outcome == after.outcome and seen
    return Comparison(identical, same, tuple(differences), largest, tolerance(before), unlike)


def tolerance(result: Result) -> float:
    """Return the largest difference, in points, that a repetition of `result` on another machine may show.

    Where an experiment was not measured, the widest that was counts; a strategy that was not measured counts as
    two-level where it reads scores, or follows one that does, and else as initialized, as does frozen at other depths.
    """
    if result.config["precision"] == "float64":
        return EXACT
    treatment = find_strategy(result.strategy)
    rule = find_strategy(treatment.follows) if treatment.follows else treatment
    kind = "two-level" if rule.scores else "initialized"
    if treatment.name in MEASURED["split-cifar100"] and "trained" not in result.overrides:
        kind = treatment.name
    measured = MEASURED.get(result.experiment)
    return WIDE * (measured[kind] if measured else max(row[kind] for row in MEASURED.values()))
