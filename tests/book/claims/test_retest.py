"""Runs made twice: the score's reliability worked by hand, and what other machines are allowed is what was measured."""

from dataclasses import replace

import pytest
from cl_book.claims.retest import judge_score, measure_spread, pair_runs
from support.made_results import made_twice, official_images

from cl_core.runs.repeat import MEASURED
from cl_core.runs.result_set import ResultSet
from cl_core.runs.staleness import State


@pytest.fixture
def pairs(make_result):
    """Return two runs made twice, with these scores at the third task and later."""
    halves = ((None, None), (0.5, 0.5), (0.1, 0.1), (0.2, 0.2))
    made = make_result()

    def scored(*later):
        return replace(made, scores=(None, 9.0, *later), score_halves=halves)

    return [(scored(0.0, 0.2), scored(0.2, 0.2)), (scored(0.1, 0.3), scored(0.0, 0.4))]


def test_the_second_tasks_score_is_left_out_and_the_rest_is_as_by_hand(pairs):
    found = judge_score(pairs, threshold=0.15)
    # First makings 0, .2, .1, .3; second .2, .2, 0, .4: deviations from .15 and .2, and sides − + − + and + + − +.
    assert found.arrivals == 4
    assert found.retest == pytest.approx((0.03 + 0.01) / (0.05 * 0.08) ** 0.5)
    assert found.halves == pytest.approx(1)
    assert (found.agree, found.chance) == (0.75, pytest.approx(0.5 * 0.75 + 0.5 * 0.25))
    assert found.below == 0.25


def test_the_spread_is_of_the_measure_that_differs_most(make_result):
    one = make_result()
    other = replace(one, correct=((9, None, None), (8, 10, None), (3, 9, 8)))
    # One task of three ends three of ten lower: ten points of Avg.Acc, and half of thirty of forgetting.
    assert measure_spread([(one, other)]) == pytest.approx(15)
    assert measure_spread([(one, other), (one, one)]) == pytest.approx(15 / 2**0.5)


def test_what_another_machine_may_differ_by_is_what_the_stored_runs_measure():
    first, again = made_twice()
    assert len(first.current) == 80
    measured = {
        experiment: {
            strategy: round(measure_spread(pair_runs(experiment, strategy, first, again)), 1) for strategy in strategies
        }
        for experiment, strategies in MEASURED.items()
    }
    assert measured == MEASURED


def test_the_two_makings_part_in_their_rounding_alone():
    """Same seed, same images, same settings; and still no run came out the same."""
    first, again = made_twice()
    for experiment in MEASURED:
        for strategy in MEASURED[experiment]:
            for one, other in pair_runs(experiment, strategy, first, again):
                assert (one.data, one.config) == (other.data, other.config)
                assert one.train_losses != other.train_losses


def test_a_run_made_again_on_other_images_is_no_second_making(make_result):
    one, again = make_result(), make_result(data=official_images("cifar10"))
    sets = [ResultSet({"name": run}, {"name": State()}) for run in (one, again)]
    assert pair_runs("split-cifar10", "frozen", sets[0], sets[0]) == [(one, one)]
    assert pair_runs("split-cifar10", "frozen", *sets) == []
