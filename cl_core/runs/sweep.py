"""A sweep: the runs that are missing, done in parallel, each once, and what is done never lost.

Workers are given one run at a time; a control waits for the run that it follows. A worker that dies loses
its attempt alone, and a run whose workers die again and again is given up while the others go on. A sweep that is
stopped, or killed, goes on when it is started again.
"""

from collections import Counter
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

MOST_DEATHS = 3
"""Times that the worker of one run may die before the sweep gives that run up: something other than chance kills it."""


@dataclass
class SweepState:
    """How far a sweep is.

    `failed` has the reason and `deaths` the number of workers that died, by the run's name; `finished` is the last run
    that came in, with its result.
    """

    there: list[Plan]
    waiting: list[Plan]
    running: list[Plan] = field(default_factory=list)
    computed: list[Plan] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)
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
    """Return which of `plans` stand in `results`. One that is stale or on other images has failed: none is replaced."""
    there, waiting, failed = [], [], {}
    for plan in plans:
        path = results / plan.name
        if not path.exists():
            waiting.append(plan)
            continue
        try:
            load_existing(path, plan, route=route, source=None)
            there.append(plan)
        except ValueError as error:
            failed[plan.name] = str(error)
    return SweepState(there, waiting, failed=failed)


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

    `cache` holds the checkpoints of an executor on this machine; `recorded` is kept with each result. A run that fails,
    or whose workers die MOST_DEATHS times, is kept with its reason, and so are the controls that follow it; the others
    go on.
    """
    state = survey_runs(plans, results=results, route=route)
    pool, running = executor.start_pool(), dict[Future[JobResult], Plan]()
    try:
        while state.left:
            whole = _hand_out(
                state, running, pool, executor, results=results, cache=cache, route=route, recorded=recorded or {}
            )
            watcher(state)
            if not whole:
                pool = executor.start_pool()
            elif not running:
                _give_up_blocked(state)
                continue
            for future in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                _take_in(state, future, running.pop(future), results)
                watcher(state)
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
        try:
            source = None if executor.shared else find_source(plan, results, route=route)
        except (ValueError, OSError) as error:
            state.waiting.remove(plan)
            state.failed[plan.name] = str(error)
            continue
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
        state.waiting.remove(plan)
        state.running.append(plan)
        try:
            future = pool.submit(run_job, job)
        except BrokenExecutor:
            _count_death(state, plan)
            return False
        running[future] = plan
    return True


def _take_in(state: SweepState, future: Future[JobResult], plan: Plan, results: Path) -> None:
    """Put a run that has ended where it belongs."""
    try:
        done = future.result()
        result = store.loads(done.text, where=plan.describe())
        if not (results / plan.name).exists():
            store.save(result, results / plan.name)
    except BrokenExecutor:
        _count_death(state, plan)
        return
    except Exception as error:
        state.running.remove(plan)
        state.failed[plan.name] = str(error) or type(error).__name__
        return
    state.running.remove(plan)
    (state.computed if done.computed else state.there).append(plan)
    state.finished = (plan, result)


def _count_death(state: SweepState, plan: Plan) -> None:
    """Let a run whose worker died begin again before others, or give it up."""
    state.running.remove(plan)
    state.deaths[plan.name] += 1
    if state.deaths[plan.name] < MOST_DEATHS:
        state.waiting.insert(0, plan)
    else:
        state.failed[plan.name] = (
            f"its worker died {MOST_DEATHS} times; if memory is short, do fewer runs at a time (--jobs 1)"
        )


def _tidy(plans: Sequence[Plan], results: Path, cache: Path) -> None:
    """Remove the checkpoints of finished runs that were killed before they could do so themselves."""
    for plan in plans:
        place = Checkpoint(plan.name, "", cache)
        if place.folder.exists() and (results / plan.name).exists():
            place.clear()
    if any_left(cache):
        for plan in plans:
            SharedPrefixes(plan, siblings_of(plan, plans), "", cache).clear(results)


def _give_up_blocked(state: SweepState) -> None:
    """Nothing runs and nothing can: what still waits follows a run that failed."""
    for plan in state.waiting:
        followed = "a run" if plan.followed is None else plan.followed.describe()
        state.failed[plan.name] = f"it follows {followed}, which failed"
    state.waiting.clear()
