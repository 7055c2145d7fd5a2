"""How long runs will take, from the recorded times of runs like them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from cl_core.experiments.plan import Plan, make_plan
from cl_core.experiments.store import Result
from cl_core.streams import define
from cl_core.streams.manifest import SOURCES
from cl_core.streams.tasks import HELD_OUT


def image_passes(made: Plan) -> float:
    """Return how many times a training image goes through the network in the run `made`."""
    definition = define(made.experiment.stream, **made.stream_options)
    source = SOURCES[definition.dataset]
    images = source.train * (1 - HELD_OUT if made.part == "validation" else 1)
    share = definition.classes / source.classes
    whole = {
        "permuted": definition.tasks * images,
        "turned": definition.tasks * images * share,
        "correlated": images * share,
    }.get(definition.kind, images)
    return whole * (made.settings.joint_epochs if "joint_epochs" in made.config else made.settings.epochs)


@dataclass
class Pace:
    """Seconds an image pass takes, learned from results: of the same kind of run, else of the nearest kind."""

    known: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def learn(self, result: Result) -> None:
        """Take in the recorded time of `result`; one whose settings no longer exist teaches nothing."""
        try:
            made = make_plan(
                result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides
            )
        except ValueError:
            return
        for kind in _kinds(made):
            self.known.setdefault(kind, []).append(result.recorded["times"]["total_s"] / image_passes(made))

    def seconds(self, made: Plan) -> float | None:
        """Return how long the run `made` should take on one worker, None where no run like it is known."""
        for kind in _kinds(made):
            if kind in self.known:
                return median(self.known[kind]) * image_passes(made)
        return None


def learned(results: Iterable[Result]) -> Pace:
    """Return the pace of `results`."""
    pace = Pace()
    for result in results:
        if "times" in result.recorded:
            pace.learn(result)
    return pace


def _kinds(made: Plan) -> list[tuple[str, ...]]:
    """Return what a run is alike in to others, the closest likeness first."""
    return [
        (made.profile.name, made.experiment.name, made.strategy.name, str(sorted(made.overrides.items()))),
        (made.profile.name, made.experiment.name, made.strategy.name),
        (made.profile.name, made.experiment.network, made.strategy.name),
        (made.profile.name, made.experiment.network),
    ]
