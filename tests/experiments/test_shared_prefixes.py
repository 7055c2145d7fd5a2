"""All schedules of few and many blocks: each beginning is trained once, and nothing else changes."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from cl_book.claims.reference_runs import SCHEDULES
from support.executor_here import ExecutorHere

from cl_core.experiments import store
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import make_plan
from cl_core.experiments.runner import execute
from cl_core.experiments.shared_prefixes import SharedPrefixes, any_left, siblings_of
from cl_core.learners import training
from cl_core.runs import grid, sweep

TINY = {"tasks": (5,), "width": (8,), "batch": (256,), "epochs": (1,), "head_warmup_steps": (2,)}
SMALL = {**TINY, "gradient_samples": (32,), "few": (1,), "many": (2,)}


def schedules(moves=SCHEDULES, seeds=(100,), **more):
    asked = {"experiments": ["digits-permuted"], "strategies": ["fixed"], "profile": "smoke"}
    return grid.list_plans(seeds=list(seeds), choices={**SMALL, "moves": tuple(moves), **more}, **asked)


@pytest.fixture
def trained(monkeypatch):
    """Count the trainings by task."""
    counts = Counter()

    def counted(network, data, task, *args, **kwargs):
        counts[task] += 1
        return training.train_task(network, data, task, *args, **kwargs)

    monkeypatch.setattr("cl_core.experiments.sequential.train_task", counted)
    return counts


@pytest.fixture
def folders(tmp_path):
    return {"results": tmp_path / "results", "cache": tmp_path / "cache"}


def states(folder):
    # A lock's file stays, and of a killed process the note beside it that says who held it.
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".lock", ".holder"}]


@pytest.fixture(scope="module")
def alone():
    """The outcomes of some of the sixteen runs, each trained whole."""
    return {made.name: execute(made).outcome for made in schedules(["mmmm", "mffm", "mfmf", "ffff"])}


@pytest.mark.slow
def test_sixteen_schedules_are_thirty_one_trainings_and_the_same_bits(trained, folders, alone):
    plans = schedules()
    assert len(plans) == 16
    end = sweep.sweep(plans, executor=ExecutorHere(), **folders)
    assert len(end.computed) == 16
    assert dict(trained) == {0: 1, 1: 2, 2: 4, 3: 8, 4: 16}
    assert trained.total() == 31
    assert {name: store.load(folders["results"] / name).outcome for name in alone} == alone
    begun = [store.load(folders["results"] / made.name).recorded["begun"] for made in plans]
    assert sum(map(sum, begun)) == 31
    assert not states(folders["cache"]), "states that nobody needs any more were left behind"


def test_each_seed_and_each_other_setting_has_a_tree_of_its_own(trained, folders):
    sweep.sweep(schedules("mf", seeds=(100, 101), few=(0, 1)), executor=ExecutorHere(), **folders)
    assert trained == {0: 4, 1: 8, 2: 8, 3: 8, 4: 8}


def test_a_run_without_kin_leaves_nothing(trained, folders):
    sweep.sweep(schedules(["mffm"]), executor=ExecutorHere(), **folders)
    assert trained.total() == 5
    assert not states(folders["cache"])


class Stop(Exception):
    """What stops a run in a test."""


@pytest.mark.parametrize(("stage", "task"), [("training", 0), ("finished", 1), ("evaluation", 1), ("arrival", 3)])
def test_a_run_stopped_anywhere_goes_on_to_the_same_bits(folders, alone, stage, task):
    first, other = schedules(["mffm", "mfmf"])
    siblings = siblings_of(first, [other])
    assert siblings == ("mfmf",)

    def stopping(moment):
        if (moment.stage, moment.task) == (stage, task):
            raise Stop

    with pytest.raises(Stop):
        execute(first, cache=folders["cache"], siblings=siblings, listener=stopping)
    assert execute(other, cache=folders["cache"], siblings=siblings_of(other, [first])).outcome == alone[other.name]
    assert execute(first, cache=folders["cache"], siblings=siblings).outcome == alone[first.name]


def test_a_kill_between_a_result_and_its_tidying_up_leaves_nothing_in_the_end(folders, monkeypatch):
    plans = schedules(["mmmm", "mffm"])
    with monkeypatch.context() as broken:
        broken.setattr(Checkpoint, "clear", lambda self: None)
        sweep.sweep(plans, executor=ExecutorHere(), **folders)
    left = [path.relative_to(folders["cache"] / "runs/smoke/digits-permuted") for path in states(folders["cache"])]
    assert sum(path.name == "checkpoint.npz" for path in left) == 2 + 2
    assert {path.parts[0].partition("~")[0] for path in left} == {"prefixes", "fixed"}
    sweep.sweep(plans, executor=ExecutorHere(), **folders)
    assert not states(folders["cache"])


def test_a_state_of_other_code_or_data_is_not_taken_over(trained, folders, monkeypatch):
    first, other = schedules(["mmmm", "ffff"])
    execute(first, cache=folders["cache"], siblings=("ffff",))
    assert len([path for path in states(folders["cache"]) if "prefixes" in str(path)]) == 1
    monkeypatch.setattr("cl_core.experiments.provenance.code_digests", lambda: {"changed": "code"})
    execute(other, cache=folders["cache"], siblings=("mmmm",))
    assert trained[0] == 2


def test_only_fixed_runs_that_differ_in_nothing_else_are_kin():
    first, *others = schedules(["mmff", "mfmf", "ffff"])
    strangers = [
        *schedules(["fmfm"], seeds=[101]),
        *schedules(["fmfm"], few=(0,)),
        make_plan("digits-permuted", "frozen", 100, "smoke"),
    ]
    assert siblings_of(first, [first, *others, *strangers]) == ("mfmf", "ffff")
    assert siblings_of(strangers[-1], others) == ()


def test_one_letter_is_the_same_beginning_as_that_letter_written_out(tmp_path):
    short, long = schedules(["m", "mmmm"])
    places = [SharedPrefixes(made, ("mmff",), "x", tmp_path).checkpoint(2) for made in (short, long)]
    assert places[0] is not None
    assert places[0] == places[1]
    assert SharedPrefixes(short, ("mmff",), "x", tmp_path).checkpoint(3) is None


COMMAND = ["--experiments", "digits-permuted", "--strategies", "fixed", "--seeds", "100", "--jobs", "2"]


def start(folder):
    environment = {**os.environ, "CL_CACHE_DIR": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    choices = {**SMALL, "epochs": (3,), "batch": (64,), "moves": SCHEDULES}
    sets = [
        word for name, values in choices.items() for word in ("--set", f"{name}={','.join(str(v) for v in values)}")
    ]
    command = [sys.executable, "-m", "cl_book.cli", "sweep", *COMMAND, *sets, "--out", str(folder / "results")]
    log = (folder / "log").open("a")
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


@pytest.mark.slow
def test_two_processes_share_the_trainings_and_a_kill_costs_at_most_one_each(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    assert start(whole).wait(300) == 0, (whole / "log").read_text()
    results = {path.name: store.load(path) for path in (whole / "results").rglob("*.json")}
    assert len(results) == 16
    assert sum(sum(result.recorded["begun"]) for result in results.values()) == 31

    for count in (2, 6):
        process = start(killed)
        for _ in range(6000):
            if len(list((killed / "results").rglob("*.json"))) >= count:
                break
            assert process.poll() is None, (killed / "log").read_text()
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        assert len(list((killed / "results").rglob("*.json"))) < 16
    assert start(killed).wait(300) == 0, (killed / "log").read_text()
    resumed = {path.name: store.load(path) for path in (killed / "results").rglob("*.json")}
    assert {name: result.outcome for name, result in resumed.items()} == {
        name: result.outcome for name, result in results.items()
    }
    assert sum(sum(result.recorded["begun"]) for result in resumed.values()) <= 31 + 2 * 2
    assert not states(killed / "cache")


def test_a_folder_that_another_process_removes_meanwhile_is_passed_over(tmp_path, monkeypatch):
    left = tmp_path / "runs" / "smoke" / "digits-split" / "prefixes~ab12-100" / "after-2-mf"
    gone = tmp_path / "runs" / "smoke" / "digits-split" / "frozen-100"
    for folder in (left, gone):
        folder.mkdir(parents=True)
    scan = os.scandir

    def scan_what_is_left(place):
        if Path(place).name == gone.name:
            raise FileNotFoundError(place)
        return scan(place)

    monkeypatch.setattr(os, "scandir", scan_what_is_left)
    assert not any_left(tmp_path)
    (left.parent.with_name("frozen~ab12-100") / "after").mkdir(parents=True)
    (left.parent.with_name("frozen~ab12-100") / "after" / "checkpoint.npz").touch()
    assert not any_left(tmp_path)
    (left / "checkpoint.npz").touch()
    assert any_left(tmp_path)
