"""Sweeps: what is missing is done once, in order, whatever dies; what fails is said."""

import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from support.executor_here import ExecutorHere

from cl_core.experiments import store
from cl_core.runs import grid, sweep, worker
from cl_core.runs.executors import LocalExecutor, open_executor
from cl_core.runs.repeat import repeat

QUICK = {"tasks": (3,), "width": (8,), "epochs": (1,), "batch": (256,), "many": (2,)}
TWELVE = {"strategies": ["initialized", "frozen", "two-level", "two-level-random"], "seeds": [100, 101, 102]}


def quick(strategies=("frozen",), seeds=(100,), **more):
    read = {"two-level", "two-level-random", "two-level-inverted", "two-level-constant"} & set(strategies)
    choices = {name: values for name, values in QUICK.items() if read or name != "many"}
    asked = {"experiments": ["digits-permuted"], "profile": "smoke", "choices": {**choices, **more}}
    return grid.list_plans(strategies=list(strategies), seeds=list(seeds), **asked)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("CL_CACHE_DIR", str(tmp_path / "worker"))
    return {"results": tmp_path / "results", "cache": tmp_path / "cache"}


@pytest.mark.parametrize("shared", [True, False])
def test_what_is_missing_is_done_and_what_is_there_is_not(folders, shared):
    plans = quick(["two-level-random", "frozen"], [100, 101])
    end = sweep.sweep(plans, executor=ExecutorHere(shared), **folders)
    assert (len(end.computed), len(end.there), end.failed) == (6, 0, {})
    before = {path: path.read_bytes() for path in folders["results"].rglob("*.json")}
    assert len(before) == 6
    again = ExecutorHere(shared)
    end = sweep.sweep(plans, executor=again, **folders)
    assert (len(end.computed), len(end.there), again.jobs) == (0, 6, [])
    assert {path: path.read_bytes() for path in folders["results"].rglob("*.json")} == before


@pytest.mark.parametrize("shared", [True, False])
def test_workers_record_what_the_caller_gives_with_each_result(folders, shared):
    recorded = {"pages": {"book/claims.yml": "0123"}, "claims": {"C01": "4567"}}
    end = sweep.sweep(quick(), executor=ExecutorHere(shared), recorded=recorded, **folders)
    result = store.load(folders["results"] / end.computed[0].name)
    assert {name: result.recorded[name] for name in recorded} == recorded


def test_a_control_comes_after_its_two_level_run_even_if_listed_before(folders):
    plans = quick(["two-level", "two-level-random"])
    done = ExecutorHere()
    sweep.sweep(plans[::-1], executor=done, **folders)
    assert done.jobs == ["two-level", "two-level-random"]


def test_what_follows_frozen_comes_after_it_and_can_be_run_again(folders):
    done = ExecutorHere()
    end = sweep.sweep(quick(["within"])[::-1], executor=done, **folders)
    assert done.jobs == ["frozen", "within"]
    _, comparison = repeat(folders["results"] / end.computed[-1].name)
    assert comparison.identical


def test_a_worker_that_dies_costs_its_attempt_alone(folders):
    breaks = ExecutorHere(breaks=(2, 3))
    end = sweep.sweep(quick(["frozen"], [100, 101]), executor=breaks, **folders)
    assert len(end.computed) == 2
    assert breaks.started == 3
    assert breaks.jobs == ["frozen"] * 4


def test_a_run_whose_workers_die_again_and_again_is_given_up_and_the_others_go_on(folders):
    breaks = ExecutorHere(breaks=range(2, 5))
    end = sweep.sweep(quick(["frozen"], [100, 101, 102]), executor=breaks, **folders)
    assert [plan.seed for plan in end.computed] == [100, 102]
    ((name, reason),) = end.failed.items()
    assert name.endswith("-101.json")
    assert "its worker died 3 times; if memory is short, do fewer runs at a time (--jobs 1)" in reason


def test_workers_that_always_die_end_the_sweep_with_every_run_named(folders):
    breaks = ExecutorHere(breaks=range(1, 1000))
    end = sweep.sweep(quick(["within"]), executor=breaks, **folders)
    assert len(breaks.jobs) == sweep.MOST_DEATHS
    assert ["died 3 times" in reason or "which failed" in reason for reason in end.failed.values()] == [True, True]


@pytest.mark.parametrize("shared", [True, False])
def test_a_result_that_cannot_be_stored_is_a_failure_of_its_run(folders, shared, monkeypatch):
    save = store.save

    def refuse_one(result, path):
        if result.seed == 100:
            raise OSError(f"cannot store the result {path}: No space left on device")
        save(result, path)

    monkeypatch.setattr(store, "save", refuse_one)
    end = sweep.sweep(quick(["frozen"], [100, 101]), executor=ExecutorHere(shared), **folders)
    assert [plan.seed for plan in end.computed] == [101]
    assert ["No space left" in reason for reason in end.failed.values()] == [True]


