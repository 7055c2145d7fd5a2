"""The benchmark measures what it says, in turn, and writes every ratio; how large they are is no test's business."""

import json
from dataclasses import replace

import pytest

from bench import bench_training


@pytest.fixture
def tiny(monkeypatch):
    def cases():
        return {
            name: replace(
                case, spec=case.spec.replace(width=2), recipe=case.recipe.replace(batch=8, epochs=1), images=16
            )
            for name, case in plain_cases().items()
        }

    plain_cases = bench_training.cases
    monkeypatch.setattr(bench_training, "cases", cases)
    monkeypatch.setattr(bench_training, "_TASKS", 2)
    monkeypatch.setattr(bench_training, "TARGETS", {**dict.fromkeys(bench_training.TARGETS, 0.0), "mlp_float32": 1e9})
    monkeypatch.setattr(
        bench_training, "sweep_seconds", lambda case, precision: {"float32": 4.0, "bfloat16": 1.0}[precision]
    )
    monkeypatch.setattr(bench_training, "plain_two_threads_seconds", lambda case: 3.0)


def test_every_ratio_is_written(tiny, tmp_path):
    target = tmp_path / "bench.json"
    bench_training.main([str(target), "1"])
    written = json.loads(target.read_text())
    assert {*bench_training.TARGETS, "evaluation_share", "commit"} <= written.keys()
    assert written["sweep_resnet_float32"] == 1.5
    assert written["sweep_resnet_bfloat16"] == 6.0
    assert 0 < written["evaluation_share"] < 1
    assert set(written["profiles_of_misses"]) == {"mlp_float32"}
    assert 0 < sum(written["profiles_of_misses"]["mlp_float32"].values()) <= 1.01


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
    assert {case.recipe.precision for case in made.values()} == {"float32"}
    assert all(case.images % case.recipe.batch == 0 for case in made.values())
