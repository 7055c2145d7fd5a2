"""Comparisons: what the stated claims compare, and that each says it completely."""

import numpy as np
import pytest
from cl_book.claims import claim as claims
from cl_book.claims import reference_runs as reference
from cl_book.claims.arms import Arm, parse_arm, run_of
from cl_book.claims.comparisons import Comparison
from cl_book.claims.paper_table import reported
from pydantic import TypeAdapter, ValidationError

from cl_core.experiments.catalogue import CATALOGUE
from cl_core.runs.result_set import ResultSet
from cl_core.runs.staleness import State

STATED = {claim.id: claim.test for claim in claims.load() if claim.test is not None}
PRIMARY = {name: test for name, test in STATED.items() if test.primary}
TEST = {
    "kind": "difference",
    "experiment": "split-cifar100",
    "of": "two-level",
    "against": "frozen trained=2",
    "measure": "avg_acc",
    "direction": "more",
    "seeds": "0-4",
}


def comparison(**fields):
    return TypeAdapter(Comparison).validate_python({**TEST, **fields})


def test_a_difference_names_its_runs():
    found = [made.describe() for made in comparison(seeds="0-1").runs()]
    assert found == [
        "split-cifar100 · two-level · seed 0 · cpu",
        "split-cifar100 · two-level · seed 1 · cpu",
        "split-cifar100 · frozen · seed 0 · cpu · trained=2",
        "split-cifar100 · frozen · seed 1 · cpu · trained=2",
    ]


def test_a_setting_at_its_own_value_is_the_plain_run():
    plain = comparison(against="frozen", seeds="0").runs()
    assert {made.name for made in comparison(against="frozen trained=1", seeds="0").runs()} == {m.name for m in plain}


def test_a_trend_runs_each_arm_at_each_value():
    made = comparison(
        kind="trend", experiment="correlated-cifar100", against="initialized", over="overlap", values=[0, 0.5, 1]
    )
    assert len(made.runs()) == 2 * 3 * 5
    assert {run.settings.overlap for run in made.runs()} == {0.0, 0.5, 1.0}


def test_a_schedule_has_a_letter_for_each_task_from_the_second_on():
    made = TypeAdapter(Comparison).validate_python(
        {k: v for k, v in TEST.items() if k != "against"} | {"kind": "schedules", "tasks": 5, "alike": True}
    )
    assert len(set(made.schedules())) == 16
    assert Arm("fixed", ("moves=mffm",)) in made.schedules()


@pytest.mark.parametrize(
    ("fields", "effect", "delta"),
    [
        ({}, None, 0.5),
        ({"paper": ["I/split-cifar100/adaptive/avg_acc", "I/split-cifar100/frozen/avg_acc"]}, 3.81, 1.905),
        ({"paper": ["I/split-cifar10/frozen/avg_acc", "I/split-cifar10/initialized/avg_acc"]}, 0.24, 0.5),
        ({"paper": ["I/corrupted-cub200/adaptive-minus-initialized/forgetting"], "direction": "less"}, 0.45, 0.5),
        ({"delta": 10}, None, 10),
    ],
)
def test_the_smallest_effect_that_matters(fields, effect, delta):
    made = comparison(**fields)
    assert (made.effect, made.smallest) == (pytest.approx(effect) if effect else None, pytest.approx(delta))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "picked", "among": ["frozen"], "against": ["frozen-0"], "picked_on": "0-2"}, "both pick and test"),
        ({"kind": "association", "among": ["frozen", "frozen-0", "two-level", "initialized"]}, "its own delta"),
        ({"against": "frozen trained"}, "not of the form name=value"),
        ({"seeds": "4-0"}, "runs backwards"),
        ({"seed": "0"}, "Extra inputs"),
    ],
)
def test_what_is_refused(fields, says):
    if fields.get("kind"):
        fields = {"of": None, "against": None, **fields}
        fields = {name: value for name, value in {**TEST, **fields}.items() if value is not None}
        with pytest.raises(ValidationError, match=says):
            TypeAdapter(Comparison).validate_python(fields)
        return
    with pytest.raises(ValidationError, match=says):
        comparison(**fields)


# What book/claims.yml states.


def test_the_primary_family_is_named_and_has_ten_seeds():
    assert len(PRIMARY) == 7
    assert {test.experiment for test in PRIMARY.values()} == {"split-cifar100"}
    assert {len(test.seeds) for test in PRIMARY.values()} == {10}


def test_every_claim_can_be_decided():
    assert [name for name, test in STATED.items() if test.experiment not in CATALOGUE] == []
    assert [name for name, test in STATED.items() if len(test.seeds) < 5] == [], "fewer than five give no verdict"
    on_others = [name for name, test in STATED.items() if max(test.all_seeds()) >= 100]
    assert on_others == [], "claims are decided on test images"
    against = [name for name, test in STATED.items() if test.paper and not test.effect > 0]
    assert against == [], "these go against what the paper reports"