def test_a_run_that_fails_is_told_and_its_controls_with_it_and_the_others_go_on(folders):
    wild = grid.list_plans(
        experiments=["digits-permuted"],
        strategies=["two-level", "two-level-random"],
        seeds=[100],
        profile="smoke",
        choices={"tasks": (3,), "width": (4,), "epochs": (80,), "learning_rate": (10.0,), "weight_decay": (1.0,)},
    )
    end = sweep.sweep([*wild, *quick(["frozen"])], executor=ExecutorHere(), **folders)
    assert [made.strategy.name for made in end.computed] == ["frozen"]
    reasons = list(end.failed.values())
    assert "training diverged in task 1" in reasons[0]
    assert "lower learning_rate = 10.0" in reasons[0]
    assert "which failed" in reasons[1]


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b""])
def test_a_file_at_a_runs_place_that_is_not_its_result_fails_that_run_and_what_follows_it_alone(folders, content):
    plans = quick(["frozen", "within", "initialized"], [100, 101])
    sweep.sweep(plans[:1], executor=ExecutorHere(), **folders)
    (path,) = folders["results"].rglob("*.json")
    stale = path.read_bytes().replace(b'"protocol": 1', b'"protocol": 0') if content is None else content
    path.write_bytes(stale)
    assert list(sweep.survey_runs(plans, results=folders["results"]).failed) == [plans[0].name]
    end = sweep.sweep(plans, executor=ExecutorHere(), **folders)
    follower = plans[0].of_strategy("within").name
    assert list(end.failed) == [plans[0].name, follower]
    assert all(str(path) in reason for reason in end.failed.values())
    assert len(end.failed[plans[0].name].splitlines()) == 1
    assert (len(end.computed), end.there, path.read_bytes()) == (4, [], stale)


def test_an_interruption_dismisses_the_crew(folders):
    def interrupt(standing):
        raise KeyboardInterrupt

    interrupted = ExecutorHere()
    with pytest.raises(KeyboardInterrupt):
        sweep.sweep(quick(["frozen"]), executor=interrupted, watcher=interrupt, **folders)
    assert interrupted.shut_down


def test_a_worker_without_shared_folders_leaves_nothing_behind(folders, tmp_path):
    (made,) = quick(["frozen"])
    job = worker.Job("digits-permuted", "frozen", 100, "smoke", dict(made.overrides))
    done = worker.run_job(job)
    assert done.computed
    assert store.loads(done.text, where="x").strategy == "frozen"
    left = [path for path in (tmp_path / "worker").rglob("*") if path.is_file()]
    assert [path.suffix for path in left] == [".lock"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"jobs": 0}, "jobs = 0"),
        ({"jobs": 1, "cluster": "local"}, "write local:2"),
        ({"jobs": 1, "cluster": "slurm:2"}, "write local:2"),
        ({"jobs": 1, "cluster": ""}, "--cluster '' does not fit; write local:2"),
        ({"jobs": 1, "scheduler": ""}, "--scheduler '' names no address; write one such as tcp"),
        ({"jobs": 1, "scheduler": "", "cluster": ""}, "not both"),
        ({"jobs": 1, "cluster": "local:2", "scheduler": "tcp://127.0.0.1:1"}, "not both"),
    ],
)
def test_a_crew_that_cannot_be_is_an_error(asked, says):
    with pytest.raises(ValueError, match=says), open_executor(**asked):
        pytest.fail("there is no such executor")


# --- with real processes ----------------------------------------------------------------------------------------------

COMMAND = [
    "--experiments",
    "digits-permuted",
    "--strategies",
    "initialized,frozen,two-level,two-level-random",
    "--seeds",
    "100-102",
]
SETS = [
    word
    for name, (value,) in {**QUICK, "epochs": (20,), "batch": (32,)}.items()
    for word in ("--set", f"{name}={value}")
]


def start(folder, *more):
    environment = {**os.environ, "CL_CACHE_DIR": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "cl_book.cli", "sweep", *COMMAND, *SETS, "--out", str(folder / "results"), *more]
    # A shell that starts the tests in the background has them ignore Ctrl-C, and a process hands that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (folder / "log").open("a") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)


def outcomes(folder):
    found = {path.relative_to(folder / "results"): store.load(path) for path in (folder / "results").rglob("*.json")}
    return {str(name): result.outcome for name, result in found.items()}


def workers_at_work(folder):
    """Return the processes whose runs have begun; a run's journal goes when the run ends."""
    found = []
    for journal in (folder / "cache").rglob("journal.jsonl"):
        try:
            lines = journal.read_text().splitlines()
        except FileNotFoundError:
            continue
        found += [json.loads(line)["process"] for line in lines[:1]]
    return found


def wait_until(true, process, folder):
    for _ in range(6000):
        if true():
            return
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.02)
    pytest.fail("nothing happened in two minutes")


