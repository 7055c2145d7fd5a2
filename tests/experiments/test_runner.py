"""One run: what every strategy shares, what it may move, and going on after an interruption to the same bits."""

import math
from dataclasses import replace

import pytest
import torch

from cl_core import streams
from cl_core.experiments import provenance, run, runner, store
from cl_core.experiments.plan import make_plan
from cl_core.experiments.runner import execute
from cl_core.experiments.strategy_table import STRATEGIES, Treatment
from cl_core.strategies import Strategy, Update, integrate

TINY = {"tasks": 4, "width": 8, "batch": 256, "epochs": 2, "head_warmup_steps": 3, "gradient_samples": 32}
TWO_LEVEL = {**TINY, "many": 2, "threshold": 0.0}


LIMITED = {
    "fixed": {"many": 2, "moves": "fmf"},
    "masked": {"share": 0.3, "place": "random"},
    "slower": {"rate_factor": 0.25},
    "shorter": {"step_share": 0.4},
    "pulled": {"pull": 2.0},
    "ewc": {"ewc_strength": 10.0},
    "replay": {"images_per_class": 5},
}


def tiny(strategy, seed=100, experiment="digits-permuted"):
    given = (
        {**TINY, "threshold": 0.0}
        if strategy.partition("-")[0] in {"adaptive", "literal"}
        else (
            TWO_LEVEL
            if strategy in {"two-level", "two-level-random", "two-level-inverted", "two-level-constant"}
            else TINY
        )
    )
    given = {**given, **LIMITED.get(strategy, {})}
    if STRATEGIES[strategy].kind == "bound":
        given = {name: value for name, value in TINY.items() if name not in {"head_warmup_steps", "gradient_samples"}}
    if strategy == "joint":
        given = {**{name: value for name, value in given.items() if name != "epochs"}, "joint_epochs": 2}
    return make_plan(experiment, strategy, seed, "smoke", overrides=given)


@pytest.fixture(scope="module")
def results():
    done = {}
    for name, strategy in STRATEGIES.items():
        done[name] = execute(tiny(name), source=done[strategy.follows] if strategy.follows else None)
    return done


SEQUENTIAL = [name for name, strategy in STRATEGIES.items() if strategy.kind != "bound"]


def test_the_first_task_is_bit_identical_under_every_strategy(results):
    for field in ("train_losses", "update_norms", "relative_norms", "split_half", "arrival_losses", "steps"):
        assert len({getattr(results[name], field)[0] for name in SEQUENTIAL}) == 1, field
    assert len({results[name].correct[0][0] for name in SEQUENTIAL}) == 1
    assert {results[name].magnitudes[0] for name in SEQUENTIAL} == {3}


def test_every_strategy_makes_the_same_steps(results):
    assert {results[name].steps for name in [*SEQUENTIAL, "separate"] if name != "shorter"} == {(10, 10, 10, 10)}
    assert results["shorter"].steps == (10, 4, 4, 4)


def test_magnitude_zero_forgets_nothing(results):
    zero = results["frozen-0"]
    assert zero.magnitudes == (3, 0, 0, 0)
    assert store.metric(zero, "forgetting") == 0
    assert all(change == 0 for row in zero.logit_changes for change in row if change is not None)
    assert zero.update_norms[1:] == ((0.0, 0.0, 0.0),) * 3
    assert zero.moved_share[1:] == (0.0, 0.0, 0.0)


def test_frozen_moves_its_last_block_and_no_other(results):
    frozen = results["frozen"]
    assert frozen.magnitudes == (3, 1, 1, 1)
    for norms in frozen.update_norms[1:]:
        assert norms[:2] == (0.0, 0.0)
        assert norms[2] > 0
    assert frozen.moved_share[1] == pytest.approx(frozen.block_parameters[2] / sum(frozen.block_parameters))


def test_controls_move_as_much_as_two_level_did(results):
    two_level = results["two-level"]
    for name in ("two-level-random", "two-level-inverted"):
        assert sorted(results[name].magnitudes) == sorted(two_level.magnitudes)
        assert results[name].magnitudes[:2] == two_level.magnitudes[:2]
        assert results[name].source["digest"] == two_level.digest
    assert len(set(results["two-level-constant"].magnitudes[2:])) == 1


def test_a_control_without_its_two_level_run_or_with_another_is_refused(results):
    with pytest.raises(ValueError, match="follows a finished two-level run"):
        execute(tiny("two-level-random"))
    with pytest.raises(ValueError, match="follows a finished frozen run"):
        execute(tiny("within"))
    with pytest.raises(ValueError, match="the run given is"):
        execute(tiny("within"), source=results["two-level"])
    with pytest.raises(ValueError, match="the run given is"):
        execute(tiny("two-level-random", seed=101), source=results["two-level"])
    with pytest.raises(ValueError, match="the run given is"):
        execute(tiny("two-level-random"), source=results["frozen"])
    with pytest.raises(ValueError, match="follows no other run"):
        execute(tiny("frozen"), source=results["two-level"])


