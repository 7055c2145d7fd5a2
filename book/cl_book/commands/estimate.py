"""How long runs will take, from the recorded times of runs like them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from cl_core.experiments.machine import DEVICE, choose_device
from cl_core.experiments.plan import Plan, make_plan
from cl_core.experiments.store import Result
from cl_core.streams import define
from cl_core.streams.manifest import SOURCES
from cl_core.streams.tasks import HELD_OUT


def count_image_passes(plan: Plan) -> float:
    """Return how many times a training image goes through the network in the run `plan`."""
    if "joint_epochs" in plan.config:
        passes: float = plan.settings.joint_epochs
    else:
        first, others = plan.recipe_of(0).epochs, plan.settings.epochs
        passes = others + (first - others) / plan.settings.tasks_run
    return _count_images(plan) * passes


def _count_images(plan: Plan) -> float:
    if plan.experiment.own_stream is not None:
        return sum(len(task.train) for task in plan.draw_stream().tasks)
    definition = define(plan.experiment.stream, **plan.stream_options)
    source = SOURCES[definition.dataset]
    images = source.train * (1 - HELD_OUT if plan.part == "validation" else 1)
    of_class, tasks = images / source.classes, plan.settings.tasks_run
    if definition.kind == "permuted":
        return tasks * images
    if definition.kind == "correlated" and not definition.class_images:
        of_class /= tasks
    return tasks * definition.classes * min(of_class, definition.class_images or of_class)


@dataclass
class Pace:
    """Seconds an image pass takes, learned from results: of the same kind of run, else of the nearest kind.

    A run on a GPU tells nothing of one on a processor, nor the other way round.
    """

    seconds_a_pass: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def learn(self, result: Result) -> None:
        """Take in the recorded time of `result`; one without it, or whose settings no longer exist, teaches nothing."""
        seconds = result.recorded.get("times", {}).get("total_s")
        if seconds is None:
            return
        try:
            plan = make_plan(
                result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides
            )
        except ValueError:
            return
        for kind in _kinds(plan, name_recorded_device(result.recorded)):
            self.seconds_a_pass.setdefault(kind, []).append(seconds / count_image_passes(plan))

    def seconds(self, plan: Plan) -> float | None:
        """Return how long the run `plan` should take on one worker, None where no run like it is stored."""
        for kind in _kinds(plan, expect_device(plan)):
            if kind in self.seconds_a_pass:
                return median(self.seconds_a_pass[kind]) * count_image_passes(plan)
        return None


def learn_pace(results: Iterable[Result]) -> Pace:
    """Return the pace of `results`."""
    pace = Pace()
    for result in results:
        pace.learn(result)
    return pace


def name_recorded_device(recorded: Mapping[str, Any]) -> str:
    """Return which kind of device a run was made on, ``cpu`` or ``cuda``; one that does not say is taken for a processor."""
    return "cpu" if recorded.get("machine", {}).get("device", "cpu") == "cpu" else "cuda"


def expect_device(plan: Plan) -> str:
    """Return which kind of device the run `plan` would compute on here, ``cpu`` or ``cuda``."""
    if not (plan.profile.gpu or os.environ.get(DEVICE)):
        return "cpu"
    try:
        return choose_device(gpu=plan.profile.gpu).type
    except ImportError:
        return "cpu"
    except RuntimeError:
        # No GPU here, as the variable wants one: the workers may have it.
        return "cuda"


def _kinds(plan: Plan, device: str) -> list[tuple[str, ...]]:
    """Return what a run on the kind of device `device` is alike in to others, the closest likeness first."""
    profile, experiment, strategy = plan.profile.name, plan.experiment, plan.strategy.name
    return [
        (device, profile, experiment.name, strategy, str(sorted(plan.overrides.items()))),
        (device, profile, experiment.name, strategy),
        (device, profile, experiment.network, strategy),
        (device, profile, experiment.network),
    ]
