"""The display of a run: bars on a terminal, and a line for each finished task everywhere."""

import io

import pytest
from cl_book.commands.run_display import RunDisplay, describe_time_left
from rich.console import Console

from cl_core.experiments.progress import ProgressEvent

TRAINING = ProgressEvent(task=0, tasks=2, stage="training", share=0.5, epochs=4, magnitude=3, blocks=9)
FINISHED = ProgressEvent(task=0, tasks=2, stage="finished", magnitude=3, blocks=9, accuracy=0.815)
LAST = ProgressEvent(task=1, tasks=2, stage="finished", magnitude=9, blocks=9, accuracy=0.7)


def show(*events, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with RunDisplay("digits-split [few]", console) as display:
        for event in events:
            display(event)
            display._progress.refresh()
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_each_finished_task_leaves_a_line(terminal):
    text = show(TRAINING, FINISHED, LAST, terminal=terminal)
    assert "task 1 of 2 · 3 of 9 blocks moved · 81.5 % on the tasks so far · " in text
    assert "task 2 of 2 · 9 of 9 blocks moved · 70.0 % on the tasks so far\n" in text


def test_a_terminal_shows_the_run_and_its_task():
    text = show(TRAINING, terminal=True)
    assert "digits-split [few]" in text
    assert "task 1 of 2" in text
    assert "training, epoch 3 of 4 · 3 of 9 blocks moved" in text
    assert "━" in text


def test_elsewhere_nothing_is_drawn():
    assert show(TRAINING, terminal=False) == ""


def test_a_run_that_went_on_counts_its_own_time_alone():
    assert describe_time_left(10.0, 0.5) == "10 s"
    assert describe_time_left(10.0, 0.75, first=0.5) == "10 s"
    assert describe_time_left(10.0, 0.5, first=0.5) == "unknown time"
