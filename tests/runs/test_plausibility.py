"""What a digest cannot tell: results that were edited and sealed again."""

from dataclasses import replace

import pytest

from cl_core.experiments import store
from cl_core.experiments.plan import make_plan
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs.plausibility import derive_magnitudes
from cl_core.runs.result_set import read_results
from cl_core.streams import stream

STREAMS = {seed: f"{seed:064d}" for seed in range(4)}


@pytest.fixture
def put(checkout, make_run):
    """Seal a result, whatever it is, and store it under the name of its run."""

    def write(result):
        plan = make_plan(result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides)
        store.save(result.sealed(), checkout / "results" / plan.name)
        return plan.name

    return write


@pytest.fixture
def runs(make_run):
    """Results of three strategies and three seeds, each with its seed's stream."""
    made = {
        (arm, seed): make_run("split-cifar100", arm, seed, forgetting=20.0 + (arm == "frozen"))
        for arm in ("initialized", "frozen")
        for seed in range(3)
    }
    return {
        (arm, seed): replace(run, data={**run.data, "stream": STREAMS[seed]}, correct=_counts(run, seed))
        for (arm, seed), run in made.items()
    }


def _counts(run, seed):
    return ((run.correct[0][0] - seed, *run.correct[0][1:]), *run.correct[1:])


def stale():
    return {name: state.stale for name, state in read_results().states.items() if state.stale}


def test_runs_as_they_are_hold(put, runs):
    for run in runs.values():
        put(run)
    assert stale() == {}


def test_a_seed_copied_renamed_and_sealed_again_is_seen(put, runs):
    for (arm, seed), run in runs.items():
        put(replace(runs[arm, 0], seed=1) if (arm, seed) == ("frozen", 1) else run)
    found = stale()
    assert set(found) == {f"cpu/split-cifar100/frozen-{seed}.json" for seed in (0, 1)}
    assert (
        "its stream of tasks is not that of the other runs with its seed"
        in found["cpu/split-cifar100/frozen-1.json"][0]
    )
    assert "its numbers are those of cpu/split-cifar100/frozen-0.json" in found["cpu/split-cifar100/frozen-1.json"][1]


def test_a_seed_copied_with_the_other_seeds_stream_is_seen_by_its_numbers(put, runs):
    for (arm, seed), run in runs.items():
        copied = replace(runs[arm, 0], seed=1, data=runs[arm, 1].data)
        put(copied if (arm, seed) == ("frozen", 1) else run)
    assert {name: len(reasons) for name, reasons in stale().items()} == {
        "cpu/split-cifar100/frozen-0.json": 1,
        "cpu/split-cifar100/frozen-1.json": 1,
    }


def test_two_strategies_swapped_and_sealed_again_are_seen(put, runs):
    for (arm, seed), run in runs.items():
        other = "frozen" if arm == "initialized" else "initialized"
        swapped = replace(runs[other, seed], strategy=arm, config=run.config, overrides=run.overrides)
        put(swapped if seed == 1 else run)
    assert stale() == {
        "cpu/split-cifar100/initialized-1.json": ("magnitudes [9, 1, 1, 1], and initialized gives [9, 9, 9, 9]",),
        "cpu/split-cifar100/frozen-1.json": ("magnitudes [9, 9, 9, 9], and frozen gives [9, 1, 1, 1]",),
    }


@pytest.mark.parametrize(
    ("arm", "magnitudes"),
    [
        ("frozen-0", (9, 0, 1, 0)),
        ("frozen trained=3", (9, 1, 1, 1)),
        ("fixed moves=mfmm", (9, 9, 9, 1)),
        ("initialized", (9, 9, 9, 8)),
        ("two-level", (9, 1, 9, 9)),
    ],
)
def test_magnitudes_that_a_strategy_does_not_give_are_seen(put, checkout, make_run, arm, magnitudes):
    run = make_run("split-cifar10", arm, 0)
    name = put(run)
    assert stale() == {}
    (checkout / "results" / name).unlink()
    put(replace(run, magnitudes=magnitudes))
    assert "magnitudes" in stale()[name][0]


def test_a_rule_that_goes_by_its_scores_is_held_against_them(put, checkout, make_run):
    run = make_run("split-cifar100", "two-level", 0)
    assert run.magnitudes == (9, 9, 1, 9)
    name = put(run)
    assert stale() == {}
    (checkout / "results" / name).unlink()
    related = max(score for score in run.scores if score is not None)
    put(replace(run, scores=(None, related, related, related)))
    assert stale() == {name: ("magnitudes [9, 9, 1, 9], and two-level gives [9, 9, 1, 1]",)}


