"""The progress of a run: how much is done, and durations in words."""

import pytest

from cl_core.experiments.progress import ProgressEvent, format_duration


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3725, "1 h 2 min"), (-3, "0 s")]
)
def test_durations_are_said_in_two_units(seconds, words):
    assert format_duration(seconds) == words


def test_an_event_knows_how_much_is_done():
    assert ProgressEvent(task=1, tasks=4, stage="training", share=0.5, epochs=4).done == 0.375
    assert ProgressEvent(task=1, tasks=4, stage="training", share=0.5, epochs=4).epoch == 3
    assert ProgressEvent(task=1, tasks=4, stage="training", share=1.0, epochs=4).epoch == 4
    assert ProgressEvent(task=3, tasks=4, stage="finished").done == 1
