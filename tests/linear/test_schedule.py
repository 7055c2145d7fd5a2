"""Schedules, the oracle, and rules: each against a plainer way to the same number."""

import itertools

import numpy as np
import pytest

from cl_core.linear import expected_losses, generalization
from cl_core.linear.blocks import TwoBlocks, sizes_of
from cl_core.linear.rules import arrival_gradient, run_rule
from cl_core.linear.schedule import best_fixed_schedule, oracle_losses
from cl_core.linear.simulate import Samples, draw_losses
from cl_core.strategies import Frozen, Initialized, Replay
from cl_core.threshold_rules import Residual, TwoLevel

TARGETS = np.random.default_rng(7).standard_normal((4, 10)) * np.array([0.3] * 6 + [1.0] * 4)
SIZES = (0, 4, 10)


def test_the_exhaustive_search_finds_the_least_of_all_schedules():
    every = {
        (10, *tail): generalization(expected_losses(TARGETS, 25, (10, *tail), 0.5))
        for tail in itertools.product(SIZES, repeat=3)
    }
    found = best_fixed_schedule(TARGETS, 25, 0.5, SIZES)
    assert found.search == "exhaustive"
    assert found.sizes == min(every, key=lambda sizes: every[sizes])
    assert found.generalization == pytest.approx(min(every.values()))


def test_coordinate_descent_says_so_and_ends_where_no_single_change_helps():
    found = best_fixed_schedule(TARGETS, 25, 0.5, SIZES, exhaustive_limit=1)
    assert found.search == "coordinate"
    assert found.generalization == pytest.approx(generalization(expected_losses(TARGETS, 25, found.sizes, 0.5)))
    for task, size in itertools.product(range(1, 4), SIZES):
        changed = (*found.sizes[:task], size, *found.sizes[task + 1 :])
        assert generalization(expected_losses(TARGETS, 25, changed, 0.5)) >= found.generalization - 1e-12


def test_the_oracle_is_the_least_over_all_schedules_draw_by_draw():
    least, chosen = oracle_losses(TARGETS, 25, 0.5, SIZES, draws=60, seed=3)
    every = {
        (10, *tail): draw_losses(TARGETS, 25, (10, *tail), 0.5, draws=60, seed=3)[:, -1].mean(axis=1)
        for tail in itertools.product(SIZES, repeat=3)
    }
    np.testing.assert_allclose(least, np.min(list(every.values()), axis=0), rtol=1e-12)
    for draw, sizes in enumerate(chosen):
        assert every[tuple(int(size) for size in sizes)][draw] == pytest.approx(least[draw])


@pytest.mark.parametrize("strategy", [Initialized(), Frozen(1), Replay((2, 0, 1, 2)), Replay((2, 1, 0, 0))])
def test_a_rule_that_does_not_read_the_data_is_its_fixed_schedule(strategy):
    run = run_rule(strategy, (6, 4), TARGETS, 25, 0.5, draws=30, seed=5)
    sizes = sizes_of(strategy, (6, 4), tasks=4)
    np.testing.assert_array_equal(run.sizes, np.tile(sizes, (30, 1)))
    np.testing.assert_allclose(run.losses, draw_losses(TARGETS, 25, sizes, 0.5, draws=30, seed=5), rtol=1e-10)


def test_the_cosine_rule_follows_its_scores():
    run = run_rule(TwoLevel(0.1, few=1, many=2), (6, 4), TARGETS, 8, 0.5, draws=200, seed=5)
    assert np.isnan(run.scores[:, 0]).all()
    assert (run.sizes[:, :2] == 10).all()
    np.testing.assert_array_equal(run.sizes[:, 2:], np.where(run.scores[:, 2:] >= 0.1, 4, 10))
    assert len(np.unique(run.sizes[:, 2:])) == 2


def test_the_residual_rule_follows_the_losses_at_arrival():
    run = run_rule(Residual(6.0, few=0, many=2), (6, 4), TARGETS, 25, 0.5, draws=200, seed=5)
    np.testing.assert_array_equal(run.sizes[:, 1:], np.where(run.arrival_losses[:, 1:] < 6.0, 0, 10))
    assert len(np.unique(run.sizes[:, 1:])) == 2


def test_the_arrival_gradient_is_the_derivative_of_the_arrival_loss():
    rng = np.random.default_rng(0)
    drawn = Samples(rng.standard_normal((1, 7, 4)), rng.standard_normal((1, 7)))
    parameters, step = rng.standard_normal((1, 4)), 1e-6
    gradient, _ = arrival_gradient(parameters, drawn)
    for coordinate in range(4):
        nudge = step * (np.arange(4) == coordinate)
        slope = (arrival_gradient(parameters + nudge, drawn)[1] - arrival_gradient(parameters - nudge, drawn)[1]) / (
            2 * step
        )
        assert gradient[0, coordinate] == pytest.approx(slope[0], rel=1e-6, abs=1e-8)


def test_identical_noiseless_wide_tasks_have_a_cosine_numerator_of_zero_on_average():
    """The next gradient is orthogonal to the last in expectation, however alike the tasks are (book, many tasks)."""
    targets = np.tile(np.random.default_rng(1).standard_normal(30), (3, 1))
    run = run_rule(Initialized(), (20, 10), targets, 10, 0.0, draws=4_000, seed=2)
    error = np.nanstd(run.scores[:, 2]) / np.sqrt(4_000)
    assert abs(np.nanmean(run.scores[:, 2])) < 4 * error


def test_two_blocks_are_frozen_and_initialized():
    blocks = TwoBlocks(shared=6, specific=4)
    assert blocks.frozen(3) == (10, 4, 4)
    assert blocks.initialized(3) == (10, 10, 10)
    with pytest.raises(ValueError, match="specific = 0"):
        TwoBlocks(shared=6, specific=0)


def test_bad_schedules_are_refused():
    with pytest.raises(ValueError, match="sizes is empty"):
        best_fixed_schedule(TARGETS, 25, 0.5, ())
    with pytest.raises(ValueError, match="trainable asks for 11"):
        best_fixed_schedule(TARGETS, 25, 0.5, (11,))
    with pytest.raises(ValueError, match="too many schedules"):
        oracle_losses(np.ones((7, 10)), 25, 0.5, range(11), draws=2, seed=0)
    with pytest.raises(ValueError, match="do not divide 10 parameters"):
        run_rule(Initialized(), (6, 5), TARGETS, 25, 0.5, draws=2, seed=0)