def test_the_bounds_have_their_own_shape(results):
    joint, separate = results["joint"], results["separate"]
    assert joint.correct[:3] == ((None,) * 4,) * 3
    assert all(count is not None for count in joint.correct[3])
    assert joint.steps == (None, None, None, 2 * (sum(joint.train_sizes) // TINY["batch"]))
    assert store.metric(separate, "forgetting") == 0
    assert separate.correct[3][:3] == separate.correct[2][:3]
    first = results["initialized"]
    assert separate.correct[0][0] == pytest.approx(first.correct[0][0], abs=20)


def test_a_run_does_not_depend_on_what_ran_before_it(results):
    assert execute(tiny("two-level")).outcome == results["two-level"].outcome


def test_another_seed_is_another_run(results):
    assert execute(tiny("frozen", seed=101)).correct != results["frozen"].correct


def test_seeds_below_100_are_scored_on_test_images():
    result = execute(tiny("frozen-0", seed=0))
    assert result.config["part"] == "test"
    digits = streams.load("digits")
    assert (result.test_sizes, result.train_sizes) == ((len(digits.y_test),) * 4, (len(digits.y_train),) * 4)


def test_a_paper_experiment_under_smoke_never_carries_its_name():
    result = run("corrupted-cub200", "frozen-0", 100, "smoke", overrides={"width": 2, "epochs": 1})
    assert result.experiment == "digits-corrupted"
    assert "cub" not in store.dumps(result)


def test_the_number_of_threads_is_put_back():
    before = torch.get_num_threads()
    with runner._threads(before + 1) as threads:
        assert torch.get_num_threads() == threads == before + 1
    assert torch.get_num_threads() == before


def test_what_the_caller_records_is_kept_and_decides_nothing(results):
    result = execute(tiny("frozen"), recorded={"pages": {"a": "b"}})
    assert result.recorded["pages"] == {"a": "b"}
    assert result.outcome == results["frozen"].outcome


def test_a_result_tells_where_it_comes_from(results):
    result = results["two-level"]
    assert result.digest == store.own_digest(result)
    assert (result.data["name"], result.data["route"], result.data["label"]) == ("digits", "embedded", "digits")
    assert {"times", "begun", "machine", "versions", "files"} == set(result.recorded)
    assert result.recorded["machine"]["threads"] == 1
    assert result.recorded["files"] == provenance.code_digests()
    assert "cl_core/experiments/sequential.py" in result.recorded["files"]


class Stop(Exception):
    """What stops a run in a test."""


def stopping(stage, task, share=0.0):
    def listen(moment):
        if (moment.stage, moment.task) == (stage, task) and moment.share >= share:
            raise Stop

    return listen


@pytest.mark.parametrize(
    ("strategy", "stage", "begun"),
    [
        ("two-level", "finished", [1, 1, 1, 1]),
        ("two-level", "training", [1, 2, 1, 1]),
        ("two-level", "evaluation", [1, 2, 1, 1]),
        ("frozen", "training", [1, 2, 1, 1]),
        ("frozen-0", "finished", [1, 1, 1, 1]),
        ("separate", "training", [1, 2, 1, 1]),
        ("ewc", "training", [1, 2, 1, 1]),
        ("ewc", "finished", [1, 1, 1, 1]),
        ("lwf", "training", [1, 2, 1, 1]),
        ("lwf", "finished", [1, 1, 1, 1]),
        ("replay", "training", [1, 2, 1, 1]),
        ("replay", "finished", [1, 1, 1, 1]),
    ],
)
def test_an_interrupted_run_goes_on_to_the_same_bits(results, tmp_path, strategy, stage, begun):
    with pytest.raises(Stop):
        execute(tiny(strategy), cache=tmp_path, listener=stopping(stage, 1, 0.5 if stage == "training" else 0.0))
    tasks = []
    result = execute(tiny(strategy), cache=tmp_path, listener=lambda moment: tasks.append(moment.task))
    assert min(tasks) == (2 if stage == "finished" else 1)
    assert result.outcome == results[strategy].outcome
    assert result.recorded["begun"] == begun


@pytest.mark.parametrize(
    ("strategy", "own"),
    [
        ("frozen", {"trained": 2}),
        pytest.param("ewc", {"ewc_strength": 10.0}, marks=pytest.mark.slow),
        pytest.param("lwf", {}, marks=pytest.mark.slow),
        ("replay", {}),
    ],
)
def test_a_resnet_goes_on_to_the_same_bits_too(tmp_path, strategy, own):
    small = {"width": 2, "batch": 64, "epochs": 1, "head_warmup_steps": 2, "gradient_samples": 16}
    made = make_plan("digits-split", strategy, 100, "smoke", overrides={**small, **own})
    with pytest.raises(Stop):
        execute(made, cache=tmp_path, listener=stopping("training", 3))
    assert execute(made, cache=tmp_path).outcome == execute(made).outcome


def test_a_finished_run_is_put_together_again_without_training(results, tmp_path):
    execute(tiny("joint"), cache=tmp_path)
    moments = []
    assert execute(tiny("joint"), cache=tmp_path, listener=moments.append).outcome == results["joint"].outcome
    assert moments == []


def test_changed_code_starts_over(results, tmp_path, monkeypatch):
    with pytest.raises(Stop):
        execute(tiny("frozen"), cache=tmp_path, listener=stopping("finished", 2))
    monkeypatch.setattr(provenance, "code_digests", lambda: {"cl_core/strategies.py": "other"})
    tasks = []
    result = execute(tiny("frozen"), cache=tmp_path, listener=lambda moment: tasks.append(moment.task))
    assert tasks[0] == 0
    assert result.recorded["begun"] == [1, 1, 1, 1]


def test_a_baseline_trains_otherwise_than_the_others_from_the_second_task_on(results):
    names = ["initialized", "ewc", "lwf", "replay"]
    assert len({results[name].train_losses[1] for name in names}) == len(names)
    assert len({results[name].update_norms[3] for name in names}) == len(names)
    assert {results[name].magnitudes for name in names} == {(3, 3, 3, 3)}


def test_a_new_strategy_needs_its_class_and_its_entry_alone(monkeypatch):
    class EverySecond(Strategy):
        def update(self, arrival):
            return Update(arrival.blocks if arrival.task % 2 == 0 else 1, fraction=0.5 if arrival.task == 2 else 1.0)

    entry = Treatment(name="every-second", kind="rule", summary="", also="", make=lambda run: EverySecond())
    monkeypatch.setitem(STRATEGIES, entry.name, entry)
    result = execute(tiny("every-second"))
    assert result.magnitudes == (3, 1, 3, 1)
    assert result.strategy == "every-second"


def test_an_entry_without_a_maker_cannot_be_written():
    with pytest.raises(TypeError, match="make"):
        Treatment(name="forgotten", kind="rule", summary="", also="")


def test_answers_are_counted_over_all_heads_too(results):
    """On permuted digits every head knows every digit, so a right digit counts whichever head names it."""
    run = results["initialized"]
    assert run.class_correct[0] == run.correct[0]
    assert run.class_correct != run.correct
    split = execute(make_plan("digits-split", "initialized", 100, "smoke", overrides={**TINY, "tasks": 5}))
    lower = [
        (c, own)
        for row, of in zip(split.class_correct, split.correct, strict=True)
        for c, own in zip(row, of, strict=True)
    ]
    assert all((c is None) == (own is None) for c, own in lower)
    assert all(c <= own for c, own in lower if c is not None)
    assert 0 < store.metric(split, "class_avg_acc") < store.metric(split, "avg_acc")
    assert store.metric(results["separate"], "class_avg_acc") != store.metric(results["separate"], "class_avg_acc")
    assert results["joint"].class_correct[0] == (None,) * 4
    assert all(count is not None for count in results["joint"].class_correct[3])


def test_the_path_of_h_is_in_the_result_of_the_rule_and_its_controls(results):
    for name in ("adaptive", "literal"):
        run = results[name]
        given = run.config
        assert run.held == integrate(run.scores, given["threshold"], given["step"], given["modules"], given["start"])
    assert results["clock"].held == (0, 1, 2, 3)
    assert results["adaptive-random"].held[0] == 0
    assert sorted(results["adaptive-random"].held[1:]) == sorted(results["adaptive"].held[1:])
    assert {name for name, run in results.items() if run.held} == {
        name for name, strategy in STRATEGIES.items() if "start" in strategy.reads
    }
    assert '"held"' not in store.dumps(results["frozen"])


def test_a_result_from_before_the_class_incremental_counts_has_the_same_outcome(results):
    run = results["initialized"]
    older = replace(run, class_correct=()).sealed()
    assert older.outcome == run.outcome
    assert older.digest != run.digest
    assert "class_correct" not in store.dumps(older)
    assert store.loads(store.dumps(older), where="older") == older
    assert store.loads(store.dumps(run), where="run") == run
    assert math.isnan(store.metric(older, "class_avg_acc"))
    wrong = replace(run, class_correct=run.class_correct[:-1])
    with pytest.raises(ValueError, match="class_correct is not 4 rows of 4 entries"):
        store.loads(store.dumps(wrong), where="wrong")


def test_the_first_task_alone_may_be_passed_over_more_often():
    usual, longer = (
        execute(make_plan("digits-permuted", "frozen", 100, "smoke", overrides={**TINY, "tasks": 3, **given}))
        for given in ({}, {"first_epochs": 6})
    )
    assert (usual.steps, longer.steps) == ((10, 10, 10), (30, 10, 10))
    assert longer.train_losses[0] < usual.train_losses[0]
