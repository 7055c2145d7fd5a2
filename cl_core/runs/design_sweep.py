"""A design's sweep: its runs in the design's order, each recorded in the design's table as soon as it is done."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


def list_missing(
    design: Design, table: Path, *, protocols: int | None = None, route: Route | None = None
) -> list[tuple[int, str]]:
    """Return the protocols and roles that `table` does not have yet, in order, of the first `protocols` or all.

    Raises ValueError where the table is of another design, holds a record that is stale, or has its images by another
    route than `route`.
    """
    records = design_table.read_table(table)
    for record, (key, state) in zip(records, design_table.states(records, confirmed=True).items(), strict=True):
        if record.design != design.name:
            raise ValueError(f"{table} holds runs of the design {record.design}; give another folder with --out")
        if state.stale:
            raise ValueError(
                f"{table}: protocol {key[0]}, {key[1]}, is stale ({state.stale[0]}); move the table away to run it again"
            )
    choose_route(records, route, table=table)
    there = {record.key for record in records}
    wanted = range(design.protocols if protocols is None else min(protocols, design.protocols))
    return [(protocol, role) for protocol in wanted for role in ROLES if (protocol, role) not in there]


def choose_route(records: Sequence[DesignRecord], route: Route | None, *, table: Path) -> Route | None:
    """Return the route by which the images of `table`, with these `records`, go on: that of its runs, else `route`.

    Raises ValueError where it holds runs by another route than `route`, or by several.
    """
    there: list[Route] = list(dict.fromkeys(record.data["route"] for record in records if "route" in record.data))
    if len(there) > 1:
        held = " and ".join(map(repr, there))
        raise ValueError(f"{table} holds runs by several routes, {held}, not by one; give another folder with --out")
    if there and route not in (None, there[0]):
        raise ValueError(
            f"{table} holds runs by the route {there[0]!r}, not {route!r}; give --data {there[0]}, or another folder "
            "with --out"
        )
    return there[0] if there else route


def sweep_design(
    design: Design,
    table: Path,
    *,
    executor: Executor,
    protocols: int | None = None,
    route: Route | None = None,
    recorded: Mapping[str, Any] | None = None,
    watcher: Watcher = lambda record, count: None,
) -> int:
    """Do the runs that `table` lacks, of the first `protocols` or all, and return how many were done.

    A run that diverges is recorded with its reason; any other failure ends the sweep. Begun anew it goes on with the run
    after the last that is stored, by the route of those that are there. Raises ValueError as :func:`list_missing` does,
    and RuntimeError while another process fills this table.
    """
    files.require_writable(table.parent, doing="store the design's table in", remedy="give another folder with --out")
    with design_table.hold_table(table) as add:
        return _fill(design, table, add, executor, protocols, route, recorded or {}, watcher)


def _fill(
    design: Design,
    table: Path,
    add: Callable[[DesignRecord], None],
    executor: Executor,
    protocols: int | None,
    route: Route | None,
    recorded: Mapping[str, Any],
    watcher: Watcher,
) -> int:
    waiting = list_missing(design, table, protocols=protocols, route=route)
    records = design_table.read_table(table)
    own = choose_route(records, route, table=table)
    total, count = len(waiting), len(records)
    pool, running = executor.start_pool(), set[Future[str]]()
    try:
        while waiting or running:
            while waiting and len(running) < executor.count_slots():
                protocol, role = waiting.pop(0)
                running.add(pool.submit(run_design_job, DesignJob(design.name, protocol, role, own, dict(recorded))))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                record = design_table.loads(future.result(), where="a run that was just done")
                add(record)
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
