"""Golden runs: what runs compute changes on purpose or not at all."""

import copy
import json

import pytest
from cl_book import golden
from cl_book.claims.reference_runs import STEPS
from cl_book.claims.reference_runs import plans as plan_reference

from cl_core import files
from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.streams import DEFINITIONS

FOLDER = files.root() / golden.FOLDER


DEAR = {
    f"{part}-resnet"
    for part in (
        "digits-split",
        "digits-permuted",
        "digits-corrupted",
        "digits-long",
        "digits-deng",
        "baselines",
        "pulls",
        "steps",
    )
}
"""Slow: an MLP's runs of the same parts are quick, and so is a ResNet under every kind of strategy on correlated tasks."""


@pytest.mark.parametrize(
    "group", [pytest.param(name, marks=pytest.mark.slow if name in DEAR else ()) for name in golden.groups()]
)
def test_a_golden_run_comes_out_as_stored(group):
    stored = golden.load(FOLDER / f"{group}.json")
    assert stored["protocol"] == PROTOCOL, "PROTOCOL was raised: write the golden runs anew (see golden.py)"
    computed = golden.compute(group)
    found = golden.differences(stored["runs"], {name: computed.get(name) for name in stored["runs"]})
    assert not found, "either a bug, or PROTOCOL has to be raised (see golden.py): " + "; ".join(found[:5])


def test_every_kind_of_stream_and_network_has_its_golden_runs():
    streams = {plan.experiment.stream for group in golden.groups() for plan in golden.plans(group)}
    kinds = {DEFINITIONS[stream].kind for stream in streams}
    assert kinds == {definition.kind for definition in DEFINITIONS.values()}
    assert {group.rpartition("-")[2] for group in golden.groups()} == {"resnet", "mlp"}
    assert {path.stem for path in FOLDER.glob("*.json")} == set(golden.groups())


RUNS = {group: golden.load(FOLDER / f"{group}.json")["runs"] for group in golden.groups() if group.startswith("digits")}


def test_every_strategy_of_the_reference_runs_has_its_golden_runs():
    used = {plan.strategy.name for plan in plan_reference(list(STEPS))}
    for network in golden.NETWORKS:
        extra = {
            name
            for group in ("averages", "baselines", "steps")
            for name in golden.load(FOLDER / f"{group}-{network}.json")["runs"]
        }
        assert {"adaptive", "averaged", "replay"} <= extra
        for group, runs in RUNS.items():
            assert not group.endswith(network) or used <= set(runs) | extra


@pytest.mark.parametrize("network", golden.NETWORKS)
def test_the_pulls_of_the_reference_runs_have_their_golden_runs_and_each_pull_tells(network):
    used = {plan.settings.pull for plan in plan_reference(list(STEPS)) if plan.strategy.name == "pulled"}
    runs = golden.load(FOLDER / f"pulls-{network}.json")["runs"]
    assert set(runs) == {f"pulled pull={pull:g}" for pull in used}
    assert len({tuple(run["update_norms"]) for run in runs.values()}) == len(used)
    free = RUNS[f"digits-split-{network}"]["initialized"]["update_norms"]
    assert all(run["update_norms"][1:] != free[1:] for run in runs.values())


@pytest.mark.parametrize("network", golden.NETWORKS)
def test_the_fractions_of_the_reference_runs_have_their_golden_runs_and_each_tells(network):
    used = {plan.settings.fractions for plan in plan_reference(list(STEPS)) if plan.strategy.name == "averaged"}
    runs = golden.load(FOLDER / f"gains-{network}.json")["runs"]
    assert set(runs) == {f"averaged fractions={order}" for order in used - {"harmonic"}}
    runs |= golden.load(FOLDER / f"averages-{network}.json")["runs"]
    assert len({tuple(run["update_norms"]) for run in runs.values()}) == len(used)


@pytest.mark.parametrize("network", golden.NETWORKS)
def test_the_baselines_have_their_golden_runs(network):
    runs = golden.load(FOLDER / f"baselines-{network}.json")["runs"]
    assert {"ewc", "lwf", "replay"} <= set(runs) <= set(STRATEGIES)
    assert len({str(run) for run in runs.values()}) == len(runs)


def test_the_golden_runs_have_something_to_guard():
    runs = list(RUNS.values())
    assert sum(len(set(group["two-level"]["magnitudes"][2:])) > 1 for group in runs) >= 5
    assert all(
        group["frozen-0"]["magnitudes"][1:] == [0] * (len(group["frozen-0"]["magnitudes"]) - 1) for group in runs
    )
    assert all(all(steps >= 2 for steps in group["frozen"]["steps"]) for group in runs)


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "group.json"
    runs = {"frozen": {"correct": [[5, None], [4, 6]], "scores": [None, 0.25]}}
    assert golden.write(path, runs)
    return path, runs


def changed(runs, count=5, score=0.25):
    runs = copy.deepcopy(runs)
    runs["frozen"]["correct"][0][0] = count
    runs["frozen"]["scores"][1] = score
    return runs


@pytest.mark.parametrize("change", [{"count": 6}, {"score": 0.2500006}])
def test_another_outcome_under_the_same_protocol_is_refused(stored, change):
    path, runs = stored
    before = path.read_bytes()
    with pytest.raises(ValueError, match="raise PROTOCOL"):
        golden.write(path, changed(runs, **change))
    assert path.read_bytes() == before


def test_a_raised_protocol_lets_another_outcome_in(stored, monkeypatch):
    path, runs = stored
    monkeypatch.setattr(golden, "PROTOCOL", PROTOCOL + 1)
    assert golden.write(path, changed(runs, count=6))
    assert json.loads(path.read_text())["protocol"] == PROTOCOL + 1


def test_the_same_outcome_is_not_written_again_and_a_new_run_may_be_added(stored):
    path, runs = stored
    assert not golden.write(path, changed(runs, score=0.25 + 1e-10))
    assert golden.write(path, {**runs, "frozen-0": runs["frozen"]})
    assert set(golden.load(path)["runs"]) == {"frozen", "frozen-0"}


def test_a_run_that_vanished_is_a_difference(stored):
    path, runs = stored
    with pytest.raises(ValueError, match="raise PROTOCOL"):
        golden.write(path, {"frozen-0": runs["frozen"]})
