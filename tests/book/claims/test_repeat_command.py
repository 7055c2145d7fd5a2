"""The command of each claim asks for just the runs that decide it."""

import shlex

import pytest
from cl_book.claims import claim as claims
from cl_book.claims.repeat_command import command

from cl_core.runs.grid import list_plans, parse_choices, parse_seeds

STATED = {claim.id: claim for claim in claims.load()}


def asked(line):
    """The runs that the sweeps of a claim's command do."""
    return [run for sweep in line.split(" && ")[:-1] for run in swept(sweep)]


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


@pytest.mark.parametrize("name", [name for name, claim in STATED.items() if claim.test is not None])
def test_a_claims_command_asks_for_its_runs(name):
    claim = STATED[name]
    line = command(claim)
    wanted, made = {run.name for run in claim.test.runs()}, {run.name for run in asked(line)}
    followed = {run.of_strategy(run.strategy.follows).name for run in claim.test.runs() if run.strategy.follows}
    assert made == wanted | followed
    assert line.endswith(f"--out mine && cl-core claims {name} --results mine")


def test_two_ways_to_train_with_other_values_of_two_settings_take_a_sweep_each():
    lines = [command(claim) for claim in STATED.values() if claim.test is not None]
    assert 0 < sum(line.count("cl-core sweep") == 2 for line in lines) < len(lines) / 10
    assert max(line.count("cl-core sweep") for line in lines) == 2


def test_a_claim_of_the_theory_is_its_notebook():
    assert command(STATED["T04"]) == "cl-core rerun notebooks/02-bound.ipynb"
