"""Choices made on validation: what is tried, on which seeds, by which measure, and what the stored runs choose.

An entry is written before its runs, which stand in ``results/validation``. The rule: of the values tried, the one with
the best mean over the seeds. Where that is at an end of a logarithmic grid, one value more is tried beyond it, and it
stands in `extended`; a value at which training diverged is out, and stands in `diverged`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from cl_book.claims.arms import PROFILE
from cl_core.experiments import store
from cl_core.experiments.plan import Plan
from cl_core.metric_table import MEASURES
from cl_core.runs.grid import list_plans
from cl_core.runs.images import explain_other_images
from cl_core.runs.result_set import ResultSet
from cl_core.setting_ranges import format_value
from cl_core.settings_base import Value


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice: `grid` holds the values tried of each setting, every combination of them with every seed.

    `extended` and `diverged` are values of the only setting of the grid.
    """

    name: str
    experiment: str
    strategy: str
    grid: Mapping[str, tuple[Value, ...]]
    seeds: tuple[int, ...] = (100, 101)
    measure: str = "avg_acc"
    extended: tuple[float, ...] = ()
    diverged: tuple[float, ...] = ()

    @property
    def tried(self) -> Mapping[str, tuple[Value, ...]]:
        """The values tried of each setting, those beyond the grid too."""
        if not self.extended:
            return self.grid
        ((name, values),) = self.grid.items()
        return {name: tuple(sorted((*map(float, values), *self.extended)))}


@dataclass(frozen=True)
class Trial:
    """One combination of values, and the `mean` of the measure over the seeds, a fraction; None where training diverged."""

    values: Mapping[str, Value]
    mean: float | None


_STRENGTHS: Mapping[str, tuple[str, tuple[Value, ...]]] = {
    "ewc": ("ewc_strength", (1.0, 10.0, 100.0, 1000.0, 10000.0)),
    "lwf": ("lwf_strength", (0.1, 0.3, 1.0, 3.0, 10.0)),
    "pulled": ("pull", (0.03, 0.1, 0.3, 1.0, 3.0)),
}
"""The baselines' strengths. Replay has none: it keeps a stated number of images, and weighs them as the new ones."""

_DIVERGED: Mapping[str, tuple[float, ...]] = {
    "ewc-resnet": (10.0, 100.0, 1000.0, 10000.0),
    "ewc-mlp": (1000.0, 10000.0),
    "lwf-mlp": (10.0,),
}
"""Strengths at which the training loss was not a number at the end of a pass, by choice: with both seeds, lwf's with one."""

_EXTENDED: Mapping[str, tuple[float, ...]] = {"ewc-resnet": (0.1,)}
"""The strength beyond an end of the grid that was tried because the best mean was there, by choice."""

_ALGORITHM: Mapping[str, Mapping[str, tuple[Value, ...]]] = {
    "threshold": {"step": (1,), "threshold": (0.08, 0.0, -0.1, 0.04, 0.16)},
    "step": {"threshold": (-0.1,), "step": (1, 2, 3)},
    "start": {"threshold": (-0.1,), "step": (2,), "start": (0, 3, 6)},
}
"""Algorithm 1's settings, one after the other; each grid holds what the ones before chose."""

CHOICES: Mapping[str, Choice] = {
    choice.name: choice
    for choice in tuple(
        Choice(
            name=f"{strategy}-{network}",
            experiment=experiment,
            strategy=strategy,
            grid={setting: values},
            extended=_EXTENDED.get(f"{strategy}-{network}", ()),
            diverged=_DIVERGED.get(f"{strategy}-{network}", ()),
        )
        for network, experiment in (("resnet", "split-cifar100"), ("mlp", "permuted-mnist"))
        for strategy, (setting, values) in _STRENGTHS.items()
    )
    + tuple(
        Choice(name=f"adaptive-{setting}", experiment="split-cifar100", strategy="adaptive", grid=grid)
        for setting, grid in _ALGORITHM.items()
    )
}
"""The choices by name."""


def list_runs(choice: Choice) -> list[Plan]:
    """Return the runs that decide `choice`, those of values at which training diverged too."""
    return list_plans(
        experiments=[choice.experiment],
        strategies=[choice.strategy],
        seeds=choice.seeds,
        profile=PROFILE,
        choices=choice.tried,
    )


def format_command(choice: Choice, out: str = "mine") -> str:
    """Return the command line that makes the runs of `choice` in the folder `out`."""
    tried = " ".join(f"--set {name}={','.join(map(format_value, values))}" for name, values in choice.tried.items())
    seeds = ",".join(map(str, choice.seeds))
    where = f"--experiments {choice.experiment} --strategies {choice.strategy} --seeds {seeds} --profile {PROFILE}"
    return f"cl-core sweep {where} {tried} --out {out}"


def list_trials(choice: Choice, results: ResultSet) -> list[Trial]:
    """Return what was tried for `choice` and how it ended in `results`, in the grid's order.

    Raises ValueError where a run is not there and did not diverge, or did both, and where runs are on different images.
    """
    found = (results.get_alike(plan) for plan in list_runs(choice))
    if why := explain_other_images(run.data for run in found if run is not None):
        raise ValueError(f"{choice.name}: {why}")
    return [_judge(choice, values, results) for values in _combine(choice)]


def decide(choice: Choice, results: ResultSet) -> Mapping[str, Value]:
    """Return the values that `results` choose: those with the best mean, the first of equals.

    Raises ValueError as list_trials does, and where nothing that was tried came to an end.
    """
    ended = [trial for trial in list_trials(choice, results) if trial.mean is not None]
    if not ended:
        raise ValueError(f"{choice.name}: no value that was tried came to an end")
    sign = 1 if MEASURES[choice.measure].better == "more" else -1
    return max(ended, key=lambda trial: sign * (trial.mean or 0)).values


def next_value(choice: Choice, results: ResultSet) -> float | None:
    """Return the one value beyond the grid that the rule asks for; None where the best lies inside it.

    For a grid of one setting, whose values stand in a constant ratio. What is in `extended` already is left out first.
    """
    (name, values), *more = choice.grid.items()
    if more:
        return None
    plain = Choice(**{**vars(choice), "extended": ()})
    best = decide(plain, results)[name]
    steps = {values[0]: (values[0], values[1]), values[-1]: (values[-1], values[-2])}
    if best not in steps:
        return None
    end, inner = (float(value) for value in steps[best])
    return float(f"{end * end / inner:.1g}")


def _combine(choice: Choice) -> Iterator[Mapping[str, Value]]:
    seed = choice.seeds[0]
    for plan in list_runs(choice):
        if plan.seed == seed and plan.strategy.name == choice.strategy:
            yield {name: getattr(plan.settings, name) for name in choice.grid}


def _judge(choice: Choice, values: Mapping[str, Value], results: ResultSet) -> Trial:
    plans = [
        plan
        for plan in list_runs(choice)
        if plan.strategy.name == choice.strategy
        and all(getattr(plan.settings, name) == value for name, value in values.items())
    ]
    runs = [results.get_alike(plan) for plan in plans]
    diverged = len(values) == 1 and next(iter(values.values())) in choice.diverged
    missing = [plan.describe() for plan, run in zip(plans, runs, strict=True) if run is None]
    if diverged != bool(missing):
        what = (
            f"{missing[0]} is not there" if missing else f"{plans[0].describe()} is said to have diverged, and did not"
        )
        raise ValueError(f"{choice.name}: {what}")
    means = [store.metric(run, choice.measure) for run in runs if run is not None]
    return Trial(values, None if diverged else fmean(means))
