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
    with pytest.raises(FloatingPointError, match="numbers that are not finite"):
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
    with pytest.raises(OSError, match=r"save the checkpoint .*checkpoint.npz: No space left .*set CL_CACHE_DIR"):
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


@pytest.mark.parametrize("end", [b'{"event": "begun", "ta', bytes(40), b"\n", b"[1]", b"\xff\xfe"])
def test_a_torn_line_of_the_journal_is_lost_alone_and_the_file_is_named(place, end, caplog):
    place.note("begun", 0)
    path = place.folder / "journal.jsonl"
    path.write_bytes(path.read_bytes() + end)
    place.note("begun", 1)
    assert [(line["event"], line["task"]) for line in place.journal()] == [("begun", 0), ("begun", 1)]
    assert [record.getMessage().partition(" is ")[0] for record in caplog.records] == (
        [] if end == b"\n" else [f"{path}: line 2"]
    )


def test_a_journal_that_cannot_be_written_costs_nothing_but_a_line(place, caplog):
    (place.folder / "journal.jsonl").mkdir(parents=True)
    place.note("begun", 0)
    assert place.journal() == []
    assert "cannot write the journal" in caplog.text
    assert "CL_CACHE_DIR" in caplog.text


def _array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def _text_record(path):
    np.savez(path, **{"record.json": np.frombuffer(b'"text"', dtype=np.uint8)})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: np.savez(path, w=np.zeros(2)),
        _array,
        _text_record,
        lambda path: np.savez(path, **{"record.json": np.frombuffer(b"\xff{", dtype=np.uint8)}),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes(4000)),
    ],
)
def test_a_file_that_is_no_checkpoint_means_start_over(place, damage):
    place.folder.mkdir(parents=True)
    damage(place.folder / "checkpoint.npz")
    assert place.load() is None


def test_what_the_system_refuses_is_named_with_the_variable_that_moves_it(place, monkeypatch):
    def refuse(lock, **options):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("cl_core.experiments.checkpoints.FileLock.acquire", refuse)
    with (
        pytest.raises(OSError, match=r"cannot lock .*frozen-0\.lock: No locks available; .*set CL_CACHE_DIR"),
        place.lock(),
    ):
        pytest.fail("there is no lock")


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


@pytest.mark.parametrize("content", ["npy", "no record", "record that is none", "record without identity", "text"])
def test_a_checkpoint_that_is_none_is_begun_anew(tmp_path, content):
    place = Checkpoint("cpu/a/b-0.json", "x", tmp_path)
    place.save({"weights": np.zeros(2)}, {"task": 1})
    assert place.load() is not None
    path = place.folder / "checkpoint.npz"
    with path.open("wb") as file:
        if content == "npy":
            np.save(file, np.zeros(2))
        elif content == "text":
            file.write(b"text")
        else:
            records = {"record that is none": b"\xff", "record without identity": b"{}"}
            record = {"record.json": np.frombuffer(records[content], np.uint8)} if content in records else {}
            np.savez(file, weights=np.zeros(2), **record)
    assert place.load() is None
