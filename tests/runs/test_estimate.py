"""How long runs will take, and how it is said."""

import pytest
from cl_book.commands.sweep_display import describe_time_left

from cl_core.experiments.plan import make_plan
from cl_core.experiments.progress import ProgressEvent, format_duration, format_time_left
from cl_core.runs.estimate import count_image_passes, learn_pace


def timed(make_result, seconds, **fields):
    return make_result(recorded={"times": {"total_s": seconds}}, **fields)


def test_image_passes_count_what_the_stream_trains_on():
    split = make_plan("split-cifar100", "frozen", 0, "cpu")
    assert count_image_passes(split) == 50_000 * split.settings.epochs
    assert count_image_passes(make_plan("split-cifar100", "frozen", 100, "cpu")) == 45_000 * split.settings.epochs
    permuted = make_plan("permuted-mnist", "joint", 0, "cpu")
    assert count_image_passes(permuted) == 600_000 * permuted.settings.joint_epochs
    correlated = make_plan("correlated-cifar100", "frozen", 0, "cpu")
    # 5 tasks of 20 classes, of each class a fifth of its images.
    assert count_image_passes(correlated) == 10_000 * correlated.settings.epochs


def test_a_run_takes_as_long_as_the_most_alike_one_did(make_result):
    pace = learn_pace([timed(make_result, 100.0), timed(make_result, 300.0, strategy="adaptive")])
    assert pace.seconds(make_plan("split-cifar10", "frozen", 3, "cpu")) == pytest.approx(100)
    assert pace.seconds(make_plan("split-cifar10", "adaptive", 3, "cpu")) == pytest.approx(300)
    assert pace.seconds(make_plan("split-cifar100", "frozen", 3, "cpu")) == pytest.approx(100)
    assert pace.seconds(make_plan("split-cifar10", "joint", 3, "cpu")) == pytest.approx(200)
    epochs = make_plan("split-cifar10", "frozen", 3, "cpu").settings.epochs
    doubled = make_plan("split-cifar10", "frozen", 3, "cpu", overrides={"epochs": 2 * epochs})
    assert pace.seconds(doubled) == pytest.approx(200)
    assert pace.seconds(make_plan("permuted-mnist", "frozen", 3, "cpu")) is None
    assert pace.seconds(make_plan("split-cifar10", "frozen", 3, "paper")) is None


def test_the_time_left_is_said_with_its_doubt():
    assert describe_time_left([60.0, 60.0, 60.0, 60.0], 2) == "2 min 0 s"
    assert describe_time_left([10.0, 100.0], 2) == "1 min 40 s"
    assert describe_time_left([60.0, None], 1) == "about 2 min 0 s"
    assert describe_time_left([None], 2) == "unknown time"
    assert describe_time_left([], 2) == "0 s"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3725, "1 h 2 min"), (-3, "0 s")]
)
def test_durations_are_said_in_two_units(seconds, words):
    assert format_duration(seconds) == words


def test_a_run_that_went_on_counts_its_own_time_alone():
    assert format_time_left(10.0, 0.5) == "10 s"
    assert format_time_left(10.0, 0.75, first=0.5) == "10 s"
    assert format_time_left(10.0, 0.5, first=0.5) == "unknown time"


def test_a_moment_knows_how_much_is_done():
    assert ProgressEvent(task=1, tasks=4, stage="training", share=0.5, epochs=4).done == 0.375
    assert ProgressEvent(task=1, tasks=4, stage="training", share=0.5, epochs=4).epoch == 3
    assert ProgressEvent(task=1, tasks=4, stage="training", share=1.0, epochs=4).epoch == 4
    assert ProgressEvent(task=3, tasks=4, stage="finished").done == 1
