"""Choices made on validation: the best mean is taken, one value more is tried beyond an end, and settings have what was chosen."""

from dataclasses import replace

import pytest
from cl_book.claims.choices import CHOICES, Choice, decide, format_command, list_runs, list_trials, next_value
from support.made_results import official_images

from cl_core.experiments import store
from cl_core.experiments.plan import make_plan
from cl_core.runs.result_set import read_validation

GRID = (1.0, 10.0, 100.0, 1000.0, 10000.0)
CHOICE = Choice(name="ewc", experiment="split-cifar10", strategy="ewc", grid={"ewc_strength": GRID})


def right(count):
    """Return counts of right answers whose last row has `count` of 30 right."""
    return ((9, None, None), (8, 9, None), (count - 10, 5, 5))


@pytest.fixture
def store_runs(checkout, make_result):
    """Store validation runs of the two seeds, with these right answers of 30 at each strength."""

    def write(**counts):
        for text, (first, second) in counts.items():
            strength = float(text[1:])
            for seed, count in ((100, first), (101, second)):
                run = make_result(
                    "split-cifar10",
                    "ewc",
                    seed,
                    overrides={"ewc_strength": strength},
                    correct=right(count),
                    magnitudes=(2, 2, 2),
                    train_losses=(0.1, strength, seed),
                )
                plan = make_plan("split-cifar10", "ewc", seed, "cpu", overrides={"ewc_strength": strength})
                store.save(run, checkout / "results/validation" / plan.name)
        return read_validation()

    return write


def test_the_best_mean_over_the_seeds_is_taken_and_the_first_of_equals(store_runs):
    results = store_runs(_1=(12, 12), _10=(13, 13), _100=(12, 19), _1000=(16, 15), _10000=(11, 20))
    assert [round(trial.mean, 4) for trial in list_trials(CHOICE, results)] == [0.4, 0.4333, 0.5167, 0.5167, 0.5167]
    assert decide(CHOICE, results) == {"ewc_strength": 100.0}
    assert next_value(CHOICE, results) is None


@pytest.mark.parametrize(("counts", "beyond"), [((19, 12, 11, 11, 11), 0.1), ((11, 11, 11, 12, 19), 100000.0)])
def test_one_value_more_is_tried_beyond_an_end(store_runs, counts, beyond):
    ends = {f"_{strength:g}": (count, count) for strength, count in zip((1, 10, 100, 1000), counts, strict=False)}
    results = store_runs(**ends, _10000=(counts[4],) * 2)
    assert next_value(CHOICE, results) == beyond
    wider = Choice(**{**vars(CHOICE), "extended": (beyond,)})
    with pytest.raises(ValueError, match=r"is not there"):
        decide(wider, results)
    results = store_runs(**{f"_{beyond:f}": (20, 20)})
    assert decide(wider, results) == {"ewc_strength": beyond}
    assert next_value(wider, results) == beyond


def test_what_diverged_is_out_and_what_is_missing_is_an_error(store_runs):
    results = store_runs(_1=(12, 12), _10=(13, 13), _100=(14, 14), _1000=(15, 15))
    with pytest.raises(ValueError, match=r"ewc: .*ewc_strength=10000.0 is not there"):
        decide(CHOICE, results)
    diverged = Choice(**{**vars(CHOICE), "diverged": (10000.0,)})
    assert decide(diverged, results) == {"ewc_strength": 1000.0}
    with pytest.raises(ValueError, match="is said to have diverged, and did not"):
        decide(Choice(**{**vars(CHOICE), "diverged": (1000.0, 10000.0)}), results)


def test_a_run_holds_with_its_own_values_after_the_profile_took_the_chosen_one(store_runs, monkeypatch):
    store_runs(_1=(12, 12), _10=(13, 13), _100=(14, 14), _1000=(15, 15), _10000=(11, 11))
    from cl_core.experiments import catalogue

    monkeypatch.setitem(catalogue.VALUES["cpu"]["resnet"], "ewc_strength", 1000.0)
    results = read_validation()
    assert make_plan("split-cifar10", "ewc", 100, "cpu").settings.ewc_strength == 1000
    assert not results.stale
    assert decide(CHOICE, results) == {"ewc_strength": 1000.0}


def test_the_command_makes_just_the_runs_of_a_choice():
    assert format_command(CHOICE) == (
        "cl-core sweep --experiments split-cifar10 --strategies ewc --seeds 100,101 --profile cpu "
        "--set ewc_strength=1.0,10.0,100.0,1000.0,10000.0 --out mine"
    )
    assert len(list_runs(CHOICE)) == 10


def decided():
    """Return every choice whose runs are stored, with what they choose."""
    results, found = read_validation(), {}
    for choice in CHOICES.values():
        try:
            found[choice.name] = decide(choice, results)
        except ValueError as error:
            # A choice that is not decided lacks a run, and nothing else is wrong with it.
            if "is not there" not in str(error):
                raise
    return found


def test_the_settings_are_what_the_stored_runs_choose():
    """Pulled has no strength by default: the reference step names its own. Algorithm 1's were chosen one by one."""
    found = decided()
    assert "ewc-mlp" in found
    for name, values in found.items():
        choice = CHOICES[name]
        if choice.strategy in ("ewc", "lwf"):
            settings = make_plan(choice.experiment, choice.strategy, 0, "cpu").settings
            assert {setting: getattr(settings, setting) for setting in values} == values, name


def test_a_value_beyond_the_grid_was_tried_just_where_the_rule_asks_for_it():
    results = read_validation()
    for name in decided():
        assert (next_value(CHOICES[name], results) or ()) in ((), *CHOICES[name].extended), name
        assert len(CHOICES[name].extended) <= 1


def test_choices_are_made_on_validation_alone():
    assert all(plan.part == "validation" for choice in CHOICES.values() for plan in list_runs(choice))


def test_algorithm_1_is_set_to_what_validation_chose():
    results, chosen = read_validation(), {}
    for name in ("threshold", "step", "start"):
        decided = decide(CHOICES[f"adaptive-{name}"], results)
        assert chosen.items() <= decided.items() or name == "threshold", "each grid holds what the ones before chose"
        chosen = {setting: value for setting, value in decided.items() if setting != "step" or name != "threshold"}
    settings = make_plan("split-cifar100", "adaptive", 0, "cpu").settings
    assert {name: getattr(settings, name) for name in chosen} == chosen


def test_nothing_is_chosen_among_runs_on_different_images(store_runs, checkout, make_result):
    results = store_runs(_1=(12, 12), _10=(13, 13), _100=(12, 19), _1000=(16, 15), _10000=(11, 20))
    overrides = {"ewc_strength": 100.0}
    plan = make_plan("split-cifar10", "ewc", 101, "cpu", overrides=overrides)
    stored = results.results[plan.name]
    (checkout / "results/validation" / plan.name).unlink()
    store.save(replace(stored, data=official_images("cifar10")).sealed(), checkout / "results/validation" / plan.name)
    with pytest.raises(ValueError, match=r"^ewc: the runs are on different images, made up "):
        decide(CHOICE, read_validation())
