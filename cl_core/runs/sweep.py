"""A sweep: the runs that are missing, done in parallel, each once, and what is done never lost.

Workers are given one run at a time; a control waits for the run that it follows. A worker that dies loses
its attempt alone. A sweep that is stopped, or killed, goes on when it is started again.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cl_core.experiments import store
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan
from cl_core.experiments.shared_prefixes import SharedPrefixes, any_left, siblings_of
from cl_core.experiments.store import Result
from cl_core.runs.complete import find_source, load_existing
from cl_core.runs.executors import Executor
from cl_core.runs.worker import Job, JobResult, run_job
from cl_core.streams.manifest import Route

MOST_DEATHS = 10
"""Workers that may die before a sweep gives up: something other than chance kills them."""


@dataclass
class SweepState:
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


Watcher = Callable[[SweepState], None]
"""Is told how far a sweep is, twice a second or more often."""


def survey_runs(plans: Sequence[Plan], *, results: Path, route: Route | None = None) -> SweepState:
    """Return which of `plans` stand in `results`. Raises ValueError if one there is stale or on other images."""
    there, faults = [], []
    for plan in plans:
        path = results / plan.name
        if path.exists():
            there.append(plan)
            try:
                load_existing(path, plan, route=route, source=None)
            except ValueError as error:
                faults.append(str(error))
    if faults:
        raise ValueError("\n".join(faults))
    names = {plan.name for plan in there}
    return SweepState(there, [plan for plan in plans if plan.name not in names])


def sweep(
    plans: Sequence[Plan],
    *,
    results: Path,
    cache: Path,
    executor: Executor,
    route: Route | None = None,
    recorded: Mapping[str, Any] | None = None,
    watcher: Watcher = lambda state: None,
) -> SweepState:
    """Do those of `plans` that are missing in the folder `results`, with `executor`; return how it ended.

    `cache` holds the checkpoints of an executor on this machine; `recorded` is kept with each result. A run that fails is kept with its reason, and so are the
    controls that follow it; the others go on. Raises RuntimeError if workers die again and again.
    """
    state = survey_runs(plans, results=results, route=route)
    pool, running, deaths = executor.start_pool(), dict[Future[JobResult], Plan](), 0
    try:
        while state.left:
            broken = not _hand_out(
                state, running, pool, executor, results=results, cache=cache, route=route, recorded=recorded or {}
            )
            watcher(state)
            if not running and not broken:
                _give_up_blocked(state)
                continue
            for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                broken |= not _take_in(state, future, running.pop(future), results)
                watcher(state)
            if broken:
                deaths += 1
                if deaths > MOST_DEATHS:
                    raise RuntimeError(f"workers died {deaths} times, the last on {state.waiting[0].describe()}")
                for plan in running.values():
                    _put_back(state, plan)
                running.clear()
                pool = executor.start_pool()
        pool.shutdown(wait=True)
        if executor.shared:
            _tidy(plans, results, cache)
    except BaseException:
        pool.shutdown(wait=False)
        executor.shutdown()
        raise
    return state


def _hand_out(
    state: SweepState,
    running: dict[Future[JobResult], Plan],
    pool: futures.Executor,
    executor: Executor,
    *,
    results: Path,
    cache: Path,
    route: Route | None,
    recorded: Mapping[str, Any],
) -> bool:
    """Give the executor as many runs as it has room for; return False where the pool is broken."""
    for plan in list(state.waiting):
        if len(running) >= executor.count_slots():
            break
        if plan.followed is not None and not (results / plan.followed.name).exists():
            continue
        source = None if executor.shared else find_source(plan, results)
        job = Job(
            plan.experiment.name,
            plan.strategy.name,
            plan.seed,
            plan.profile.name,
            dict(plan.overrides),
            route=route,
            results=str(results) if executor.shared else None,
            cache=str(cache) if executor.shared else None,
            source=None if source is None else store.dumps(source),
            siblings=siblings_of(plan, state.sound) if executor.shared else (),
            recorded=recorded,
        )
        try:
            future = pool.submit(run_job, job)
        except BrokenExecutor:
            return False
        running[future] = plan
        state.waiting.remove(plan)
        state.running.append(plan)
    return True


def _take_in(state: SweepState, future: Future[JobResult], plan: Plan, results: Path) -> bool:
    """Put a run that has ended where it belongs; return False where its worker died and broke the pool."""
    try:
        done = future.result()
    except BrokenExecutor:
        _put_back(state, plan)
        return False
    except Exception as error:
        state.running.remove(plan)
        state.failed[plan.name] = str(error) or type(error).__name__
        return True
    result = store.loads(done.text, where=plan.describe())
    if not (results / plan.name).exists():
        store.save(result, results / plan.name)
    state.running.remove(plan)
    (state.computed if done.computed else state.there).append(plan)
    state.finished = (plan, result)
    return True


def _tidy(plans: Sequence[Plan], results: Path, cache: Path) -> None:
    """Remove the checkpoints of finished runs that were killed before they could do so themselves."""
    for plan in plans:
        place = Checkpoint(plan.name, "", cache)
        if place.folder.exists() and (results / plan.name).exists():
            place.clear()
    if any_left(cache):
        for plan in plans:
            SharedPrefixes(plan, siblings_of(plan, plans), "", cache).clear(results)


def _put_back(state: SweepState, plan: Plan) -> None:
    state.running.remove(plan)
    state.waiting.insert(0, plan)


def _give_up_blocked(state: SweepState) -> None:
    """Nothing runs and nothing can: what still waits follows a run that failed."""
    for plan in state.waiting:
        followed = "a run" if plan.followed is None else plan.followed.describe()
        state.failed[plan.name] = f"it follows {followed}, which failed"
    state.waiting.clear()
