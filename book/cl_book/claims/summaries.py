"""Reference results of one experiment in rows: each strategy's measures over its seeds, and how they were made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from cl_book.claims.arms import PROFILE
from cl_book.claims.paired_differences import mean_update
from cl_core.experiments import store
from cl_core.experiments.plan import list_settings, make_plan
from cl_core.experiments.settings import LATER
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs.result_set import ResultSet
from cl_core.settings_base import Value

SHOWN = ("avg_acc", "task_acc", "forgetting", "lost_share")
"""The measures of a row, in their order."""

DISTANCE = "distance"
"""The mean ‖θ_t − θ_{t−1}‖ over the tasks from the second on, in the unit of the parameters."""

WIDTHS = ("width", "epochs", "learning_rate")
"""Settings that a reader asks for first."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds; None with a single seed."""

    mean: float
    std: float | None

    def __str__(self) -> str:
        return f"{self.mean:.2f}" + ("" if self.std is None else f" ± {self.std:.2f}")


@dataclass(frozen=True)
class Row:
    """One strategy, at one value of each setting that was asked for. A measure that its runs do not have is absent.

    `values` has None for a setting that the strategy does not read. `changed` says that they are not the protocol's own.
    """

    strategy: str
    values: tuple[Value | None, ...]
    seeds: tuple[int, ...]
    measures: Mapping[str, Spread]
    changed: bool = False


def rows(
    experiment: str,
    results: ResultSet,
    *,
    over: Sequence[str] = (),
    at: Mapping[str, Value] | None = None,
    strategies: Sequence[str] | None = None,
    profile: str = PROFILE,
) -> list[Row]:
    """Return the rows of `experiment` in the order of the strategies: runs as the protocol has them, of seeds below 100.

    With `over` also runs that change those settings alone, by their values. With `at` they are those that have these
    values of further settings, where they read them. `strategies` leaves out all others, `profile` is the size of the runs.
    """
    fixed = at or {}
    groups: dict[tuple[str, tuple[Value | None, ...]], list[Result]] = {}
    for run in _own(experiment, results, profile):
        there = all(_value(run, name) in (value, None) for name, value in fixed.items())
        changed = set(run.overrides) <= {*over, *fixed}
        if there and changed and (strategies is None or run.strategy in strategies):
            groups.setdefault((run.strategy, tuple(_value(run, name) for name in over)), []).append(run)
    order = list(STRATEGIES)
    keys = sorted(groups, key=lambda key: ([_place(value) for value in key[1]], order.index(key[0])))
    return [_row(strategy, values, groups[strategy, values]) for strategy, values in keys]


def circumstances(experiment: str, results: ResultSet, profile: str = PROFILE) -> list[str]:
    """Return what was run, on what: data, profile, the first settings, machines; empty where nothing was run."""
    runs = [run for run in _own(experiment, results, profile) if not run.overrides]
    if not runs:
        return []
    settings = [f"{name} {_all(run.config.get(name) for run in runs)}" for name in WIDTHS]
    machines = {_machine(run) for run in runs if "machine" in run.recorded}
    return [
        f"data {_all(run.data['label'] for run in runs)}",
        f"profile {profile} ({', '.join(settings)})",
        *(f"computed on {machine}" for machine in sorted(machines)),
    ]


def stale(experiment: str, results: ResultSet, profile: str = PROFILE) -> list[str]:
    """Return the names of the results of `experiment` that do not hold and are left out of its rows."""
    return sorted(name for name in results.stale if name.startswith(f"{profile}/{experiment}/"))


def _own(experiment: str, results: ResultSet, profile: str) -> list[Result]:
    return [
        run
        for run in results.current.values()
        if run.experiment == experiment and run.profile == profile and run.config["part"] == "test"
    ]


def _value(run: Result, name: str) -> Value | None:
    """Return what the setting `name` was in a run: a setting that came later had its default; None where none reads it."""
    if name in run.config or name not in LATER:
        return run.config.get(name)
    plan = make_plan(run.experiment, run.strategy, run.seed, run.profile)
    read = name in list_settings(plan.experiment, plan.strategy)
    return getattr(plan.settings, name) if read else None


def _row(strategy: str, values: tuple[Value | None, ...], runs: Sequence[Result]) -> Row:
    measures = {}
    for name in SHOWN:
        numbers = [100 * store.metric(run, name) for run in runs]
        if all(number == number for number in numbers):
            measures[name] = summarise(numbers)
    if all(norm is not None for run in runs for row in run.update_norms for norm in row):
        measures[DISTANCE] = summarise([mean_update(run) for run in runs])
    return Row(strategy, values, tuple(sorted(run.seed for run in runs)), measures, bool(runs[0].overrides))


def summarise(numbers: Sequence[float]) -> Spread:
    """Return the mean of `numbers` and, from two on, their standard deviation."""
    return Spread(fmean(numbers), stdev(numbers) if len(numbers) > 1 else None)


def _machine(run: Result) -> str:
    machine = run.recorded["machine"]
    card = "" if machine.get("device", "cpu") == "cpu" else f"{machine['device']} ({machine['capability']}), "
    return f"{card}{machine['processor']}, {machine['threads']} thread{'' if machine['threads'] == 1 else 's'} a run"


def _all(values: Iterable[object]) -> str:
    return " and ".join(dict.fromkeys(str(value) for value in values if value is not None))


def _place(value: Value | None) -> tuple[int, float, str]:
    """Return where a value stands among others: none first, then numbers, then words."""
    if value is None:
        return (0, 0.0, "")
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, value)
