"""Checkpoints: whole or absent, never another run's, never pickled; and one process a run."""

import multiprocessing

import numpy as np
import pytest

from cl_core import files
from cl_core.experiments.checkpoints import Checkpoint, locate_cache


@pytest.fixture
def place(tmp_path):
    return Checkpoint("cpu/split-cifar10/frozen-0.json", "identity", tmp_path)


def test_a_checkpoint_comes_back_bit_for_bit(place):
    arrays = {"weights": np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32), "count": np.array(7)}
    record = {"scores": [None, 0.1, 1e-17], "task": 2}
    place.save(arrays, record)
    found, kept = place.load()
    assert kept == record
    assert {name: (array.dtype, array.tobytes()) for name, array in found.items()} == {
        name: (array.dtype, array.tobytes()) for name, array in arrays.items()
    }


def test_a_record_that_is_not_finite_tells_of_diverged_training_and_leaves_what_was_there(place):
    place.save({"w": np.zeros(2)}, {"norm": 1.0})
    with pytest.raises(FloatingPointError, match="try a third of learning_rate"):
        place.save({"w": np.ones(2)}, {"norm": float("inf")})
    assert place.load()[1] == {"norm": 1.0}


def test_the_later_checkpoint_replaces_the_earlier(place):
    place.save({"w": np.zeros(2)}, {"task": 0})
    place.save({"w": np.ones(2)}, {"task": 1})
    arrays, record = place.load()
    assert record == {"task": 1}
    assert arrays["w"].tolist() == [1, 1]
    assert [path.name for path in place.folder.iterdir()] == ["checkpoint.npz"]


def test_another_identity_has_nothing_to_go_on_with(place, tmp_path):
    place.save({"w": np.zeros(2)}, {"task": 0})
    assert Checkpoint(place.name, "other", tmp_path).load() is None
    assert place.load() is not None


def test_nothing_saved_and_damage_both_mean_start_over(place):
    assert place.load() is None
    place.save({"w": np.zeros(2000)}, {"task": 0})
    whole = place.folder / "checkpoint.npz"
    whole.write_bytes(whole.read_bytes()[:300])
    assert place.load() is None


def test_a_full_disk_leaves_the_checkpoint_before_it(place, monkeypatch):
    place.save({"w": np.zeros(2)}, {"task": 0})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        place.save({"w": np.ones(2)}, {"task": 1})
    assert place.load()[1] == {"task": 0}
    assert [path.name for path in place.folder.iterdir()] == ["checkpoint.npz"]


def test_an_object_array_is_refused_on_reading(place):
    place.folder.mkdir(parents=True)
    np.savez(place.folder / "checkpoint.npz", w=np.array([{"a": 1}], dtype=object))
    assert place.load() is None


def test_the_journal_keeps_its_lines_in_order_until_cleared(place):
    place.note("begun", 0)
    place.note("finished", 0)
    place.note("begun", 1)
    assert [(line["event"], line["task"]) for line in place.journal()] == [("begun", 0), ("finished", 0), ("begun", 1)]
    place.clear()
    assert place.journal() == []
    assert not place.folder.exists()


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CL_CACHE_DIR", str(tmp_path))
    assert locate_cache() == tmp_path
    monkeypatch.delenv("CL_CACHE_DIR")
    assert locate_cache() != tmp_path


def _hold(place, holding, release):
    with place.lock():
        holding.set()
        release.wait(30)


def _enter(place, waited, entered):
    with place.lock(waiting=lambda holder: waited.put(holder)):
        entered.set()


def test_a_second_process_waits_for_the_lock_and_is_told_who_holds_it(place):
    context = multiprocessing.get_context("fork")
    holding, release, entered, waited = context.Event(), context.Event(), context.Event(), context.Queue()
    holder = context.Process(target=_hold, args=(place, holding, release))
    second = context.Process(target=_enter, args=(place, waited, entered))
    holder.start()
    assert holding.wait(30)
    second.start()
    assert waited.get(timeout=30) == str(holder.pid)
    assert not entered.is_set()
    release.set()
    assert entered.wait(30)
    holder.join(30)
    second.join(30)


def test_a_killed_holder_frees_the_lock(place):
    context = multiprocessing.get_context("fork")
    holding, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(place, holding, release))
    holder.start()
    assert holding.wait(30)
    holder.kill()
    holder.join(30)
    entered = []
    with place.lock(waiting=lambda holder: pytest.fail(f"{holder} is dead and still holds the lock")):
        entered.append(place)
    assert entered