def test_every_reported_row_is_claimed_as_an_order():
    claimed = {key for test in STATED.values() for key in test.paper}
    rows = set(reported())
    assert rows <= claimed


CELLS = [
    (experiment, first, second, metric)
    for experiment in dict.fromkeys(key.split("/")[1] for key in reported())
    for first, second in (("adaptive", "initialized"), ("adaptive", "frozen"), ("frozen", "initialized"))
    for metric in ("avg_acc", "task_acc", "forgetting")
    if any(key.split("/")[1:] == [experiment, first, metric] for key in reported())
]


@pytest.mark.parametrize(("experiment", "first", "second", "metric"), CELLS)
def test_the_order_of_every_two_cells_is_claimed_of_algorithm_1(experiment, first, second, metric):
    arms = {frozenset((str(test.of), str(test.against))) for test in STATED.values() if alike(test, experiment, metric)}
    assert frozenset((first, second)) in arms


def alike(test, experiment, metric):
    return test.kind == "difference" and (test.experiment, test.measure) == (experiment, metric)


@pytest.mark.parametrize("experiment", ["split-cifar100", "split-cifar10", "split-cifar100-20", "split-cub50"])
@pytest.mark.parametrize("other", ["adaptive", "initialized"])
@pytest.mark.parametrize("metric", ["avg_acc", "task_acc", "forgetting"])
def test_what_is_claimed_of_frozen_is_claimed_at_three_depths(experiment, other, metric):
    arms = {frozenset((str(test.of), str(test.against))) for test in STATED.values() if alike(test, experiment, metric)}
    assert {frozenset((f"frozen{depth}", other)) for depth in ("", " trained=3", " trained=5")} <= arms


def test_no_primary_claim_follows_from_the_others():
    """Forgetting is M/(M−1) of Task.Acc less Avg.Acc, so each claim is a row over these two of every arm."""
    arms = sorted({str(arm) for test in PRIMARY.values() for arm in test.sides()})
    rows = np.zeros((len(PRIMARY), len(arms), 2))
    weights = {"avg_acc": (1, 0), "task_acc": (0, 1), "forgetting": (-1, 1)}
    for row, test in zip(rows, PRIMARY.values(), strict=True):
        row[arms.index(str(test.of))] += weights[test.measure]
        row[arms.index(str(test.against))] -= weights[test.measure]
    assert np.linalg.matrix_rank(rows.reshape(len(rows), -1)) == len(PRIMARY)


@pytest.fixture(scope="module")
def reference_runs():
    return {made.name for made in reference.plans()}


def test_the_reference_runs_hold_what_decides_each_claim(reference_runs):
    wanted = {name: test for name, test in STATED.items() if "cub200" not in test.experiment}
    left_out = {name: {made.name for made in test.runs()} - reference_runs for name, test in wanted.items()}
    assert {name: runs for name, runs in left_out.items() if runs} == {}


def test_the_primary_family_is_decided_by_the_first_steps():
    first = {made.name for made in reference.plans(["primary", "algorithm", "depths"])}
    assert {made.name for test in PRIMARY.values() for made in test.runs()} <= first


# What forgetting follows.

_WAYS = {"initialized": 4.0, "frozen": 3.0, "frozen trained=3": 2.0, "slower rate_factor=0.1": 1.0}


@pytest.fixture
def read_order(make_run):
    """Return what reads an association of four made-up ways whose forgetting is known, and the association."""
    arms = [f"{way} effects=true" for way in _WAYS]
    results = {
        run_of("split-cifar100", parse_arm(arm), 0).name: make_run(
            "split-cifar100", arm, 0, forgetting=forgotten, update=forgotten, drifts=(None, *(5 - forgotten,) * 3)
        )
        for arm, forgotten in zip(arms, _WAYS.values(), strict=True)
    }

    def read(along, **fields):
        test = {"kind": "association", "experiment": "split-cifar100", "among": arms, "measure": "forgetting"}
        test |= {"direction": "more", "seeds": "0", "delta": 0.1, "along": along, **fields}
        comparison = TypeAdapter(Comparison).validate_python(test)
        return comparison.read(ResultSet(results, dict.fromkeys(results, State()))).differences, comparison.shows()

    return read


def test_an_association_follows_what_it_names_less_what_it_must_reach(read_order):
    found, shows = read_order("update_norm")
    assert found == {0: pytest.approx(1.0)}
    assert "the mean ‖θ_t − θ_{t−1}‖ and Forgetting: mean" in shows
    found, shows = read_order("drift", at_least=0.6)
    assert found == {0: pytest.approx(-1.6)}
    assert "less 0.6" in shows
    found, shows = read_order("drift", rather_than="update_norm")
    assert found == {0: pytest.approx(-2.0)}
    assert "less that with the mean ‖θ_t − θ_{t−1}‖" in shows


def test_what_was_not_measured_is_said_and_not_guessed(read_order):
    with pytest.raises(ValueError, match="has no curvature; run it with effects"):
        read_order("curvature")
