"""The display of a sweep: a line for each finished or failed run, bars on a terminal, and the time that is left."""

import io

import pytest
from cl_book.commands.estimate import learn_pace
from cl_book.commands.sweep_display import SweepDisplay, describe_sweep_time_left
from rich.console import Console

from cl_core.experiments.plan import make_plan
from cl_core.runs.sweep import SweepState

PLANS = [make_plan("digits-split", "frozen", seed, "smoke") for seed in (100, 101, 102)]


def show(*states, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=160)
    with SweepDisplay(learn_pace([]), 2, console) as display:
        for state in states:
            display(state)
            display._progress.refresh()
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_finished_and_a_failed_run_leave_a_line_each_once(make_result, terminal):
    result = make_result(recorded={"times": {"total_s": 2.0}})
    state = SweepState(
        there=[],
        waiting=[],
        running=[PLANS[1]],
        computed=[PLANS[0]],
        failed={"x [y]": "no"},
        finished=(PLANS[0], result),
    )
    text = show(state, state, terminal=terminal)
    assert (
        text.count(f"2 of 3 · {PLANS[0].describe()} · Avg.Acc ")
        + text.count(f"1 of 3 · {PLANS[0].describe()} · Avg.Acc ")
        == 1
    )
    assert text.count("failed: x [y]: no") == 1


def test_a_terminal_shows_what_is_running():
    text = show(SweepState(there=[], waiting=PLANS[1:], running=PLANS[:1]), terminal=True)
    assert "0 of 3 done, 1 running, 2 waiting" in text
    assert PLANS[0].describe() in text
    assert "unknown time left" in text


def test_elsewhere_nothing_is_drawn():
    assert show(SweepState(there=[], waiting=PLANS), terminal=False) == ""


def test_the_time_left_is_said_with_its_doubt():
    assert describe_sweep_time_left([60.0, 60.0, 60.0, 60.0], 2) == "2 min 0 s"
    assert describe_sweep_time_left([10.0, 100.0], 2) == "1 min 40 s"
    assert describe_sweep_time_left([60.0, None], 1) == "about 2 min 0 s"
    assert describe_sweep_time_left([None], 2) == "unknown time"
    assert describe_sweep_time_left([], 2) == "0 s"