def test_embedded_images_and_their_streams_are_always_drawn_again(checkout, make_result):
    plan = make_plan("digits-split", "frozen", 100, "smoke")
    own = stream("digits-split", 100, "validation")
    run = make_result("digits-split", "frozen", 100, "smoke")
    data = {"name": "digits", "label": "digits", "route": "embedded", "digest": own.data.digest, "stream": own.digest}
    run = replace(run, data=data)
    path = checkout / "mine" / plan.name
    for changed, reason in (
        ({}, None),
        ({"stream": stream("digits-split", 101, "validation").digest}, "is not the one that its settings and seed 100"),
        ({"digest": "0" * 64}, "its images are not those of digits"),
    ):
        path.unlink(missing_ok=True)
        store.save(replace(run, data={**data, **changed}).sealed(), path)
        (found,) = [state.stale for state in read_results(checkout / "mine").states.values()]
        found = [line for line in found if "digits" in line or "stream" in line]
        assert (len(found), reason is None or reason in found[0]) == (reason is not None, True)


def test_a_control_has_the_magnitudes_of_the_run_it_follows(put, make_run):
    followed = make_run("split-cifar100", "two-level", 0)
    source = {"name": "cpu/split-cifar100/two-level-0.json", "digest": followed.digest, "outcome": followed.outcome}
    put(followed)
    name = put(make_run("split-cifar100", "two-level-random", 0, source=source, magnitudes=(9, 9, 1, 1)))
    assert stale() == {
        name: ("magnitudes [9, 9, 1, 1], and two-level-random gives [9, 9, 9, 1] after two-level's [9, 9, 1, 9]",)
    }


@pytest.mark.parametrize(("strategy", "moved"), [("adaptive step=1", (9, 8, 9, 8)), ("literal step=1", (9, 1, 0, 1))])
def test_what_algorithm_1_moved_is_what_its_scores_give(make_run, put, strategy, moved):
    scores = (None, 0.3, -0.2, 0.3)
    run = make_run("split-cifar100", strategy, 0)
    name = put(replace(run, scores=scores, magnitudes=moved))
    assert not any("magnitudes" in reason for reason in read_results().states[name].stale)


def test_magnitudes_that_the_scores_of_algorithm_1_do_not_give_are_seen(make_run, put):
    run = make_run("split-cifar100", "adaptive", 0)
    name = put(replace(run, scores=(None, 0.3, -0.2, 0.3), magnitudes=(9, 8, 9, 7)))
    assert "adaptive gives [9, 7, 9, 7]" in read_results().states[name].stale[0]


@pytest.mark.parametrize("strategy", [name for name, one in STRATEGIES.items() if not one.follows])
def test_the_magnitudes_of_every_strategy_can_be_told_without_torch(make_run, strategy):
    plan = make_plan("split-cifar100", strategy, 0, "cpu")
    run = replace(make_run("split-cifar100", "initialized", 0), strategy=strategy)
    derived = derive_magnitudes(run, plan, None)
    assert derived is not None
    assert len(derived) == run.tasks


@pytest.mark.parametrize(
    ("strategy", "moved"),
    [
        ("two-level-constant", (9, 9, 1, 1)),
        ("two-level-inverted", (9, 9, 9, 1)),
        ("adaptive-constant", (9, 2, 2, 2)),
        ("within", (9, 9, 9, 9)),
    ],
)
def test_a_controls_magnitudes_follow_from_the_run_before_it_to_the_block(make_run, strategy, moved):
    plan = make_plan("split-cifar100", strategy, 0, "cpu")
    followed = replace(
        make_run("split-cifar100", "two-level", 0), magnitudes=(9, 9, 1, 9), scores=(None, 0.1, 0.4, 0.2)
    )
    run = replace(followed, strategy=strategy, block_parameters=(*(0,) * 7, 30, 10))
    assert derive_magnitudes(run, plan, followed) == moved
    assert derive_magnitudes(run, plan, None) == (moved if strategy == "within" else None)


@pytest.mark.parametrize(("place", "moving"), [("trailing", 2), ("leading", 9), ("random", 9)])
def test_a_mask_moves_the_blocks_that_hold_its_parameters(make_run, place, moving):
    plan = make_plan("split-cifar100", "masked", 0, "cpu", overrides={"share": 0.9, "place": place})
    run = replace(make_run("split-cifar100", "initialized", 0), strategy="masked")
    assert derive_magnitudes(run, plan, None) == (9, moving, moving, moving)
