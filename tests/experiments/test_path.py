"""The path of h is read off what was moved, and is what the scores give."""

import pytest

from cl_core.experiments import run
from cl_core.experiments.path import path_of_h
from cl_core.experiments.plan import make_plan
from cl_core.strategies import integrate

TINY = {"tasks": 4, "width": 8, "batch": 256, "epochs": 2, "head_warmup_steps": 3, "gradient_samples": 32}
STEPS = {**TINY, "threshold": 0.0, "start": 1, "modules": 2}


@pytest.mark.parametrize("strategy", ["adaptive", "literal"])
def test_the_path_is_what_the_stored_scores_give(strategy):
    result = run("digits-permuted", strategy, 100, "smoke", overrides=STEPS)
    assert path_of_h(result) == integrate(result.scores, 0.0, 1, 2, 1)
    moved = tuple(path_of_h(result)[1:]) if strategy == "literal" else tuple(3 - h for h in path_of_h(result)[1:])
    assert result.magnitudes == (3, *moved)


def test_a_run_without_h_is_refused(make_result):
    with pytest.raises(ValueError, match="frozen has no h"):
        path_of_h(make_result(strategy="frozen"))


def scores(strategy, **settings):
    return run("digits-permuted", strategy, 100, "smoke", overrides={**TINY, **settings}).scores


def test_the_first_gradient_is_taken_at_the_trained_weights_unless_said_otherwise():
    fixed = {"threshold": 1.5, "start": 0}
    trained, old, initialized = (
        scores("adaptive", **fixed),
        scores("adaptive", **fixed, first_gradient="arrival"),
        scores("initialized"),
    )
    assert old == initialized
    assert trained[1] != old[1]
    assert trained[2:] == old[2:]


def test_a_gradient_with_the_head_gives_other_scores():
    fixed = {"threshold": 1.5, "start": 0}
    assert scores("adaptive", **fixed)[1:] != scores("adaptive", **fixed, gradient_over="whole")[1:]


def test_what_does_not_read_the_place_of_the_first_gradient_has_the_old_one():
    for strategy in ("initialized", "two-level", "joint"):
        plan = make_plan("digits-permuted", strategy, 0, "smoke")
        assert plan.recipe.first_gradient == "arrival"
        assert "first_gradient" not in plan.config
    assert make_plan("digits-permuted", "adaptive", 0, "smoke").recipe.first_gradient == "trained"
