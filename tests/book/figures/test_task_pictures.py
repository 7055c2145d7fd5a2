"""Pictures of tasks: the images are the task's own, in their places, and the words and the table say what they are."""

import numpy as np
from cl_book.figures import task_pictures

from cl_core.streams import stream

DRAWS = task_pictures


def test_a_montage_keeps_each_image_whole_and_the_gaps_half_clear():
    grey = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4)
    canvas = task_pictures.arrange_images([grey, grey[:1] + 100])
    assert canvas.shape == (9, 9, 4)
    assert np.array_equal(canvas[:4, :4, 0], grey[0])
    assert np.array_equal(canvas[5:, :4, 2], grey[1])
    assert np.array_equal(canvas[:4, 5:, 1], grey[0] + 100)
    assert (canvas[4, :, 3] > 0).all()
    assert (canvas[4, :, 3] < 128).all()
    assert (canvas[5:, 5:] == canvas[4, 0]).all()
    assert (canvas[:4, :4, 3] == 255).all()


def test_colour_stays_colour():
    image = np.zeros((1, 12, 12, 3), np.uint8)
    image[..., 1] = 200
    assert task_pictures.arrange_images([image])[0, 0].tolist() == [0, 200, 0, 255]


def test_every_task_has_its_column(shown):
    digits = stream("digits-split", 100)
    task_pictures.show_tasks(digits, images=2, name="test")
    (axes,) = shown[0]["figure"].axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        f"{t + 1}: {task.classes[0]}, {task.classes[1]}" for t, task in enumerate(digits.tasks)
    ]
    drawn = np.asarray(axes.images[0].get_array())
    assert np.array_equal(drawn[:8, 9:17, 0], digits.tasks[1].images("train", 1)[0])
    assert shown[0]["data"]["position among the training images"][2:4] == digits.tasks[1].train[:2].tolist()
    labels = [digits.data.names[digits.data.y_train[place]] for place in digits.tasks[1].train[:2]]
    assert shown[0]["data"]["class"][2:4] == labels
    assert f"Task 1: {digits.tasks[0].classes[0]}, {digits.tasks[0].classes[1]}." in shown[0]["alt"]


def test_more_than_ten_tasks_are_wrapped_and_several_streams_named(shown):
    task_pictures.show_tasks(stream("digits-long", 100), images=1, name="test")
    assert len(shown[0]["figure"].axes) == 2
    task_pictures.show_tasks([stream("digits-corrupted", 100, severity=s) for s in (0.0, 2.0)], images=1, name="test")
    assert [axes.get_ylabel() for axes in shown[1]["figure"].axes] == ["severity 0", "severity 2"]
    assert "at severity 2" in shown[1]["alt"]
    assert "noise of standard deviation" in shown[1]["alt"]


def test_the_table_says_what_the_stream_says():
    correlated = stream("digits-correlated", 100)
    first, *rest = task_pictures.format_tasks(correlated).splitlines()[1:]
    assert first.split()[:4] == ["1", "2", str(len(correlated.tasks[0].train)), str(len(correlated.tasks[0].held))]
    assert first.split()[4:7] == ["–"] * 3
    assert len(rest) == 4
    assert {line.split()[4] for line in rest} == {"0.50"}
