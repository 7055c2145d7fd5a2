"""`cl-core results`: what is stored, counted or as a table; a wrong name is one line."""

import csv
import io

import pytest
from cl_book.cli import app
from typer.testing import CliRunner

from cl_core.experiments import store


@pytest.fixture
def run(checkout, make_result):
    for seed in (0, 1):
        store.save(make_result(seed=seed), checkout / f"results/cpu/split-cifar10/frozen-{seed}.json")

    def invoke(*words):
        done = CliRunner().invoke(app, ["results", *map(str, words)], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    return invoke


def test_results_are_counted_by_experiment_and_state(run):
    assert run() == "    2 current      split-cifar10, cpu\n2 results\n"


def test_the_table_goes_to_the_terminal_or_to_a_file(run, tmp_path):
    printed = run("--csv")
    assert [row["seed"] for row in csv.DictReader(io.StringIO(printed))] == ["0", "1"]
    assert run("--csv", tmp_path / "runs.csv") == f"written: {tmp_path / 'runs.csv'}, 2 runs\n"
    assert (tmp_path / "runs.csv").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["x.csv"], "without --csv; write cl-core results --csv x.csv$"),
        (["my runs.csv"], "write cl-core results --csv 'my runs.csv'$"),
        (["--csv", "x.json"], "ends in .csv"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(run, checkout, words, says):
    with pytest.raises(ValueError, match=says):
        run(*words)
    assert not (checkout / words[-1]).exists()
