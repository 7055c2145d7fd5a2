"""`cl-core confirm`: golden runs as stored are put on record, and one that differs is refused."""

import json

import pytest
from cl_book import golden
from support.made_results import official_images
from typer.testing import CliRunner

from cl_core.experiments import provenance, store
from cl_core.experiments.machine import ARITHMETIC
from cl_core.runs import ledger, repeat


@pytest.fixture
def run(monkeypatch, checkout):
    """Confirm two made-up groups of golden runs, whose outcomes are in `outcomes`; return exit code and output."""
    from cl_book.cli import app

    outcomes = {"one": {"frozen": {"steps": [1]}}, "two": {"frozen": {"steps": [2]}, "joint": {"steps": [3]}}}
    monkeypatch.setattr(provenance, "require_own_code", lambda: None)
    monkeypatch.setattr(golden, "groups", lambda: list(outcomes))
    monkeypatch.setattr(golden, "compute", lambda group: json.loads(json.dumps(outcomes[group])))
    folder = checkout / golden.FOLDER
    folder.mkdir(parents=True)
    for group, runs in outcomes.items():
        (folder / f"{group}.json").write_text(json.dumps({"protocol": 1, "runs": runs}))

    def confirmed(*words):
        done = CliRunner().invoke(app, ["confirm", *map(str, words)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    confirmed.outcomes = outcomes
    return confirmed


def test_golden_runs_as_stored_are_put_into_the_ledger(run):
    code, output = run()
    assert (code, output) == (
        0,
        f"3 golden runs came out as stored: code {provenance.code_digest()[:8]} is confirmed\n",
    )
    entry = ledger.confirmation_of(provenance.code_digest())
    assert (entry.golden_runs, entry.repeated, dict(entry.versions)) == (3, (), provenance.versions())


@pytest.mark.parametrize("change", ["another number", "a run more"])
def test_a_golden_run_that_differs_is_refused_in_one_line_and_nothing_is_written(run, checkout, change):
    if change == "another number":
        run.outcomes["two"]["joint"]["steps"] = [4]
    else:
        run.outcomes["two"]["masked"] = {"steps": [4]}
    code, output = run()
    assert code == 1
    assert output.startswith("cl-core: not confirmed: golden run two differs (")
    assert output.count("\n") == 1
    assert not (checkout / ledger.LEDGER).exists()


@pytest.mark.parametrize("identical", [True, False])
def test_results_made_again_are_recorded_with_how_they_compare(run, checkout, make_result, monkeypatch, identical):
    before = make_result()
    path = checkout / "results/cpu/split-cifar10/frozen-0.json"
    store.save(before, path)
    machine = {"machine": dict.fromkeys(ARITHMETIC, "a"), "versions": {}}
    before, after = (
        make_result(correct=((9, None, None), (8, 10, None), (6, 9, last)), recorded=machine)
        for last in (8, 8 if identical else 7)
    )
    monkeypatch.setattr(repeat, "repeat", lambda path: (after, repeat.compare(before, after)))
    code, output = run("--repeat", path)
    assert code == 0
    assert ("identical to the bit" if identical else "differs by 3.33 points at most") in output
    (one,) = ledger.confirmations()[-1].repeated
    assert one == ledger.Repetition("results/cpu/split-cifar10/frozen-0.json", identical, one.largest, True)
    assert one.largest == (0 if identical else 3.3333)


def test_a_result_made_again_on_other_images_is_not_recorded(run, checkout, make_result, monkeypatch):
    before, after = make_result(), make_result(data=official_images("cifar10"))
    path = checkout / "results/cpu/split-cifar10/frozen-0.json"
    store.save(before, path)
    monkeypatch.setattr(repeat, "repeat", lambda path: (after, repeat.compare(before, after)))
    said = r"--repeat results/cpu/split-cifar10/frozen-0\.json: it is no repetition: the runs are on different images, made"
    with pytest.raises(ValueError, match=said):
        run("--repeat", path)
    assert not (checkout / ledger.LEDGER).exists()


def test_a_file_that_is_no_result_is_refused_before_anything_runs(run, checkout, tmp_path):
    with pytest.raises(ValueError, match="is no result of this repository"):
        run("--repeat", tmp_path / "elsewhere.json")
    assert not (checkout / ledger.LEDGER).exists()


def test_other_golden_runs_have_another_digest(run, checkout):
    folder = checkout / golden.FOLDER
    before = golden.digest(folder)
    assert golden.digest(folder) == before
    (folder / "one.json").write_text('{"protocol": 1, "runs": {"frozen": {"steps": [7]}}}')
    assert golden.digest(folder) != before
