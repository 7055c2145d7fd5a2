"""Each strategy's answer to the one question, and the scores it may read."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cl_core import strategies
from cl_core.strategies import (
    Adaptive,
    Arrival,
    Frozen,
    Initialized,
    Limited,
    Replay,
    Strategy,
    Update,
    integrate,
    score,
    trailing_sizes,
)
from cl_core.threshold_rules import Residual, TwoLevel

ALONG, AGAINST = np.array([1.0, 2.0, 0.0]), np.array([-1.0, -2.0, 0.0])


def arrival(task: int, *, gradient=ALONG, previous=ALONG, loss: float = 1.0) -> Arrival:
    return Arrival(task, 9, gradient, None if task == 0 else previous, loss)


@pytest.mark.parametrize(
    ("strategy", "magnitudes"),
    [
        (Initialized(), [9, 9, 9, 9]),
        (Frozen(), [9, 1, 1, 1]),
        (Frozen(0), [9, 0, 0, 0]),
        (Frozen(4), [9, 4, 4, 4]),
        (Replay((9, 3, 0, 7)), [9, 3, 0, 7]),
        (TwoLevel(0.5, few=2, many=8), [9, 8, 2, 2]),
        (TwoLevel(1.1, few=2, many=8), [9, 8, 8, 8]),
        (Residual(2.0, few=2, many=8), [9, 2, 2, 2]),
        (Residual(0.5, few=2, many=8), [9, 8, 8, 8]),
    ],
)
def test_how_much_may_move(strategy, magnitudes: list[int]):
    assert [strategy.update(arrival(task)) for task in range(4)] == [Update(magnitude) for magnitude in magnitudes]
    assert [strategy.magnitude(arrival(task)) for task in range(4)] == magnitudes


def test_a_limit_begins_with_the_second_task():
    limit = Update(9, rate_factor=0.25, step_share=0.5, fraction=0.5)
    assert [Limited(limit).update(arrival(task)) for task in range(3)] == [Update(9), limit, limit]
    with pytest.raises(ValueError, match="magnitude 10 exceeds the 9 blocks"):
        Limited(Update(10)).update(arrival(1))


@pytest.mark.parametrize(
    "limit",
    [
        {"leading": True},
        {"fraction": 0.5},
        {"rate_factor": 0.5},
        {"step_share": 0.5},
        {"constraint": print},
        {"penalty": print},
    ],
)
def test_a_model_that_knows_blocks_alone_refuses_any_other_limit(limit):
    assert Limited(Update(3)).magnitude(arrival(1)) == 3
    with pytest.raises(ValueError, match="limits more than the number of blocks"):
        Limited(Update(3, **limit)).magnitude(arrival(1))


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ({"fraction": 0.0}, "fraction = 0.0 does not fit; allowed: above 0 to 1"),
        ({"fraction": 1.5}, "fraction = 1.5 does not fit"),
        ({"fraction": math.nan}, "fraction = nan does not fit"),
        ({"step_share": 0.0}, "step_share = 0.0 does not fit; allowed: above 0 to 1"),
        ({"rate_factor": 0.0}, "rate_factor = 0.0 does not fit; allowed: above 0"),
        ({"rate_factor": math.nan}, "rate_factor = nan does not fit"),
    ],
)
def test_an_update_that_cannot_be_is_an_error(limit, says):
    with pytest.raises(ValueError, match=says):
        Update(**{"blocks": 1, **limit})


def test_a_strategy_of_ones_own_needs_nothing_but_its_answer():
    class EverySecond(Strategy):
        def update(self, arrival):
            return Update(arrival.blocks if arrival.task % 2 == 0 else 1)

    own = EverySecond()
    own.learned(0, None, None)
    own.restore(own.state())
    assert isinstance(own, Strategy)
    assert [own.magnitude(arrival(task)) for task in range(3)] == [9, 1, 9]


def test_an_unrelated_task_is_given_more():
    rule = TwoLevel(0.0, few=1, many=9)
    assert rule.magnitude(arrival(2, previous=AGAINST)) == 9
    assert rule.magnitude(arrival(2, previous=ALONG)) == 1


def test_a_score_at_the_threshold_counts_as_related():
    exactly = score("cosine", arrival(2))
    assert TwoLevel(exactly, few=1, many=9).magnitude(arrival(2)) == 1


def test_a_score_that_is_undefined_counts_as_unrelated():
    assert TwoLevel(-1.0, few=1, many=9).magnitude(arrival(2, gradient=np.zeros(3))) == 9


@pytest.mark.parametrize(
    ("metric", "gradient", "expected"),
    [
        ("cosine", ALONG, 1.0),
        ("cosine", AGAINST, -1.0),
        ("cosine", np.array([0.0, 0.0, 5.0]), 0.0),
        ("sign", ALONG, 2 / 3),
        ("sign", np.array([-1.0, 1.0, 1.0]), 0.0),
        ("projection", 2 * ALONG, 2.0),
        ("projection", AGAINST, -1.0),
    ],
)
def test_scores_by_hand(metric: str, gradient: np.ndarray, expected: float):
    assert score(metric, arrival(1, gradient=gradient)) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["cosine", "projection"])
def test_a_gradient_of_length_zero_has_nothing_to_be_compared_with(metric: str):
    assert math.isnan(score(metric, arrival(1, previous=np.zeros(3))))


def test_a_short_previous_gradient_is_still_one():
    assert score("projection", arrival(1, previous=1e-3 * ALONG)) == pytest.approx(1000)


def test_the_first_task_has_no_score():
    assert math.isnan(score("cosine", arrival(0)))


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="metric 'cosin' is unknown; choose one of cosine, projection, sign"):
        TwoLevel(0.0, few=1, many=2, metric="cosin")
    with pytest.raises(ValueError, match="few = 3 is above many = 2"):
        TwoLevel(0.0, few=3, many=2)
    for rule in (TwoLevel, Residual):
        with pytest.raises(ValueError, match="threshold = nan does not fit"):
            rule(math.nan, few=1, many=2)
    with pytest.raises(ValueError, match="trained = -1 is negative"):
        Frozen(-1)
    with pytest.raises(ValueError, match="schedule = -2 is negative"):
        Replay((9, -2))
    with pytest.raises(ValueError, match="magnitude 10 exceeds the 9 blocks"):
        Frozen(10).magnitude(arrival(1))
    with pytest.raises(IndexError, match="task 2 has no entry"):
        Replay((9, 1)).magnitude(arrival(2))


def test_trailing_sizes_count_from_the_end():
    assert trailing_sizes((0, 1, 2, 3), (5, 3, 2)) == (0, 2, 5, 10)
    with pytest.raises(ValueError, match="magnitude 4 does not fit 3 blocks"):
        trailing_sizes((4,), (5, 3, 2))


EIGHT_SCORES = (None, 0.3, 0.1, 0.5, math.nan, -0.2, 0.31, 0.9)
"""Against a threshold of .1, by hand: none, above, equal (not above), above, not a number, below, above, above."""


def test_eight_scores_worked_by_hand_hold_one_block_more_where_related_and_one_fewer_elsewhere():
    held = integrate(EIGHT_SCORES, 0.1, 1, 3, 1)
    assert held == (1, 2, 1, 2, 1, 0, 1, 2)
    # The text's reading, h holds fixed, lets K − h blocks move; the other reading, h trains, lets h move.
    assert tuple(3 - h for h in held) == (2, 1, 2, 1, 2, 3, 2, 1)


def test_the_path_is_clipped_at_both_ends_and_comes_back_from_the_end_in_one_step():
    assert integrate((None, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0), 0.0, 2, 3, 0) == (0, 2, 3, 3, 1, 0, 0, 2)
    assert integrate(EIGHT_SCORES, 0.1, 2, 5, 4) == (4, 5, 3, 5, 3, 1, 3, 5)


def test_a_missing_score_counts_as_not_related_and_a_run_without_tasks_has_no_path():
    assert integrate((None, None), -5.0, 1, 3, 2) == (2, 1)
    assert integrate((), 0.0, 1, 3, 2) == ()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"modules": -1}, "modules = -1 does not fit; allowed: 0 or more"),
        ({"start": 4}, "start = 4 does not fit 3 modules; allowed: 0 to 3"),
        ({"start": -1}, "start = -1 does not fit 3 modules"),
        ({"step": -1}, "step = -1 does not fit; allowed: 0 or more"),
        ({"threshold": math.nan}, "threshold = nan does not fit"),
        ({"scores": (0.5, 0.5)}, r"scores\[0\] = 0.5 does not fit; the first task has no score"),
    ],
)
def test_arguments_that_do_not_fit_are_named_in_one_line(wrong, message: str):
    with pytest.raises(ValueError, match=message) as caught:
        integrate(**{"scores": (None, 0.5), "threshold": 0.1, "step": 1, "modules": 3, "start": 1, **wrong})
    assert "\n" not in str(caught.value)


def walk_through(rule: Adaptive, scores) -> list[int]:
    """Return what `rule` moves of nine blocks at each task, when the tasks' cosines are `scores`."""
    moved = []
    for task, value in enumerate(scores):
        along = np.array([1.0, 0.0])
        new = np.array([value, math.sqrt(1 - value**2)]) if value is not None and not math.isnan(value) else 0 * along
        earlier = tuple(None if one is None or math.isnan(one) else one for one in scores[:task])
        moved.append(rule.magnitude(Arrival(task, 9, new, None if task == 0 else along, scores=earlier)))
    return moved


