"""The command of each claim asks for just the runs that decide it."""

import shlex

import pytest
from cl_book.claims import claim as claims
from cl_book.claims.repeat_command import command, describe_time

from cl_core.experiments.progress import format_duration
from cl_core.runs.grid import list_plans, parse_choices, parse_seeds
from cl_core.runs.result_set import read_results

STATED = {claim.id: claim for claim in claims.load()}


@pytest.fixture(scope="module")
def lines():
    """The command of each claim that is decided by runs."""
    return {name: command(claim) for name, claim in STATED.items() if claim.test is not None}


def asked(line):
    """The runs that the sweeps of a claim's command do."""
    return [run for part in line.split(" && ")[:-1] if not part.startswith("cl-core data") for run in swept(part)]


def swept(sweep):
    words = shlex.split(sweep)
    assert words[:2] == ["cl-core", "sweep"]
    options = list(zip(words[2::2], words[3::2], strict=True))
    one = dict(options)
    return list_plans(
        experiments=one["--experiments"].split(","),
        strategies=one["--strategies"].split(","),
        seeds=parse_seeds(one["--seeds"]),
        profile=one["--profile"],
        choices=parse_choices([value for name, value in options if name == "--set"]),
    )


def test_each_claims_command_asks_for_its_runs(lines):
    for name, line in lines.items():
        claim, runs = STATED[name], STATED[name].test.runs()
        followed = {run.of_strategy(run.strategy.follows).name for run in runs if run.strategy.follows}
        assert {run.name for run in asked(line)} == {run.name for run in runs} | followed, name
        assert line.endswith(f"--out mine && cl-core claims {name} --results mine"), line
        assert line.startswith("cl-core data split cifar100 && ") == ("cifar100" in claim.test.experiment), line
        assert line.count(" --data prepared ") == ("cifar100" in claim.test.experiment) * line.count("cl-core sweep"), (
            line
        )
        assert line.count(" --data ") == line.count("cl-core sweep"), line


@pytest.mark.parametrize("name", {claim.test.kind: name for name, claim in STATED.items() if claim.test}.values())
def test_the_quick_form_has_the_first_two_seeds(name):
    test = STATED[name].test
    line = command(STATED[name], quick=True)
    seeds = {run.seed for run in asked(line)}
    assert seeds & set(test.seeds) == set(test.seeds[:2])
    assert seeds - set(test.seeds) == set(test.all_seeds()) - set(test.seeds)
    assert line.endswith(f"--out quick && cl-core claims {name} --results quick")


def test_the_time_is_that_of_the_stored_runs_with_what_they_follow(keep, checkout):
    claim = STATED["C05"]
    runs = {run.name: run for run in asked(command(claim))}
    for run in runs.values():
        keep(run.experiment.name, run.strategy.name, run.seed, recorded={"times": {"total_s": 90.0}})
    assert describe_time(claim, read_results()) == format_duration(90.0 * len(runs))
    assert describe_time(claim, read_results(), quick=True) == format_duration(90.0 * len(runs) * 2 / 10)
    assert describe_time(STATED["T04"], read_results()) == ""
    (checkout / "notebooks/timings.json").write_text('{"02-bound": {"seconds": 13.2}}')
    assert describe_time(STATED["T04"], read_results()) == format_duration(13.2)
    assert describe_time(STATED["C16"], read_results()) == ""


def test_two_ways_to_train_with_other_values_of_two_settings_take_a_sweep_each(lines):
    assert 0 < sum(line.count("cl-core sweep") == 2 for line in lines.values()) < len(lines) / 10
    assert max(line.count("cl-core sweep") for line in lines.values()) == 2


def test_a_claim_of_the_theory_is_its_notebook():
    assert command(STATED["T04"]) == "cl-core rerun notebooks/02-bound.ipynb"
