"""A sweep: the runs that are missing, done in parallel, each once, and what is done never lost.

Workers are given one run at a time; a control waits for the run that it follows. A worker that dies loses
its attempt alone. A sweep that is stopped, or killed, goes on when it is started again.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cl_core.experiments import store
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan
from cl_core.experiments.shared_prefixes import SharedPrefixes, any_left, siblings_of
from cl_core.experiments.store import Result
from cl_core.runs.complete import existing, source_of
from cl_core.runs.executors import Crew
from cl_core.runs.worker import Done, Order, do
from cl_core.streams.manifest import Route

MOST_DEATHS = 10
"""Workers that may die before a sweep gives up: something other than chance kills them."""


@dataclass
class Standing:
    """How far a sweep is. `finished` is the last run that came in, with its result."""

    there: list[Plan]
    waiting: list[Plan]
    running: list[Plan] = field(default_factory=list)
    computed: list[Plan] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    finished: tuple[Plan, Result] | None = None

    @property
    def total(self) -> int:
        """Number of runs in all."""
        return len(self.there) + len(self.waiting) + len(self.running) + len(self.computed) + len(self.failed)

    @property
    def sound(self) -> list[Plan]:
        """Runs that are finished or may still be."""
        return [*self.there, *self.computed, *self.left]

    @property
    def left(self) -> list[Plan]:
        """Runs that are not finished."""
        return [*self.running, *self.waiting]


Watcher = Callable[[Standing], None]
"""Is told how far a sweep is, twice a second or more often."""


def survey(plans: Sequence[Plan], *, results: Path, route: Route | None = None) -> Standing:
    """Return which of `plans` stand in `results`. Raises ValueError if one there is stale or on other images."""
    there, faults = [], []
    for made in plans:
        path = results / made.name
        if path.exists():
            there.append(made)
            try:
                existing(path, made, route=route, source=None)
            except ValueError as error:
                faults.append(str(error))
    if faults:
        raise ValueError("\n".join(faults))
    found = {made.name for made in there}
    return Standing(there, [made for made in plans if made.name not in found])


def sweep(
    plans: Sequence[Plan],
    *,
    results: Path,
    cache: Path,
    crew: Crew,
    route: Route | None = None,
    recorded: Mapping[str, Any] | None = None,
    watcher: Watcher = lambda standing: None,
) -> Standing:
    """Do those of `plans` that are missing in the folder `results`, with `crew`; return how it ended.

    `cache` holds the checkpoints of a crew on this machine; `recorded` is kept with each result. A run that fails is kept with its reason, and so are the
    controls that follow it; the others go on. Raises RuntimeError if workers die again and again.
    """
    standing = survey(plans, results=results, route=route)
    executor, running, deaths = crew.start(), dict[Future[Done], Plan](), 0
    try:
        while standing.left:
            broken = not _hand_out(
                standing, running, executor, crew, results=results, cache=cache, route=route, recorded=recorded or {}
            )
            watcher(standing)
            if not running and not broken:
                _give_up_blocked(standing)
                continue
            for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                broken |= not _take_in(standing, future, running.pop(future), results)
                watcher(standing)
            if broken:
                deaths += 1
                if deaths > MOST_DEATHS:
                    raise RuntimeError(f"workers died {deaths} times, the last on {standing.waiting[0].describe()}")
                for made in running.values():
                    _put_back(standing, made)
                running.clear()
                executor = crew.start()
        executor.shutdown(wait=True)
        if crew.shared:
            _tidy(plans, results, cache)
    except BaseException:
        executor.shutdown(wait=False)
        crew.dismiss()
        raise
    return standing


def _hand_out(
    standing: Standing,
    running: dict[Future[Done], Plan],
    executor: Executor,
    crew: Crew,
    *,
    results: Path,
    cache: Path,
    route: Route | None,
    recorded: Mapping[str, Any],
) -> bool:
    """Give the crew as many runs as it has room for; return False where the executor is broken."""
    for made in list(standing.waiting):
        if len(running) >= crew.slots():
            break
        if made.followed is not None and not (results / made.followed.name).exists():
            continue
        source = None if crew.shared else source_of(made, results)
        order = Order(
            made.experiment.name,
            made.strategy.name,
            made.seed,
            made.profile.name,
            dict(made.overrides),
            route=route,
            results=str(results) if crew.shared else None,
            cache=str(cache) if crew.shared else None,
            source=None if source is None else store.dumps(source),
            siblings=siblings_of(made, standing.sound) if crew.shared else (),
            recorded=recorded,
        )
        try:
            future = executor.submit(do, order)
        except BrokenExecutor:
            return False
        running[future] = made
        standing.waiting.remove(made)
        standing.running.append(made)
    return True


def _take_in(standing: Standing, future: Future[Done], made: Plan, results: Path) -> bool:
    """Put a run that has ended where it belongs; return False where its worker died and broke the executor."""
    try:
        done = future.result()
    except BrokenExecutor:
        _put_back(standing, made)
        return False
    except Exception as error:
        standing.running.remove(made)
        standing.failed[made.name] = str(error) or type(error).__name__
        return True
    result = store.loads(done.text, where=made.describe())
    if not (results / made.name).exists():
        store.save(result, results / made.name)
    standing.running.remove(made)
    (standing.computed if done.computed else standing.there).append(made)
    standing.finished = (made, result)
    return True


def _tidy(plans: Sequence[Plan], results: Path, cache: Path) -> None:
    """Remove the checkpoints of finished runs that were killed before they could do so themselves."""
    for made in plans:
        place = Checkpoint(made.name, "", cache)
        if place.folder.exists() and (results / made.name).exists():
            place.clear()
    if any_left(cache):
        for made in plans:
            SharedPrefixes(made, siblings_of(made, plans), "", cache).clear(results)


def _put_back(standing: Standing, made: Plan) -> None:
    standing.running.remove(made)
    standing.waiting.insert(0, made)


def _give_up_blocked(standing: Standing) -> None:
    """Nothing runs and nothing can: what still waits follows a run that failed."""
    for made in standing.waiting:
        followed = "a run" if made.followed is None else made.followed.describe()
        standing.failed[made.name] = f"it follows {followed}, which failed"
    standing.waiting.clear()
