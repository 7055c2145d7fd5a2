"""How long runs will take, from the recorded times of runs like them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

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
        passes = others + (first - others) / plan.settings.tasks
    return _count_images(plan) * passes


def _count_images(plan: Plan) -> float:
    if plan.experiment.own_stream is not None:
        return sum(len(task.train) for task in plan.draw_stream().tasks)
    definition = define(plan.experiment.stream, **plan.stream_options)
    if definition.class_images:
        return definition.tasks * definition.classes * definition.class_images
    source = SOURCES[definition.dataset]
    images = source.train * (1 - HELD_OUT if plan.part == "validation" else 1)
    share = definition.classes / source.classes
    return {
        "permuted": definition.tasks * images,
        "turned": definition.tasks * images * share,
        "correlated": images * share,
    }.get(definition.kind, images)


@dataclass
class Pace:
    """Seconds an image pass takes, learned from results: of the same kind of run, else of the nearest kind."""

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
        for kind in _kinds(plan):
            self.seconds_a_pass.setdefault(kind, []).append(seconds / count_image_passes(plan))

    def seconds(self, plan: Plan) -> float | None:
        """Return how long the run `plan` should take on one worker, None where no run like it is stored."""
        for kind in _kinds(plan):
            if kind in self.seconds_a_pass:
                return median(self.seconds_a_pass[kind]) * count_image_passes(plan)
        return None


def learn_pace(results: Iterable[Result]) -> Pace:
    """Return the pace of `results`."""
    pace = Pace()
    for result in results:
        pace.learn(result)
    return pace


def _kinds(plan: Plan) -> list[tuple[str, ...]]:
    """Return what a run is alike in to others, the closest likeness first."""
    return [
        (plan.profile.name, plan.experiment.name, plan.strategy.name, str(sorted(plan.overrides.items()))),
        (plan.profile.name, plan.experiment.name, plan.strategy.name),
        (plan.profile.name, plan.experiment.network, plan.strategy.name),
        (plan.profile.name, plan.experiment.network),
    ]
