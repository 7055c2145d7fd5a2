"""The yoked controls: the same amount of movement, without the gradients' say."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cl_core.experiments.controls import clock, constant, degenerate, inverted, random, walk

MAGNITUDES = (9, 9, 1, 9, 1, 1)
SCORES = (None, 0.05, 0.3, 0.0, 0.2, 0.4)
BLOCKS = (10, 10, 10, 10, 10, 10, 10, 10, 20)


@st.composite
def two_level_runs(draw):
    free = draw(st.integers(0, 8))
    scores = draw(st.lists(st.none() | st.floats(-1, 1), min_size=free, max_size=free))
    threshold = draw(st.floats(-1, 1))
    chosen = [1 if score is not None and score >= threshold else 9 for score in scores]
    return (9, 9, *chosen), (None, 0.0, *scores)


@given(two_level_runs(), st.integers(0, 10))
def test_random_and_inverted_keep_the_multiset_and_the_first_two_tasks(run, seed):
    magnitudes, scores = run
    for schedule in (random(magnitudes, seed), inverted(magnitudes, scores)):
        assert schedule[:2] == magnitudes[:2]
        assert sorted(schedule) == sorted(magnitudes)


def test_inverted_moves_most_where_the_score_is_highest():
    assert inverted(MAGNITUDES, SCORES) == (9, 9, 1, 1, 1, 9)


@given(two_level_runs())
def test_inverted_never_moves_more_at_a_lower_score(run):
    magnitudes, scores = run
    pairs = sorted(
        (float("-inf") if score is None else score, magnitude)
        for score, magnitude in zip(scores[2:], inverted(magnitudes, scores)[2:], strict=True)
    )
    by_score = {}
    for score, magnitude in pairs:
        by_score.setdefault(score, []).append(magnitude)
    tops = [(min(found), max(found)) for _, found in sorted(by_score.items())]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(tops))


def test_random_follows_the_seed_and_reaches_other_orders():
    assert random(MAGNITUDES, 4) == random(MAGNITUDES, 4)
    assert len({random(MAGNITUDES, seed) for seed in range(30)}) > 3


def test_constant_takes_the_magnitude_nearest_the_mean_share():
    # The free magnitudes 1, 9, 1, 1 move 20, 100, 20 and 20 of 100 parameters: 40 in the mean, which is 3 blocks.
    assert constant(MAGNITUDES, BLOCKS) == (9, 9, 3, 3, 3, 3)
    assert constant((9, 9, 1, 1), BLOCKS) == (9, 9, 1, 1)


def test_a_run_with_one_magnitude_throughout_is_degenerate():
    assert degenerate((9, 9, 1, 1))
    assert degenerate((9, 9))
    assert not degenerate(MAGNITUDES)


def test_where_the_rule_chooses_from_the_second_task_on_its_controls_do_too():
    magnitudes, scores = (9, 8, 7, 8, 9), (None, 0.3, 0.2, -0.1, -0.4)
    shuffled = {random(magnitudes, seed, 1) for seed in range(40)}
    assert {schedule[0] for schedule in shuffled} == {9}
    assert {schedule[1] for schedule in shuffled} == {7, 8, 9}
    assert inverted(magnitudes, scores, 1) == (9, 9, 8, 8, 7)
    assert constant((9, 1, 1, 1), BLOCKS, 1) == (9, 1, 1, 1)
    assert degenerate((9, 8, 8), 1)
    assert not degenerate((9, 8, 7), 1)


def test_the_clock_freezes_step_by_step_to_its_modules():
    assert clock(6, 9, step=1, modules=4, start=0) == (9, 8, 7, 6, 5, 5)
    assert clock(4, 3, step=2, modules=3, start=1) == (3, 0, 0, 0)
    assert clock(1, 3, step=2, modules=3, start=1) == (3,)


def test_the_walk_takes_steps_of_one_size_by_the_seed_alone():
    walks = [walk(10, 9, seed, step=1, modules=9, start=4) for seed in range(30)]
    assert walks[3] == walk(10, 9, 3, step=1, modules=9, start=4)
    assert len(set(walks)) > 20
    assert {abs(b - a) for schedule in walks for a, b in itertools.pairwise(schedule[1:])} <= {0, 1}
    assert {schedule[1] for schedule in walks} == {4, 6}
    assert walk(10, 9, 3, step=1, modules=9, start=4)[:6] == walk(6, 9, 3, step=1, modules=9, start=4)
