"""All results of a folder, read once: each with its state, found by plan or by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.plan import Plan
from cl_core.experiments.store import APART, RESULTS, RETEST, VALIDATION, Result
from cl_core.runs.plausibility import find_copies, find_foreign_streams, find_wrong_streams
from cl_core.runs.staleness import State, code_is_confirmed, state
from cl_core.settings_base import Value

_File = tuple[str, Path, int, int]


@dataclass(frozen=True, eq=False)
class ResultSet:
    """Results by their name below the results folder, such as ``cpu/split-cifar100/two-level-0.json``, sorted.

    `results` are those that can be read, `states` says of every file whether it holds.
    """

    results: Mapping[str, Result]
    states: Mapping[str, State]

    @cached_property
    def current(self) -> Mapping[str, Result]:
        """The results that are not stale."""
        return {name: result for name, result in self.results.items() if not self.states[name].stale}

    @cached_property
    def stale(self) -> Mapping[str, str]:
        """The first reason why a result is stale, by name."""
        return {name: state.stale[0] for name, state in self.states.items() if state.stale}

    def get(self, plan: Plan) -> Result | None:
        """Return the result of the run `plan`; None where there is none, or it is stale."""
        return self.current.get(plan.name)

    def get_alike(self, plan: Plan) -> Result | None:
        """Return a result with the seed and every setting of the run `plan`, whatever its name; None where none holds.

        The name tells what differs from the profile's values, which may have changed since.
        """
        wanted = (plan.experiment.name, plan.strategy.name, plan.seed, plan.profile.name, plan.config)
        for one in self.current.values():
            if (one.experiment, one.strategy, one.seed, one.profile, dict(one.config)) == wanted:
                return one
        return None

    def find(
        self, experiment: str, strategy: str, profile: str, *, overrides: Mapping[str, Value] | None = None
    ) -> Iterator[Result]:
        """Yield the results that hold of one experiment, strategy and profile with just these overrides, by seed."""
        wanted = (experiment, strategy, profile, dict(overrides or {}))
        for result in sorted(self.current.values(), key=lambda result: result.seed):
            if (result.experiment, result.strategy, result.profile, dict(result.overrides)) == wanted:
                yield result


def read_results(folder: Path | None = None) -> ResultSet:
    """Return every reference result of the repository, or every result of another `folder`; an unreadable one is stale.

    What stands apart in it, below ``validation`` or ``retest``, is left out. In one process a folder is read and checked once, and again
    when a file in it is added, removed or written.
    """
    if folder is None:
        return _read_own(RESULTS, store.stored())
    # A folder of that name, or a link that leads nowhere, is no file.
    present = sorted(path for path in folder.glob("*/**/*.json") if path.is_file())
    paths = {path.relative_to(folder).as_posix(): path for path in present}
    reference = {name: path for name, path in paths.items() if not store.is_apart(name)}
    return _read(_listing(reference), own=None, confirmed=code_is_confirmed())


def read_validation() -> ResultSet:
    """Return the repository's runs that choices were made with; names are below ``results/validation``."""
    return _read_apart(VALIDATION)


def read_retest() -> ResultSet:
    """Return the first makings of runs that were made again on another machine; names are below ``results/retest``."""
    return _read_apart(RETEST)


def read_stored() -> ResultSet:
    """Return all that the repository stores, reference results and what stands apart, by their names below ``results``."""
    parts = {"": read_results(), **{f"{folder}/": _read_apart(folder) for folder in APART}}
    return ResultSet(
        {f"{top}{name}": run for top, part in parts.items() for name, run in part.results.items()},
        {f"{top}{name}": state for top, part in parts.items() for name, state in part.states.items()},
    )


def _read_apart(folder: str) -> ResultSet:
    return _read_own(f"{RESULTS}/{folder}", store.stored(f"{folder}/*"))


def _read_own(top: str, names: list[str]) -> ResultSet:
    paths = {name.removeprefix(f"{top}/"): files.base() / name for name in names}
    return _read(_listing(paths), own=top, confirmed=code_is_confirmed())


def _listing(paths: Mapping[str, Path]) -> tuple[_File, ...]:
    stats = ((name, path, path.stat()) for name, path in paths.items())
    return tuple((name, path, stat.st_mtime_ns, stat.st_size) for name, path, stat in stats)


@lru_cache(maxsize=4)
def _read(listing: tuple[_File, ...], *, own: str | None, confirmed: bool) -> ResultSet:
    """Read what `listing` names; `own` is the repository's folder that the names start from, None for another's."""
    results: dict[str, Result] = {}
    states: dict[str, State] = {}
    for name, path, _, _ in listing:
        try:
            # The repository's own are read on record, so that a page that reads them is stale when one changes.
            results[name] = store.load(f"{own}/{name}" if own else path)
        except ValueError as error:
            states[name] = State(stale=(str(error),))

    def read_source(name: str) -> Result:
        if name not in results:
            raise FileNotFoundError(name)
        return results[name]

    for name, result in results.items():
        states[name] = state(
            result,
            name=f"{RESULTS}/{name}",
            read_source=read_source,
            confirmed=confirmed,
            reference=own is not None,
            apart=own not in (None, RESULTS),
        )
    found = (find_foreign_streams(results), find_wrong_streams(results), find_copies(results))
    for name, reason in (pair for reasons in found for pair in reasons.items()):
        states[name] = replace(states[name], stale=(*states[name].stale, reason))
    return ResultSet(results, dict(sorted(states.items())))