@pytest.mark.parametrize(
    ("counts", "moved"), [("held", [9, 7, 8, 7, 8, 9, 8, 7]), ("trained", [9, 2, 1, 2, 1, 0, 1, 2])]
)
def test_algorithm_1_moves_what_h_leaves_or_in_the_other_reading_h_itself(counts, moved):
    assert walk_through(Adaptive(0.1, 1, 3, 1, counts=counts), EIGHT_SCORES) == moved


def test_algorithm_1_holds_at_most_its_modules_and_asks_for_the_scores_of_the_tasks_before():
    assert walk_through(Adaptive(-1.5, 2, 5), (None, 0.1, 0.1, 0.1, 0.1)) == [9, 7, 5, 4, 4]
    with pytest.raises(ValueError, match=r"task 2 arrives with 1 earlier scores; give arrive\(\) the score of each"):
        Adaptive(0.1, 1, 3).update(Arrival(2, 9, ALONG, ALONG, scores=(None,)))
    with pytest.raises(ValueError, match="magnitude 10 exceeds the 9 blocks"):
        Adaptive(0.1, 1, 10).update(Arrival(0, 9))
    with pytest.raises(ValueError, match="counts = 'moved' does not fit"):
        Adaptive(0.1, 1, 3, counts="moved")
    with pytest.raises(ValueError, match="start = 4 does not fit 3 modules"):
        Adaptive(0.1, 1, 3, 4)


