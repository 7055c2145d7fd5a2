"""How long runs will take, from stored ones."""

import pytest
from cl_book.commands.estimate import count_image_passes, expect_device, learn_pace

from cl_core.experiments.plan import make_plan


def timed(make_result, seconds, device="cpu", **fields):
    return make_result(recorded={"times": {"total_s": seconds}, "machine": {"device": device}}, **fields)


def test_image_passes_count_what_the_stream_trains_on():
    split = make_plan("split-cifar100", "frozen", 0, "cpu")
    assert count_image_passes(split) == 50_000 * split.settings.epochs
    assert count_image_passes(make_plan("split-cifar100", "frozen", 100, "cpu")) == 45_000 * split.settings.epochs
    permuted = make_plan("permuted-mnist", "joint", 0, "cpu")
    assert count_image_passes(permuted) == 600_000 * permuted.settings.joint_epochs
    correlated = make_plan("correlated-cifar100", "frozen", 0, "cpu")
    # 5 tasks of 20 classes, of each class a fifth of its images.
    assert count_image_passes(correlated) == 10_000 * correlated.settings.epochs


@pytest.mark.parametrize(
    ("settings", "images"),
    [
        ({"first_tasks": 2}, 10_000),
        ({"tasks": 20, "first_tasks": 10}, 25_000),
        ({"class_images": 100}, 10_000),
        ({"class_images": 100, "first_tasks": 2}, 2_000),
        # No class has more than 500.
        ({"class_images": 100_000}, 50_000),
    ],
)
def test_image_passes_are_of_the_tasks_that_run_and_the_images_that_there_are(settings, images):
    plan = make_plan("split-cifar100", "frozen", 0, "cpu", overrides=settings)
    assert count_image_passes(plan) == images * plan.settings.epochs
    joint = make_plan("split-cifar100", "joint", 0, "cpu", overrides=settings)
    assert count_image_passes(joint) == images * joint.settings.joint_epochs


def test_the_first_task_s_own_passes_are_one_task_s_of_those_that_run():
    overrides = {"first_tasks": 2, "first_epochs": 40, "epochs": 10}
    plan = make_plan("split-cifar100", "frozen", 0, "cpu", overrides=overrides)
    assert count_image_passes(plan) == 5_000 * 40 + 5_000 * 10


def test_image_passes_are_those_of_the_tasks_as_they_are_drawn():
    for experiment in ("digits-split", "digits-permuted", "digits-correlated", "digits-corrupted", "digits-long"):
        plan = make_plan(experiment, "frozen", 100, "smoke")
        drawn = sum(len(task.train) for task in plan.draw_stream().tasks)
        assert count_image_passes(plan) / plan.settings.epochs == pytest.approx(drawn, rel=0.05), experiment


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


def test_a_run_on_a_card_says_nothing_of_one_on_a_processor(make_result, monkeypatch):
    monkeypatch.delenv("CL_DEVICE", raising=False)
    run = make_plan("split-cifar10", "frozen", 3, "cpu")
    card = timed(make_result, 5.0, device="NVIDIA H200")
    assert learn_pace([card]).seconds(run) is None
    assert learn_pace([card, timed(make_result, 100.0)]).seconds(run) == pytest.approx(100)


def test_a_run_asked_for_on_a_card_takes_as_long_as_one_there_did(make_result, monkeypatch):
    monkeypatch.setenv("CL_DEVICE", "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    pace = learn_pace([timed(make_result, 5.0, device="NVIDIA H200"), timed(make_result, 100.0)])
    assert pace.seconds(make_plan("split-cifar10", "frozen", 3, "cpu")) == pytest.approx(5)


def test_a_profile_for_a_card_is_timed_as_on_a_processor_where_there_is_none(make_result, monkeypatch):
    monkeypatch.delenv("CL_DEVICE", raising=False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert expect_device(make_plan("split-cifar10", "frozen", 3, "paper")) == "cpu"
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert expect_device(make_plan("split-cifar10", "frozen", 3, "paper")) == "cuda"
    assert expect_device(make_plan("split-cifar10", "frozen", 3, "cpu")) == "cpu"


def test_a_sweep_may_be_planned_where_there_is_no_card(make_result, monkeypatch):
    monkeypatch.setenv("CL_DEVICE", "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert expect_device(make_plan("split-cifar10", "frozen", 3, "cpu")) == "cuda"
    monkeypatch.setenv("CL_DEVICE", "tpu")
    with pytest.raises(ValueError, match="tpu"):
        expect_device(make_plan("split-cifar10", "frozen", 3, "cpu"))
