"""The set of results: read once, asked by plan or by name, and read again when a file changes."""

import pytest

from cl_core.experiments import store
from cl_core.experiments.plan import make_plan
from cl_core.runs import ledger
from cl_core.runs.result_set import read_results, read_retest, read_stored, read_validation


@pytest.fixture
def put(checkout):
    def write(result):
        path = (
            checkout
            / "results"
            / make_plan(
                result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides
            ).name
        )
        store.save(result, path)
        return path

    return write


def test_results_are_found_by_plan_and_by_name(put, make_result):
    for seed in (1, 0):
        put(make_result(seed=seed))
    put(make_result(seed=0, overrides={"trained": 2}))
    put(make_result(seed=0, strategy="initialized"))
    results = read_results()
    assert [result.seed for result in results.find("split-cifar10", "frozen", "cpu")] == [0, 1]
    assert [dict(r.overrides) for r in results.find("split-cifar10", "frozen", "cpu", overrides={"trained": 2})] == [
        {"trained": 2}
    ]
    assert results.get(make_plan("split-cifar10", "initialized", 0, "cpu")).strategy == "initialized"
    assert results.get(make_plan("split-cifar10", "initialized", 1, "cpu")) is None


def test_a_stale_result_is_there_with_its_reason_and_is_not_found(put, make_result):
    put(make_result(protocol=0))
    results = read_results()
    name = "cpu/split-cifar10/frozen-0.json"
    assert list(results.results) == [name]
    assert (dict(results.current), dict(results.stale)) == ({}, {name: "protocol 0, now 1"})
    assert list(results.find("split-cifar10", "frozen", "cpu")) == []
    assert results.get(make_plan("split-cifar10", "frozen", 0, "cpu")) is None


def test_unchanged_files_are_read_once_and_a_changed_one_again(put, make_result, monkeypatch):
    path = put(make_result())
    loads = []
    load = store.load
    monkeypatch.setattr(store, "load", lambda name: loads.append(name) or load(name))
    first = read_results()
    assert read_results() is first
    assert len(loads) == 1
    put(make_result(seed=1))
    assert len(read_results().current) == 2
    path.unlink()
    assert list(read_results().current) == ["cpu/split-cifar10/frozen-1.json"]


def test_a_confirmation_is_seen_without_a_change_of_results(put, make_result, make_confirmation):
    put(make_result(recorded={"files": {}}))
    assert [state.word for state in read_results().states.values()] == ["unconfirmed"]
    ledger.add(make_confirmation(code=ledger_code()))
    assert [state.word for state in read_results().states.values()] == ["current"]


def ledger_code():
    from cl_core.experiments.provenance import code_digest

    return code_digest()


def test_another_folder_has_results_of_its_own_and_its_other_files_are_none(put, make_result, checkout, tmp_path):
    put(make_result())
    (checkout / "results/notes.json").write_text("{}")
    (checkout / "results").rename(tmp_path / "mine")
    assert list(read_results(tmp_path / "mine").current) == ["cpu/split-cifar10/frozen-0.json"]
    assert list(read_results().current) == []


def test_what_is_no_file_is_passed_over_and_a_foreign_file_is_named(put, make_result, checkout, tmp_path):
    path = put(make_result())
    (checkout / "results").rename(tmp_path / "mine")
    beside = tmp_path / "mine" / path.parent.relative_to(checkout / "results")
    (beside / "folder.json").mkdir()
    (beside / "nowhere.json").symlink_to(beside / "gone")
    (beside / "foreign.json").write_bytes(b"\xff")
    results = read_results(tmp_path / "mine")
    assert list(results.current) == ["cpu/split-cifar10/frozen-0.json"]
    assert list(results.stale) == ["cpu/split-cifar10/foreign.json"]
    assert "foreign.json" in results.stale["cpu/split-cifar10/foreign.json"]


def test_what_choices_were_made_with_stands_apart_and_is_stored_all_the_same(put, make_result, checkout):
    path = put(make_result(seed=100))
    apart = checkout / "results/validation" / path.relative_to(checkout / "results")
    apart.parent.mkdir(parents=True)
    path.rename(apart)
    put(make_result(seed=0))
    name = "cpu/split-cifar10/frozen-100.json"
    assert (
        list(read_results().results)
        == list(read_results(checkout / "results").results)
        == ["cpu/split-cifar10/frozen-0.json"]
    )
    assert [run.seed for run in read_results().find("split-cifar10", "frozen", "cpu")] == [0]
    assert [run.seed for run in store.find("split-cifar10", "frozen", "cpu")] == [0]
    assert list(read_validation().current) == list(read_results(checkout / "results/validation").current) == [name]
    assert read_validation().get(make_plan("split-cifar10", "frozen", 100, "cpu")).seed == 100
    assert list(read_stored().current) == ["cpu/split-cifar10/frozen-0.json", f"validation/{name}"]


def test_first_makings_stand_apart_too(put, make_result, checkout):
    path = put(make_result(train_losses=(0.2, 0.3, 0.4)))
    apart = checkout / "results/retest" / path.relative_to(checkout / "results")
    apart.parent.mkdir(parents=True)
    path.rename(apart)
    put(make_result())
    name = "cpu/split-cifar10/frozen-0.json"
    assert list(read_results().current) == list(read_retest().current) == [name]
    assert read_results().current[name] != read_retest().current[name]
    assert list(read_stored().current) == [name, f"retest/{name}"]
