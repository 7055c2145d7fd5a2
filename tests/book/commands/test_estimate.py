"""How long runs will take, from stored ones."""

import pytest
from cl_book.commands.estimate import count_image_passes, learn_pace

from cl_core.experiments.plan import make_plan


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
    pace = learn_pace([timed(make_result, 100.0), timed(make_result, 300.0, strategy="two-level")])
    assert pace.seconds(make_plan("split-cifar10", "frozen", 3, "cpu")) == pytest.approx(100)
    assert pace.seconds(make_plan("split-cifar10", "two-level", 3, "cpu")) == pytest.approx(300)
    assert pace.seconds(make_plan("split-cifar100", "frozen", 3, "cpu")) == pytest.approx(100)
    assert pace.seconds(make_plan("split-cifar10", "joint", 3, "cpu")) == pytest.approx(200)
    epochs = make_plan("split-cifar10", "frozen", 3, "cpu").settings.epochs
    doubled = make_plan("split-cifar10", "frozen", 3, "cpu", overrides={"epochs": 2 * epochs})
    assert pace.seconds(doubled) == pytest.approx(200)
    assert pace.seconds(make_plan("permuted-mnist", "frozen", 3, "cpu")) is None
    assert pace.seconds(make_plan("split-cifar10", "frozen", 3, "paper")) is None
