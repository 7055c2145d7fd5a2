"""Runs completed once: never twice, never replaced, never half-written."""

import multiprocessing

import numpy as np
import pytest

from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.machine import ARITHMETIC
from cl_core.experiments.plan import make_plan
from cl_core.runs import complete, repeat

TINY = {"tasks": 3, "width": 8, "batch": 256, "epochs": 1, "head_warmup_steps": 2, "gradient_samples": 16}

STREAM = """
from pathlib import Path
import numpy as np
from cl_core.streams import Stream

def tasks(seed):
    rows, labels = np.loadtxt(Path(__file__).with_name("rows.txt")), np.arange(16) // 2
    cuts = [int(word) for word in Path(__file__).with_name("cuts.txt").read_text().split()]
    return Stream.of([(rows[part], labels[part]) * 2 for part in np.split(np.arange(16), cuts)], name="features")
"""


def tiny(strategy, **more):
    return make_plan("digits-permuted", strategy, 100, "smoke", overrides={**TINY, **more})


@pytest.fixture
def folders(tmp_path):
    return {"results": tmp_path / "results", "cache": tmp_path / "cache"}


def test_a_run_is_computed_once_and_then_found(folders):
    first = complete.complete(tiny("frozen"), **folders)
    assert first.computed
    before = first.path.read_bytes()
    moments = []
    second = complete.complete(tiny("frozen"), **folders, listener=moments.append)
    assert not second.computed
    assert moments == []
    assert second.result == first.result
    assert first.path.read_bytes() == before
    assert store.load(first.path) == first.result
    assert [path.suffix for path in folders["cache"].rglob("*") if path.is_file()] == [".lock"]


def _compute(folders, started, computed):
    started.wait(30)
    computed.put(complete.complete(tiny("frozen"), **folders).computed)


@pytest.mark.slow
def test_two_processes_that_ask_for_one_run_compute_it_once(folders):
    context = multiprocessing.get_context("spawn")
    started, computed = context.Event(), context.Queue()
    both = [context.Process(target=_compute, args=(folders, started, computed)) for _ in range(2)]
    for process in both:
        process.start()
    started.set()
    assert sorted(computed.get(timeout=120) for _ in both) == [False, True]
    for process in both:
        process.join(60)


def test_a_control_finds_its_two_level_run_in_the_store(folders, monkeypatch):
    with pytest.raises(
        ValueError, match="cl-core run digits-permuted --strategy two-level --seed 100 --profile smoke --set"
    ):
        complete.complete(tiny("two-level-random", many=2), **folders)
    results = folders["results"]
    with pytest.raises(ValueError, match=rf" --set tasks=3 --out {results} first$"):
        complete.complete(tiny("two-level-random", many=2), **folders)
    spaced = {**folders, "results": folders["cache"] / "my results"}
    with pytest.raises(ValueError, match=rf" --data embedded --out '{spaced['results']}' first$"):
        complete.complete(tiny("two-level-random", many=2), **spaced, route="embedded")
    monkeypatch.setattr(complete, "locate_results", lambda: results)
    with pytest.raises(ValueError, match=r" --set tasks=3 first$"):
        complete.complete(tiny("two-level-random", many=2), **folders)
    two_level = complete.complete(tiny("two-level", many=2), **folders)
    control = complete.complete(tiny("two-level-random", many=2), **folders)
    assert control.result.source["digest"] == two_level.result.digest
    two_level.path.unlink()
    with pytest.raises(ValueError, match="is not there"):
        complete.complete(tiny("two-level-random", many=2), **folders)


def test_a_stale_result_is_neither_taken_nor_replaced(folders, make_result):
    made = make_plan("split-cifar10", "frozen", 0, "cpu")
    path = folders["results"] / made.name
    store.save(make_result(protocol=0), path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"is stale \(protocol 0, now 1\); move it away"):
        complete.complete(made, **folders)
    assert path.read_bytes() == before


def test_a_result_on_other_images_is_not_passed_off(folders, make_result):
    made = make_plan("split-cifar10", "frozen", 0, "cpu")
    store.save(make_result(), folders["results"] / made.name)
    assert not complete.complete(made, **folders).computed
    assert not complete.complete(made, **folders, route="prepared").computed
    with pytest.raises(ValueError, match="by the route 'prepared', not 'official'"):
        complete.complete(made, **folders, route="official")