def alive(group):
    """Count the processes of a process group that are not zombies."""
    listing = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return sum(int(pgid) == group and not state.startswith("Z") for pgid, state in rows)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    process = start(folder)
    assert process.wait(300) == 0, (folder / "log").read_text()
    found = outcomes(folder)
    assert len(found) == 12
    return found


@pytest.mark.slow
def test_a_sweep_killed_twice_ends_like_an_unbroken_one(unbroken, tmp_path):
    for count in (2, 6):
        process = start(tmp_path)
        wait_until(lambda count=count: len(list((tmp_path / "results").rglob("*.json"))) >= count, process, tmp_path)
        process.kill()
        process.wait(60)
        for _ in range(500):
            if not alive(process.pid):
                break
            time.sleep(0.02)
        assert alive(process.pid) == 0, "workers outlived the sweep that was killed"
        assert len(outcomes(tmp_path)) < 12
    stood = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.json")}
    process = start(tmp_path)
    assert process.wait(300) == 0, (tmp_path / "log").read_text()
    assert outcomes(tmp_path) == unbroken
    assert all(path.stat().st_mtime_ns == then for path, then in stood.items())
    begun = [store.load(path).recorded["begun"] for path in (tmp_path / "results").rglob("*.json")]
    assert sum(sum(tasks) - len(tasks) for tasks in begun) <= 2 * (os.cpu_count() or 1)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".part", ".npz"} or path.name.startswith(".")]


@pytest.mark.slow
def test_a_sweep_stopped_with_ctrl_c_says_so_and_goes_on(unbroken, tmp_path):
    process = start(tmp_path)
    wait_until(lambda: len(outcomes(tmp_path)) >= 1, process, tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    said = (tmp_path / "log").read_text()
    assert "the same command goes on with the rest" in said
    assert "Traceback" not in said
    assert 1 <= len(outcomes(tmp_path)) < 12
    process = start(tmp_path)
    assert process.wait(300) == 0
    assert outcomes(tmp_path) == unbroken


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_loses_its_attempt_alone(unbroken, tmp_path):
    process = start(tmp_path, "--jobs", "2")
    at_work = []
    wait_until(lambda: at_work.extend(workers_at_work(tmp_path)) or at_work, process, tmp_path)
    os.kill(at_work[0], signal.SIGKILL)
    assert process.wait(300) == 0, (tmp_path / "log").read_text()
    assert outcomes(tmp_path) == unbroken


@pytest.mark.slow
def test_a_cluster_with_a_worker_killed_gives_the_same_results(unbroken, tmp_path):
    process = start(tmp_path, "--cluster", "local:2")
    at_work = []
    wait_until(lambda: at_work.extend(workers_at_work(tmp_path)) or at_work, process, tmp_path)
    os.kill(at_work[0], signal.SIGKILL)
    assert process.wait(300) == 0, (tmp_path / "log").read_text()
    assert outcomes(tmp_path) == unbroken


def _die(number):
    if number:
        os.kill(os.getpid(), number)
    time.sleep(1)
    return os.getpid()


def test_a_process_that_dies_breaks_its_own_future_alone_and_is_replaced():
    local = LocalExecutor(2)
    pool = local.start_pool()
    dies, lives = pool.submit(_die, signal.SIGKILL), pool.submit(_die, 0)
    with pytest.raises(BrokenExecutor):
        dies.result(60)
    survivor = lives.result(60)
    assert {pool.submit(_die, 0).result(60), pool.submit(_die, 0).result(60)} & {survivor} == set()
    local.shutdown()


def _kill_each_worker_of(folder, lock, process):
    while process.poll() is None:
        # os.walk passes over folders that the runs remove meanwhile.
        for place, _, names in os.walk(folder / "cache"):
            for name in fnmatch.filter(names, lock):
                with suppress(OSError, ValueError):
                    os.kill(int(Path(place, name).read_text()), signal.SIGKILL)
        time.sleep(0.005)


@pytest.mark.slow
def test_one_run_of_twelve_that_kills_its_worker_every_time_is_the_only_one_missing(tmp_path):
    process = start(tmp_path, "--jobs", "2")
    killer = threading.Thread(target=_kill_each_worker_of, args=(tmp_path, "frozen~*-101.lock.holder", process))
    killer.start()
    assert process.wait(300) == 1, (tmp_path / "log").read_text()
    said = (tmp_path / "log").read_text()
    assert "11 computed, 0 were there, 1 failed" in said
    failures = [line for line in said.splitlines() if line.startswith("  failed: ")]
    assert len(failures) == 1
    assert re.search(r"frozen~\w+-101\.json: its worker died 3 times", failures[0])
    assert "Traceback" not in said
    assert len(outcomes(tmp_path)) == 11


def test_local_processes_come_from_their_own_interpreter():
    local = LocalExecutor(1)
    executor = local.start_pool()
    assert executor.submit(os.getpid).result(60) != os.getpid()
    executor.shutdown(wait=True)
    local.shutdown()
