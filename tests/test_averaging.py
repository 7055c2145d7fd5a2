"""The fractions of the way: each task's own, the first whole, and what they make of where the tasks' trainings ended."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.averaging import Averaged, AveragedByGain, fractions, read_fractions
from cl_core.linear import read_gains
from cl_core.strategies import Arrival, Update


def arrival(task: int) -> Arrival:
    return Arrival(task, 9)


def test_averaging_gives_each_task_its_fraction_and_the_first_the_whole_way():
    assert fractions("harmonic", 4) == (1.0, 1 / 2, 1 / 3, 1 / 4)
    assert fractions("reversed", 4) == (1.0, 1 / 4, 1 / 3, 1 / 2)
    assert fractions("constant", 3, 0.3) == (1.0, 0.3, 0.3)
    rule = Averaged(fractions("harmonic", 3))
    assert [rule.update(arrival(task)) for task in range(3)] == [
        Update(9),
        Update(9, fraction=0.5),
        Update(9, fraction=1 / 3),
    ]
    with pytest.raises(IndexError, match="task 3 has no fraction"):
        rule.update(arrival(3))
    with pytest.raises(ValueError, match="order = 'backwards'"):
        fractions("backwards", 3)
    with pytest.raises(ValueError, match="begin with 1"):
        Averaged((0.5, 0.5))


def test_harmonic_fractions_make_the_mean_of_where_the_tasks_trainings_ended():
    ends, model = [3.0, -1.0, 7.0, 5.0], 0.0
    for end, fraction in zip(ends, fractions("harmonic", 4), strict=True):
        model += fraction * (end - model)
    assert model == pytest.approx(sum(ends) / 4)


def follow_gain(losses):
    """Return the fractions by the recursion of the linear model, V = 0 and r = 1, losses taken for the gaps."""
    return read_gains(np.array(losses), parameters=4, samples=9, noise=0.0)


def test_the_gain_is_that_of_the_linear_model_whose_updates_learn_their_whole_task():
    losses = [2.7, 1.9, 1.6, 2.4, 1.5, 1.9]
    assert read_fractions(losses) == pytest.approx(follow_gain(losses))


def test_losses_as_expected_give_one_over_t():
    # e + D² + s² with D² + s² = 1, and e = 1/(t − 1) from the second task on.
    losses = [5.0, *(1 + 1 / (task - 1) for task in range(2, 9))]
    assert read_fractions(losses) == pytest.approx([1 / task for task in range(1, 9)])


@pytest.mark.parametrize("place", [2, 3, 4])
def test_a_higher_loss_lowers_the_gain_and_raises_what_is_turned_round(place):
    losses = [2.0, 1.5, 1.4, 1.6, 1.5]
    higher = [1.3 * loss if task == place else loss for task, loss in enumerate(losses)]
    for surprise, sign in (("lowers", -1), ("raises", 1)):
        before, after = (read_fractions(given, surprise) for given in (losses, higher))
        assert after[:place] == before[:place]
        assert sign * (after[place] - before[place]) > 0.01


def test_both_ways_agree_where_every_loss_is_the_usual_one():
    losses = [3.0, *[1.5] * 6]
    assert read_fractions(losses, "raises") == pytest.approx(read_fractions(losses))


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=30), st.sampled_from(["lowers", "raises"]))
def test_the_first_fraction_is_one_and_no_other_exceeds_a_half(losses, surprise):
    first, *later = read_fractions(losses, surprise)
    assert first == 1
    assert all(0 < fraction <= 0.5 for fraction in later)


def test_the_rule_reads_the_losses_of_all_arrivals():
    rule = AveragedByGain()
    assert rule.update(Arrival(0, 9, loss=2.0)) == Update(9)
    second = rule.update(Arrival(1, 9, loss=1.0, losses=(2.0,)))
    assert second == Update(9, fraction=0.5)
    third = rule.update(Arrival(2, 9, loss=2.0, losses=(2.0, 1.0)))
    assert third.fraction == pytest.approx(0.25 / 2.0)
    with pytest.raises(ValueError, match="task 2 arrives with 1 earlier losses"):
        rule.update(Arrival(2, 9, loss=2.0, losses=(2.0,)))
    with pytest.raises(ValueError, match="arrival of task 1 is nan"):
        rule.update(Arrival(1, 9, losses=(2.0,)))
