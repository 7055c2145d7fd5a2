"""The command `sweep`: what is in its folder of results and is none stops nothing."""

import json

import pytest
from support.made_designs import make_record

from cl_core.runs.design_table import append
from cl_core.runs.designs import ROLES

WORDS = ["--experiments", "digits-permuted", "--strategies", "frozen", "--set", "tasks=3", "--set", "epochs=1"]


@pytest.mark.parametrize("content", [b"{}", b"[1, 2", b"\xff\xfe", json.dumps({"protocol": 1}).encode()])
def test_a_foreign_file_among_results_is_named_and_passed_over(run, tmp_path, content):
    foreign = tmp_path / "smoke" / "notes" / "mine.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(content)
    (tmp_path / "about.json").write_text("no result, directly in the folder")
    code, out, err = run("sweep", *WORDS, "--out", tmp_path, "--dry-run")
    assert code == 0
    assert "1 to do" in out
    assert [line.partition(" is ")[0] for line in err.splitlines() if "passed over" in line] == [
        f"passed over: {foreign}"
    ]
    assert foreign.read_bytes() == content


@pytest.mark.parametrize("option", ["--experiments", "--strategies", "--reference"])
def test_a_list_of_no_names_is_an_error(run, tmp_path, option):
    code, _, err = run("sweep", *WORDS[:2], option, " ,", "--out", tmp_path)
    assert code == 2
    assert "' ,' names nothing" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--experiments", ""], "'' names nothing; write names with commas"),
        ([*WORDS[:2], "--strategies", ""], "'' names nothing; write names with commas"),
        ([*WORDS[:2], "--seeds", ""], "--seeds '' does not fit; write numbers and ranges"),
        ([*WORDS[:2], "--profile", ""], "There is no profile ''"),
        ([*WORDS[:2], "--protocol", ""], "There is no protocol ''"),
        (["--reference", "primary", "--experiments", ""], "'' names nothing"),
        (["--reference", "primary", "--strategies", ""], "'' names nothing"),
        (["--reference", "primary", "--seeds", ""], "--seeds '' does not fit"),
        (["--reference", "primary", "--profile", ""], "There is no profile ''"),
        (["--reference", "primary", "--protocol", ""], "--protocol has no place beside --reference"),
        (["--reference", "primary", "--network", ""], "--network has no place beside --reference"),
    ],
)
def test_an_empty_option_does_not_stand_for_all(run, tmp_path, words, says):
    code, out, err = run("sweep", *words, "--out", tmp_path, "--dry-run")
    assert (code, out) == (2, "")
    assert says in err


def test_a_folder_of_ones_own_does_not_hide_how_long_runs_took(run, checkout, keep, tmp_path):
    words = ["sweep", "--experiments", "split-cifar100", "--strategies", "frozen", "--profile", "cpu", "--seeds", "5"]
    code, out, _ = run(*words, "--out", tmp_path / "mine", "--dry-run")
    assert (code, "unknown time" in out) == (0, True)
    keep("split-cifar100", "frozen", 0, recorded={"times": {"total_s": 90.0}})
    code, out, _ = run(*words, "--out", tmp_path / "mine", "--dry-run")
    assert (code, "0 there, 1 to do in 1 min 30 s" in out) == (0, True), out


def test_a_design_s_missing_runs_are_listed(run, tmp_path):
    code, out, err = run("sweep", "--design", "digits-split", "--protocols", "2", "--out", tmp_path, "--dry-run")
    assert code == 0, err
    assert out.count("to do   protocol") == 10
    assert "10 to do" in out
    assert list(tmp_path.iterdir()) == []


def test_a_design_takes_as_long_as_its_runs_on_a_processor_did(run, tmp_path):
    first, *others = ROLES
    times = {first: (120.0, "cpu"), **dict.fromkeys(others, (1.0, "NVIDIA H200"))}
    for role, (seconds, device) in times.items():
        recorded = {"seconds": seconds, "machine": {"device": device}}
        made = make_record("digits-split", 0, role, 50.0, 5.0, recorded=recorded)
        append(tmp_path / "designs" / "digits-split.jsonl", made)
    code, out, err = run("sweep", "--design", "digits-split", "--protocols", "2", "--out", tmp_path, "--dry-run")
    assert code == 0, err
    assert "about 10 min 0 s on one core" in out, out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--design", "digits"], "did you mean 'digits-split'"),
        (["--design", "digits-split", "--seeds", "3"], "--design says all of its runs"),
        (["--design", "digits-split", "--protocols", "31"], "has 1 to 30"),
        (["--protocols", "2"], "--protocols goes with --design"),
    ],
)
def test_what_does_not_go_with_a_design_is_one_line(run, tmp_path, words, says):
    code, _, err = run("sweep", *words, "--out", tmp_path, "--dry-run")
    assert code == 2
    assert says in err
