"""A design's sweep: its runs in the design's order, each recorded in the design's table as soon as it is done."""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cl_core import files
from cl_core.runs import design_table
from cl_core.runs.design_table import DesignRecord
from cl_core.runs.designs import ROLES, Design, find_design
from cl_core.runs.executors import Executor
from cl_core.streams.manifest import Route

Watcher = Callable[[DesignRecord, int], None]
"""Is told of each record as it is stored, and how many are there."""


@dataclass(frozen=True)
class DesignJob:
    """One run to be done, by its place in a design; plain values, so that a worker may be another process."""

    design: str
    protocol: int
    role: str
    route: Route | None = None
    recorded: Mapping[str, Any] = field(default_factory=dict)


def list_missing(design: Design, table: Path, *, protocols: int | None = None) -> list[tuple[int, str]]:
    """Return the protocols and roles that `table` does not have yet, in order, of the first `protocols` or all.

    Raises ValueError where the table is of another design, or holds a record that is stale.
    """
    records = design_table.read_table(table)
    for record, (key, state) in zip(records, design_table.states(records, confirmed=True).items(), strict=True):
        if record.design != design.name:
            raise ValueError(f"{table} holds runs of the design {record.design}; give another folder with --out")
        if state.stale:
            raise ValueError(
                f"{table}: protocol {key[0]}, {key[1]}, is stale ({state.stale[0]}); move the table away to run it again"
            )
    there = {record.key for record in records}
    wanted = range(design.protocols if protocols is None else min(protocols, design.protocols))
    return [(protocol, role) for protocol in wanted for role in ROLES if (protocol, role) not in there]


def sweep_design(
    design: Design,
    table: Path,
    *,
    cache: Path,
    executor: Executor,
    protocols: int | None = None,
    route: Route | None = None,
    recorded: Mapping[str, Any] | None = None,
    watcher: Watcher = lambda record, count: None,
) -> int:
    """Do the runs that `table` lacks, of the first `protocols` or all, and return how many were done.

    A run that diverges is recorded with its reason; any other failure ends the sweep. Begun anew it goes on with the run
    after the last that is stored. Raises RuntimeError while another process fills this table.
    """
    files.require_writable(table.parent, doing="store the design's table in", remedy="give another folder with --out")
    lock = cache / "designs" / f"{design.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, blocking=False):
            return _fill(design, table, executor, protocols, route, recorded or {}, watcher)
    except Timeout:
        raise RuntimeError(f"another process fills the table of {design.name}; wait for it, or stop it") from None


def _fill(
    design: Design,
    table: Path,
    executor: Executor,
    protocols: int | None,
    route: Route | None,
    recorded: Mapping[str, Any],
    watcher: Watcher,
) -> int:
    waiting = list_missing(design, table, protocols=protocols)
    total, count = len(waiting), len(design_table.read_table(table))
    pool, running = executor.start_pool(), set[Future[str]]()
    try:
        while waiting or running:
            while waiting and len(running) < executor.count_slots():
                protocol, role = waiting.pop(0)
                running.add(pool.submit(run_design_job, DesignJob(design.name, protocol, role, route, dict(recorded))))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                record = design_table.loads(future.result(), where="a run that was just done")
                design_table.append(table, record)
                count += 1
                watcher(record, count)
    except BaseException:
        executor.shutdown()
        raise
    pool.shutdown(wait=True)
    return total


def run_design_job(job: DesignJob) -> str:
    """Do one run and return its record as a line; one that diverges is recorded as such."""
    from cl_core.experiments.runner import execute

    design = find_design(job.design)
    plan = design.plan(job.protocol, job.role)
    try:
        done: Any = execute(plan, route=job.route)
    except FloatingPointError as error:
        done = str(error)
    return design_table.dumps(design_table.record_run(design, job.protocol, job.role, plan, done, job.recorded))
