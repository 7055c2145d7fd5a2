"""The table of all runs: a row a run, read back as it was, with measures, settings and state."""

import csv
import gzip
import io

import pytest
from cl_book.result_table import format_csv, make_table, write_csv

from cl_core.experiments import store
from cl_core.experiments.provenance import code_digest
from cl_core.runs.result_set import ResultSet, read_results
from cl_core.runs.staleness import State


@pytest.fixture
def results(make_result):
    runs = {
        "cpu/split-cifar10/frozen-0.json": make_result(),
        "cpu/split-cifar10/frozen~x-0.json": make_result(overrides={"trained": 2}),
        "cpu/split-cifar10/joint-0.json": make_result(
            strategy="joint", correct=((None,) * 3, (None,) * 3, (6, 9, 8)), magnitudes=(None,) * 3
        ),
    }
    states = [State(), State(unconfirmed=("x.py",)), State(stale=("edited",))]
    return ResultSet(runs, dict(zip(runs, states, strict=True)))


def test_each_run_is_a_row_with_its_measures_settings_and_state(results):
    plain, changed, joint = make_table(results)
    assert [row["state"] for row in (plain, changed, joint)] == ["current", "unconfirmed", "stale"]
    assert (plain["experiment"], plain["strategy"], plain["seed"]) == ("split-cifar10", "frozen", 0)
    assert plain["forgetting"] == pytest.approx(0.2)
    assert plain["mean_magnitude"] == 1
    assert plain["code"] == code_digest()
    assert (plain["overrides"], changed["overrides"]) == ("", "trained=2")
    assert (plain["set_trained"], changed["set_trained"]) == (
        results.results["cpu/split-cifar10/frozen-0.json"].config["trained"],
        2,
    )
    assert (joint["forgetting"], joint["mean_magnitude"]) == (None, None)
    assert list(plain) == list(changed) == list(joint)


@pytest.mark.parametrize("name", ["runs.csv", "runs.csv.gz"])
def test_what_is_written_is_read_back(results, tmp_path, name):
    table = make_table(results)
    write_csv(table, tmp_path / name)
    data = (tmp_path / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows] == list(results.results)
    assert [float(row["avg_acc"]) for row in rows] == [row["avg_acc"] for row in table]
    assert rows[2]["forgetting"] == ""
    write_csv(table, tmp_path / name)
    assert (tmp_path / name).read_bytes() == data


def test_no_results_are_an_empty_table():
    assert format_csv(make_table(ResultSet({}, {}))) == ""


def test_the_stored_results_are_all_in_the_table():
    stored = read_results()
    rows = list(csv.DictReader(io.StringIO(format_csv(make_table(stored)))))
    assert len(rows) == len(stored.results) > 700
    for row in rows[::50]:
        assert float(row["avg_acc"]) == store.metric(stored.results[row["file"]], "avg_acc")
