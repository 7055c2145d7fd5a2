"""How much a sweep gains by working in parallel: ``python -m bench.bench_sweep [RUNS [JOBS]]``.

The same equal runs are done by a sweep with one process and by one with several, each from its start to its end, in
folders of their own. The ratio of the two wall times is printed and written to ``build/bench-sweep.json``; no test
compares it. At most 0.6 is expected of two processes on two idle cores.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from cl_core import files
from cl_core.experiments.plan import Plan
from cl_core.runs import grid
from cl_core.runs.executors import open_executor
from cl_core.runs.sweep import sweep


def seconds(plans: list[Plan], *, jobs: int) -> float:
    """Return the wall time of a sweep of `plans` with `jobs` processes, their start included."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with open_executor(jobs=jobs) as made:
            end = sweep(plans, results=Path(folder) / "results", cache=Path(folder) / "cache", executor=made)
        if len(end.computed) != len(plans):
            raise RuntimeError(f"{len(end.failed)} runs failed: {end.failed}")
        return time.perf_counter() - begun


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
    one, several = seconds(plans, jobs=1), seconds(plans, jobs=jobs)
    found = {"runs": runs, "jobs": jobs, "cores": os.cpu_count(), "ratio": round(several / one, 3)}
    sys.stdout.write(
        f"{runs} runs: {one:.1f} s with one process, {several:.1f} s with {jobs}; ratio {found['ratio']}\n"
    )
    target = (files.root() or Path.cwd()) / "build" / "bench-sweep.json"
    files.write_text(target, json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
