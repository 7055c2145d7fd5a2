"""The benchmark measures what it says, in turn, and writes every ratio; how large they are is no test's business."""

import json
from dataclasses import replace

import pytest
import torch

from bench import bench_sweep, bench_training
from bench.peak import count_operations
from bench.rows import Row


@pytest.fixture
def tiny(monkeypatch):
    def cases():
        return {
            name: replace(
                case, spec=case.spec.replace(width=2), recipe=case.recipe.replace(batch=8, epochs=1), images=16
            )
            for name, case in plain_cases().items()
            if name != "resnet-wide"
        }

    plain_cases = bench_training.cases
    monkeypatch.setattr(bench_training, "cases", cases)
    monkeypatch.setattr(bench_training, "_TASKS", 2)
    monkeypatch.setattr(bench_training, "AGAINST_LOADER", {"float32": 1e9, "bfloat16": 0.0})
    monkeypatch.setattr(bench_training, "FROZEN_SPEEDUP", 0.0)
    monkeypatch.setattr(bench_training, "MOST_EVALUATION", 1.0)
    monkeypatch.setattr(bench_training, "measure_peak", lambda kind, repeats: 1.0)
    monkeypatch.setattr(bench_training, "bfloat16_in_hardware", lambda: True)
    monkeypatch.setattr(bench_training.naive, "is_there", lambda: False)


@pytest.fixture
def rows(tiny, tmp_path):
    target = tmp_path / "bench.json"
    bench_training.main([str(target), "1"])
    written = json.loads(target.read_text())
    assert {"processor", "bfloat16_in_hardware", "commit"} <= written.keys()
    return {row["name"]: row for row in written["rows"]}, written["profiles_of_misses"]


@pytest.mark.slow
def test_every_row_is_written_each_miss_has_its_profile_and_a_peer_that_is_not_there_is_not_measured(rows):
    by_name, profiles = rows
    for network in ("resnet", "mlp"):
        assert by_name[f"{network} · float32 · against DataLoader"]["verdict"] == "missed"
        assert by_name[f"{network} · bfloat16 · against DataLoader"]["verdict"] == "met"
        assert by_name[f"{network} · float32 · share of the peak"]["value"] > 0
    assert set(profiles) == {f"{network} · float32 · against DataLoader" for network in ("resnet", "mlp")}
    assert all(0 < sum(shares.values()) <= 1.01 for shares in profiles.values())
    assert 0 < by_name["evaluation, share of a run"]["value"] < 1
    missing = [row for name, row in by_name.items() if name.endswith("against Naive")]
    assert len(missing) == 4
    assert {(row["verdict"], row["value"]) for row in missing} == {("not measured", None)}
    assert all("make peers" in row["why_not"] for row in missing)


def test_emulated_bfloat16_is_not_measured(monkeypatch):
    monkeypatch.setattr(bench_training, "bfloat16_in_hardware", lambda: False)
    medians = {"DataLoader": 1.0, "float32": 0.5, "bfloat16": 9.0}
    emulated = bench_training._compare("a", medians, "DataLoader", "bfloat16", 2.0)
    assert emulated.verdict == "not measured"
    assert bench_training._compare("a", medians, "DataLoader", "float32", 2.0).verdict == "met"


@pytest.mark.parametrize(
    ("value", "target", "most", "verdict"),
    [
        (2.0, 1.5, False, "met"),
        (1.5, 1.5, False, "met"),
        (1.4, 1.5, False, "missed"),
        (0.5, 0.55, True, "met"),
        (0.6, 0.55, True, "missed"),
        (0.6, None, False, "no target"),
    ],
)
def test_a_row_is_judged_by_its_own_direction(value, target, most, verdict):
    row = Row("a", value, target, most=most)
    assert row.verdict == verdict
    assert str(row).endswith(verdict)


def test_a_row_has_a_value_or_a_reason_and_not_both():
    with pytest.raises(ValueError, match="why there is none"):
        Row("a", None)
    with pytest.raises(ValueError, match="why there is none"):
        Row("a", 1.0, why_not="busy")


def test_a_sweep_beside_other_work_is_not_measured():
    at_rest = bench_sweep.compare((10.0, 0.98), (5.2, 0.95), jobs=2, cores=2)
    assert (at_rest.verdict, at_rest.value) == ("met", 0.52)
    assert bench_sweep.compare((10.0, 0.98), (5.8, 0.95), jobs=2, cores=2).verdict == "missed"
    for one, several, cores in (((10.0, 0.98), (0.2, 0.5), 2), ((600.0, 0.1), (9.0, 0.95), 2), ((10.0, 1), (5, 1), 1)):
        assert bench_sweep.compare(one, several, jobs=2, cores=cores).verdict == "not measured"


def test_an_image_s_operations_are_those_of_its_layers():
    network = bench_training.cases()["mlp"].network()
    data = bench_training.cases()["mlp"].data(8)
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Linear)]
    used = [layer.weight.numel() for layer in layers[: -len(network.heads) + 1 or None]]
    forward = 2 * sum(used)
    # Backward: each weight's gradient, and the gradient of each layer's input but the images'.
    assert count_operations(network, data, 8) == pytest.approx((2 * forward + forward - 2 * used[0]) / 1e9)


def test_ways_are_measured_in_turn_and_the_first_does_not_count():
    calls = []

    def way(name, *seconds):
        left = list(seconds)

        def measured():
            calls.append(name)
            return left.pop(0)

        return measured

    medians = bench_training.alternating({"a": way("a", 99, 1, 5, 2), "b": way("b", 99, 4, 4, 7)}, repeats=3)
    assert medians == {"a": 2, "b": 4}
    assert calls == ["a", "b"] * 4


def test_both_ways_train_the_cpu_profile_s_networks():
    made = bench_training.cases()
    assert (made["resnet"].spec.kind, made["mlp"].spec.kind) == ("resnet", "mlp")
    assert made["resnet-wide"].spec.width == 2 * made["resnet"].spec.width
    assert {case.recipe.precision for case in made.values()} == {"float32"}
    assert all(case.images % case.recipe.batch == 0 for case in made.values())
