"""Reference results of one experiment in rows: each strategy's measures over its seeds, and how they were made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from cl_core.companion.comparisons import PROFILE
from cl_core.companion.readings import Shelf
from cl_core.experiments import store
from cl_core.experiments.catalogue import STRATEGIES
from cl_core.experiments.settings import Value
from cl_core.experiments.store import Result

SHOWN = ("avg_acc", "task_acc", "forgetting", "lost_share")
"""The measures of a row, in their order."""

WIDTHS = ("width", "epochs", "learning_rate")
"""Settings that a reader asks for first."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds, in per cent; None with a single seed."""

    mean: float
    std: float | None

    def __str__(self) -> str:
        return f"{self.mean:.2f}" + ("" if self.std is None else f" ± {self.std:.2f}")


@dataclass(frozen=True)
class Row:
    """One strategy, at one value of a setting where one was asked for. A measure that its runs do not have is absent.

    `changed` says that the value is not the protocol's own.
    """

    strategy: str
    value: Value | None
    seeds: tuple[int, ...]
    measures: Mapping[str, Spread]
    changed: bool = False


def rows(experiment: str, results: Shelf, *, over: str | None = None) -> list[Row]:
    """Return the rows of `experiment` in the order of the strategies: runs as the protocol has them, of seeds below 100.

    With `over` also runs that change that setting alone, by its value.
    """
    groups: dict[tuple[str, Value | None], list[Result]] = {}
    for run in _own(experiment, results):
        if set(run.overrides) <= ({over} if over else set()):
            value = run.config.get(over) if over else None
            groups.setdefault((run.strategy, value), []).append(run)
    order = list(STRATEGIES)
    keys = sorted(groups, key=lambda key: (key[1] is not None, _number(key[1]), order.index(key[0])))
    return [_row(strategy, value, groups[strategy, value]) for strategy, value in keys]


def circumstances(experiment: str, results: Shelf) -> list[str]:
    """Return what was run, on what: data, profile, the first settings, machines; empty where nothing was run."""
    runs = [run for run in _own(experiment, results) if not run.overrides]
    if not runs:
        return []
    settings = [f"{name} {_all(run.config.get(name) for run in runs)}" for name in WIDTHS]
    machines = {_machine(run) for run in runs if "machine" in run.recorded}
    return [
        f"data {_all(run.data['label'] for run in runs)}",
        f"profile {PROFILE} ({', '.join(settings)})",
        *(f"computed on {machine}" for machine in sorted(machines)),
    ]


def stale(experiment: str, results: Shelf) -> list[str]:
    """Return the names of the results of `experiment` that do not hold and are left out of its rows."""
    return sorted(name for name in results.stale if name.startswith(f"{PROFILE}/{experiment}/"))


def _own(experiment: str, results: Shelf) -> list[Result]:
    return [
        run
        for run in results.current.values()
        if run.experiment == experiment and run.profile == PROFILE and run.config["part"] == "test"
    ]


def _row(strategy: str, value: Value | None, runs: Sequence[Result]) -> Row:
    measures = {}
    for name in SHOWN:
        values = [100 * store.metric(run, name) for run in runs]
        if all(number == number for number in values):
            measures[name] = Spread(fmean(values), stdev(values) if len(values) > 1 else None)
    return Row(strategy, value, tuple(sorted(run.seed for run in runs)), measures, bool(runs[0].overrides))


def _machine(run: Result) -> str:
    machine = run.recorded["machine"]
    return f"{machine['processor']}, {machine['threads']} thread{'' if machine['threads'] == 1 else 's'} a run"


def _all(values: Iterable[object]) -> str:
    return " and ".join(dict.fromkeys(str(value) for value in values if value is not None))


def _number(value: Value | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
