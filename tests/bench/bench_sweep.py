"""How much a sweep gains by working in parallel: ``python -m bench.bench_sweep [RUNS [JOBS]]``.

The same equal runs are done by a sweep with one process and by one with several, each from its start to its end, in
folders of their own. The ratio of the two wall times is printed and written to ``build/bench-sweep.json``; no test
compares it. Wall times are alike only where each process had a core to itself: what share of a core each got is
measured with it, and below LEAST_SHARE the ratio is "not measured".
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.rows import Row
from cl_core import files
from cl_core.experiments.machine import count_cores
from cl_core.experiments.plan import Plan
from cl_core.runs import grid
from cl_core.runs.executors import open_executor
from cl_core.runs.sweep import sweep

TARGET = 0.55
"""Of eight runs on two cores, against one after another."""

LEAST_SHARE = 0.85
"""Share of a core that each process must have had on average, its start included."""


def time_sweep(plans: list[Plan], *, jobs: int) -> tuple[float, float]:
    """Return the wall time of a sweep of `plans` with `jobs` processes, and the share of a core that each had."""
    with tempfile.TemporaryDirectory() as folder:
        begun, used = time.perf_counter(), _children_seconds()
        with open_executor(jobs=jobs) as made:
            end = sweep(plans, results=Path(folder) / "results", cache=Path(folder) / "cache", executor=made)
        if len(end.computed) != len(plans):
            raise RuntimeError(f"{len(end.failed)} runs failed: {end.failed}")
        wall = time.perf_counter() - begun
        return wall, (_children_seconds() - used) / (jobs * wall)


def compare(one: tuple[float, float], several: tuple[float, float], *, jobs: int, cores: int) -> Row:
    """Return the row of two sweeps' wall times and shares of a core, where the machine has so many cores."""
    name = f"a sweep with {jobs} processes against one"
    if cores < jobs:
        return Row(name, None, TARGET, most=True, why_not=f"{jobs} processes on {cores} cores")
    least = min(one[1], several[1])
    if least < LEAST_SHARE:
        why = f"a process had {least:.0%} of a core, {LEAST_SHARE:.0%} are needed; leave the machine at rest"
        return Row(name, None, TARGET, most=True, why_not=why)
    return Row(name, several[0] / one[0], TARGET, most=True)


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Time both sweeps, print their ratio and write it."""
    given = [int(word) for word in sys.argv[1:3]]
    runs, jobs = (*given, *(8, 2)[len(given) :])
    plans = grid.list_plans(
        experiments=["digits-split"],
        strategies=["initialized"],
        seeds=range(100, 100 + runs),
        profile="smoke",
        choices={"epochs": (18,)},
    )
    one, several = time_sweep(plans, jobs=1), time_sweep(plans, jobs=jobs)
    row = compare(one, several, jobs=jobs, cores=count_cores())
    sys.stdout.write(f"{runs} runs: {one[0]:.1f} s with one process, {several[0]:.1f} s with {jobs}\n{row}\n")
    target = (files.root() or Path.cwd()) / "build" / "bench-sweep.json"
    files.write_text(target, json.dumps({"runs": runs, "seconds": [one[0], several[0]], **row.as_json()}) + "\n")


if __name__ == "__main__":
    main()
