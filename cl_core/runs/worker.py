"""What a sweep's worker process does: one run, from its names to the text of its result.

Only plain values go in and come out, so that a worker may be a local process or one on another machine.
"""

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cl_core.settings_base import Value
from cl_core.streams.manifest import Route


@dataclass(frozen=True)
class Job:
    """One run to be done: the names that make its plan, the images' route, and where to work.

    `results` and `cache` are folders that this process and the caller share; with `results` None the worker is on
    another machine, keeps its checkpoints in its own cache folder and gives back the result's text alone. `source` is
    then the text of the run that a control follows. `siblings` are the schedules of the runs whose schedules begin like
    a fixed one's, where the folders are shared; `recorded` is kept with the result.
    """

    experiment: str
    strategy: str
    seed: int
    profile: str
    overrides: Mapping[str, Value] = field(default_factory=dict)
    route: Route | None = None
    results: str | None = None
    cache: str | None = None
    source: str | None = None
    siblings: tuple[str, ...] = ()
    recorded: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobResult:
    """A finished run: the text of its result, and whether this worker computed it."""

    text: str
    computed: bool


def run_job(job: Job) -> JobResult:
    """Do one run, going on where a killed worker left it, and return its result's text."""
    from cl_core.experiments import store
    from cl_core.experiments.checkpoints import Checkpoint, locate_cache
    from cl_core.experiments.plan import make_plan
    from cl_core.experiments.runner import execute
    from cl_core.runs.complete import complete

    plan = make_plan(job.experiment, job.strategy, job.seed, job.profile, overrides=job.overrides)
    cache = Path(job.cache) if job.cache else locate_cache()
    if job.results is not None:
        completed = complete(
            plan,
            results=Path(job.results),
            cache=cache,
            route=job.route,
            siblings=job.siblings,
            recorded=job.recorded,
        )
        return JobResult(store.dumps(completed.result), completed.computed)
    source = None if job.source is None else store.loads(job.source, where="the run that is followed")
    place = Checkpoint(plan.name, "", cache)
    with place.lock():
        result = execute(plan, route=job.route, source=source, cache=cache, recorded=job.recorded)
        place.clear()
    return JobResult(store.dumps(result), computed=True)


def prepare_worker(lifeline: Connection) -> None:
    """Prepare a local worker process: one thread, no share in Ctrl-C, and its end with that of the process that started it.

    `lifeline` is the reading end of a pipe; it comes to its end when that process closes it or dies in whatever way.
    """
    # Before torch is imported, which reads it once.
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    lifeline.poll(None)
    # At once, whatever the run is doing: that frees its lock, and the checkpoint is whole at any moment.
    os._exit(1)