def test_a_quantile_of_the_earlier_scores_takes_the_thresholds_place_from_the_third_task_on():
    scores = (None, 0.2, 0.1, 0.3, 0.25)
    assert integrate(scores, 0.0, 1, 9, 4) == (4, 5, 6, 7, 8)
    # Bars: 0.0; 0.2; the median of 0.2 and 0.1; that of 0.2, 0.1 and 0.3.
    assert integrate(scores, 0.0, 1, 9, 4, 0.5) == (4, 5, 4, 5, 6)
    assert integrate((None, None, 0.1), 0.2, 1, 9, 4, 0.5) == (4, 3, 2)
    with pytest.raises(ValueError, match=r"quantile = 1\.5"):
        integrate(scores, 0.0, 1, 9, 4, 1.5)


def test_a_name_that_no_module_of_strategies_has_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'Adaptiv'"):
        _ = strategies.Adaptiv


@pytest.mark.parametrize("rule", [Adaptive(0.1, 1, 3), TwoLevel(0.1, few=1, many=9)])
def test_a_rule_that_reads_gradients_asks_for_the_one_before(rule):
    with pytest.raises(ValueError, match="task 2 arrives without the gradient of the task before; give arrive"):
        rule.update(Arrival(2, 9, ALONG, None, scores=(None, 0.3)))


def test_algorithm_1_refuses_scores_by_another_metric_than_its_own():
    one = Arrival(2, 9, ALONG, ALONG, scores=(None, 0.3), metric="cosine")
    assert Adaptive(0.1, 1, 3).update(one) == Adaptive(0.1, 1, 3).update(replace(one, metric=""))
    with pytest.raises(ValueError, match="scored by 'cosine', the rule by 'sign'; give both one metric"):
        Adaptive(0.1, 1, 3, metric="sign").update(one)


def test_gradients_of_unequal_size_are_not_compared():
    with pytest.raises(ValueError, match="gradients of 3 and 4 parameters cannot be compared"):
        score("cosine", Arrival(1, 9, np.ones(3), np.ones(4)))


def test_a_number_of_numpy_s_is_a_magnitude_like_any_other():
    assert type(Update(np.int64(3)).blocks) is int


@pytest.mark.parametrize("blocks", [1.0, math.nan, "1", None])
def test_a_magnitude_is_a_whole_number(blocks):
    with pytest.raises(ValueError, match="does not fit; give a whole number of blocks"):
        Update(blocks)
