"""Runs inside a notebook: on the embedded stand-in, or on the real images under another profile.

A notebook runs one seed and scores it on validation images. This shows how an experiment works; it decides no claim.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cl_book.notebooks import record
from cl_core import metric_table
from cl_core.experiments import run, store
from cl_core.experiments.catalogue import PROFILES, VALIDATION_SEEDS_FROM
from cl_core.experiments.controls import degenerate
from cl_core.experiments.plan import Plan, list_settings, make_plan
from cl_core.experiments.registry import find_strategy
from cl_core.experiments.settings import Settings
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.naming import require_name
from cl_core.settings_base import Value
from cl_core.streams import Stream
from cl_core.streams.manifest import ROUTES, Route

COMPARED_STRATEGIES = ("initialized", "frozen", "two-level")
"""The strategies that a page runs side by side: the two ends, and our first reading of the rule that chooses."""

MEASURES: Mapping[str, str] = {
    name: metric_table.MEASURES[name].title for name in ("avg_acc", "task_acc", "forgetting", "lost_share")
}
"""The measures of a table of runs, and their column titles there; all in per cent."""

MOST_SCHEDULES = 128
"""The largest number of schedules that are all run."""


@dataclass(frozen=True, kw_only=True)
class NotebookRun:
    """An experiment to run in a notebook: its catalogue name, a `seed` (100 or more) and a `profile`.

    `route` says where real images come from, ``official`` or ``prepared``; the stand-in needs none. `settings` replace
    the profile's values, each for the strategies that read it. `stand_in` replaces values when the stand-in is run, so
    that a page takes seconds; `settings` take precedence over it.
    Raises ValueError for a wrong name or value, a seed that would be scored on test images, or a setting that no
    strategy reads.
    """

    experiment: str
    seed: int
    profile: str = "smoke"
    route: str = "official"
    settings: Mapping[str, Value] = field(default_factory=dict)
    stand_in: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_name("profile", self.profile, PROFILES)
        require_name("route", self.route, [route for route in ROUTES if route != "embedded"])
        if self.seed < VALIDATION_SEEDS_FROM:
            raise ValueError(
                f"seed = {self.seed} would be scored on test images, which reference runs alone read; "
                f"give {VALIDATION_SEEDS_FROM} or more"
            )
        entry = self.make_plan("initialized").experiment
        readable = {name for strategy in STRATEGIES.values() for name in list_settings(entry, strategy)}
        for name in Settings.from_mapping(self.settings).given():
            if name not in readable:
                raise ValueError(
                    f"{name} has no effect on {entry.name}; settings read there: {', '.join(sorted(readable))}"
                )

    def make_plan(self, strategy: str, **more: Value) -> Plan:
        """Return the plan of `strategy` with the settings that it reads; `more` takes precedence over all others."""
        bare = make_plan(self.experiment, strategy, self.seed, self.profile)
        settings = {**(self.stand_in if bare.experiment.embedded else {}), **self.settings, **more}
        readable = list_settings(bare.experiment, bare.strategy)
        overrides = {name: value for name, value in settings.items() if name in readable}
        return make_plan(self.experiment, strategy, self.seed, self.profile, overrides=overrides)

    def run(self, strategy: str, **more: Value) -> Result:
        """Run `strategy` and return its result; nothing is written."""
        plan = self.make_plan(strategy, **more)
        return run(
            self.experiment, strategy, self.seed, self.profile, overrides=plan.overrides, route=self._route(plan)
        )

    def run_each(self, strategies: Sequence[str] = COMPARED_STRATEGIES, **more: Value) -> dict[str, Result]:
        """Run each of `strategies` and return the results by name."""
        return {strategy: self.run(strategy, **more) for strategy in strategies}

    def make_stream(self, **more: Value) -> Stream:
        """Return the stream of tasks that the runs learn."""
        plan = self.make_plan("initialized", **more)
        return plan.draw_stream(self._route(plan))

    def run_schedules(self) -> dict[str, Result]:
        """Run every schedule of few (f) and many (m) from the second task on; results by schedule, such as ``mffm``.

        Schedules that begin alike share the training of their beginning: sixteen schedules of five tasks take 31
        trainings. Raises ValueError if there would be more than MOST_SCHEDULES.
        """
        from cl_core.experiments.runner import execute

        tasks = self.make_plan("fixed").settings.tasks
        if tasks < 2 or 2 ** (tasks - 1) > MOST_SCHEDULES:
            raise ValueError(
                f"tasks = {tasks} has {2 ** (tasks - 1)} schedules; give 2 tasks or more, and at most {MOST_SCHEDULES} schedules"
            )
        every = tuple("".join(letters) for letters in itertools.product("mf", repeat=tasks - 1))
        results = {}
        with TemporaryDirectory() as cache:
            for moves in every:
                plan = self.make_plan("fixed", moves=moves)
                siblings = tuple(other for other in every if other != moves)
                results[moves] = execute(plan, route=self._route(plan), cache=Path(cache), siblings=siblings)
        return results

    def describe(self) -> str:
        """Say in two lines what is run, and whether it is a stand-in."""
        plan = self.make_plan("initialized")
        what = f"{plan.experiment.name}, profile {self.profile}, seed {self.seed}"
        if plan.experiment.embedded:
            return f"{what}:\na stand-in on embedded digits, which says nothing of {self.experiment}"
        return f"{what}:\nscored on held-out training images"

    @property
    def images(self) -> str:
        """What the runs learn, to begin the names of figures: ``digits`` for the stand-in, else the experiment."""
        plan = self.make_plan("initialized")
        return plan.experiment.definition.dataset if plan.experiment.embedded else f"live-{self.experiment}"

    def _route(self, plan: Plan) -> Route | None:
        return None if plan.experiment.embedded or self.route == "official" else "prepared"


def collect_settings(**values: Sequence[Value]) -> dict[str, Value]:
    """Return the settings that have a value. Each argument is an empty list (no value) or a list of one value.

    Raises ValueError for a list of several values.
    """
    for name, several in values.items():
        if len(several) > 1:
            raise ValueError(f"{name} = {list(several)} gives several values; give one, or [] for the profile's own")
    return {name: one[0] for name, one in values.items() if len(one)}


def read_points(result: Result, measure: str) -> float:
    """Return a measure of MEASURES in percentage points; NaN where the run has none."""
    require_name("measure", measure, MEASURES)
    return 100 * store.metric(result, measure)


def format_table(runs: Mapping[str, Result]) -> str:
    """Return the measures of `runs` as text, one run a line, with the blocks that each task moved."""
    wide = max(len(name) for name in runs)
    lines = [" " * wide + "".join(f"{title:>12s}" for title in MEASURES.values()) + "   blocks moved"]
    for name, result in runs.items():
        cells = "".join(f"{read_points(result, measure) + 0.0:12.1f}" for measure in MEASURES)
        lines.append(f"{name:{wide}s}{cells}   {_shorten(result.magnitudes)}")
    return "\n".join(lines)


def describe_difference(runs: Mapping[str, Result], one: str = "frozen", other: str = "initialized") -> str:
    """Return a few lines that say by how much `one` differs from `other` in this run, and that one seed is no verdict."""
    gaps = {
        title: format_signed(read_points(runs[one], measure) - read_points(runs[other], measure))
        for measure, title in MEASURES.items()
    }
    return "\n".join(
        [
            f"{runs[one].data['label']}, 1 seed: {one} − {other}",
            *(f"  {title:10s} {value:>6s} points" for title, value in gaps.items()),
            "one seed gives no verdict",
        ]
    )


def list_doubts(runs: Mapping[str, Result]) -> list[str]:
    """Return the doubts about `runs`: tasks not learned beyond chance, a two-level rule that never chose."""
    doubts = [f"{name}: {flag}" for name, result in runs.items() for flag in store.flags(result)]
    for name, result in runs.items():
        if find_strategy(result.strategy).scores and degenerate(
            [m for m in result.magnitudes if m is not None], find_strategy(result.strategy).free_from
        ):
            doubts.append(f"{name}: one magnitude throughout, from the third task on; the rule chose nothing")
    return doubts or ["no doubts: every task was learned beyond chance, and two-level used both magnitudes"]


def _shorten(magnitudes: Sequence[int | None]) -> str:
    """Write a schedule shortly: ``9 9 1`` as it is, longer stretches as ``9 1×4``."""
    parts: list[tuple[int | None, int]] = []
    for magnitude in magnitudes:
        if parts and parts[-1][0] == magnitude:
            parts[-1] = (magnitude, parts[-1][1] + 1)
        else:
            parts.append((magnitude, 1))
    return " ".join(f"{m}×{count}" if count > 2 else " ".join([str(m)] * count) for m, count in parts)


def format_signed(value: float) -> str:
    """Return a difference of one run in points, with its sign and one decimal; zero has a plus."""
    return record.format_signed(value, 1, zero="+")