def test_a_result_on_data_that_a_stream_of_ones_own_no_longer_gives_is_not_passed_off(folders, own_files):
    own_files.write("mine.py", STREAM)

    def ask(first, cuts="8"):
        np.savetxt(own_files.folder / "rows.txt", np.arange(48.0).reshape(16, 3) + first)
        (own_files.folder / "cuts.txt").write_text(cuts)
        own_files.start_anew()
        overrides = {"epochs": 1, "width": 4, "depth": 1, "head_warmup_steps": 1, "gradient_samples": 4}
        plan = make_plan("mine:tasks", "frozen", 0, "smoke", overrides=overrides)
        return complete.complete(plan, **folders).computed

    said = r"frozen.*json was computed on features, and mine:tasks now gives other data; give another folder \(--out\)"
    assert ask(0.0)
    assert not ask(0.0)
    with pytest.raises(ValueError, match=said):
        ask(1.0)
    # The same rows in other tasks are other data too.
    with pytest.raises(ValueError, match=said):
        ask(0.0, cuts="8 12")


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_where_nothing_can_be_stored_is_told_before_training(folders, tmp_path, place):
    (tmp_path / "file").write_text("no folder")
    moments = []
    with pytest.raises(OSError, match=r"cannot store results in .*; give another folder with --out$"):
        complete.complete(tiny("frozen"), results=tmp_path / place, cache=folders["cache"], listener=moments.append)
    assert moments == []


def test_a_torn_journal_costs_no_result(folders, caplog):
    place = Checkpoint(tiny("frozen").name, "", folders["cache"])
    place.note("begun", 0)
    journal = place.folder / "journal.jsonl"

    def tear(moment):
        if moment.stage == "finished":
            journal.write_bytes(journal.read_bytes() + b'{"event": "begun", "ta')

    done = complete.complete(tiny("frozen"), **folders, listener=tear)
    assert done.result.recorded["begun"] == [1, 1, 1]
    assert f"{journal}: line" in caplog.text


def test_a_full_disk_at_the_end_loses_the_file_and_not_the_work(folders, monkeypatch):
    kept, fsync = [], files.os.fsync

    def full(descriptor):
        # One write tries the folder of results, three save the tasks.
        if len(kept) >= 4:
            raise OSError(28, "No space left on device")
        kept.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match=r"cannot store the result .*frozen.*: No space left .*--out"):
        complete.complete(tiny("frozen"), **folders)
    assert not any(path.is_file() for path in folders["results"].rglob("*"))
    monkeypatch.undo()
    moments = []
    done = complete.complete(tiny("frozen"), **folders, listener=moments.append)
    assert done.computed
    assert moments == []


def test_a_stored_run_again_is_identical_on_the_same_machine(folders):
    two_level = complete.complete(tiny("two-level", many=2), **folders)
    control = complete.complete(tiny("two-level-inverted", many=2), **folders)
    for done in (two_level, control):
        after, comparison = repeat.repeat(done.path)
        assert comparison.identical
        assert comparison.expected
        assert comparison.holds
        assert after.outcome == done.result.outcome


def test_a_repetition_is_judged_by_where_it_ran(make_result):
    machine = {"machine": dict.fromkeys(ARITHMETIC, "a"), "versions": {"torch": "1"}}
    other = {**machine, "versions": {"torch": "2"}}
    stored = make_result(recorded=machine)
    near = {"correct": ((9, None, None), (8, 10, None), (9, 10, 10))}
    same_counts_elsewhere = repeat.compare(stored, make_result(recorded=other))
    assert same_counts_elsewhere.identical
    changed_here = repeat.compare(stored, make_result(recorded=machine, **near))
    assert (changed_here.expected, changed_here.identical, changed_here.holds) == (True, False, False)
    changed_elsewhere = repeat.compare(stored, make_result(recorded=other, **near))
    assert changed_elsewhere.largest > repeat.tolerance(stored)
    assert not changed_elsewhere.holds
    fine = dict.fromkeys(("test_sizes", "train_sizes"), (1000, 1000, 1000))
    close = [
        make_result(recorded=record, correct=((900, None, None), (800, 900, None), (600, 900, last)), **fine)
        for record, last in ((machine, 800), (other, 810))
    ]
    assert repeat.compare(*close).holds
