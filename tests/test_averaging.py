"""The fractions of the way: each task's own, the first whole, and what they make of where the tasks' trainings ended."""

import pytest

from cl_core.averaging import Averaged, fractions
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
