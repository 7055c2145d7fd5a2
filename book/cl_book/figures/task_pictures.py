"""Pictures of a stream: a few images of each task, and a table of how close each task is to the one before."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from cl_book.figures.drawing import WIDTH
from cl_book.figures.picture import Picture
from cl_book.figures.run_figures import STAND_IN
from cl_core.streams import Stream

MOST_COLUMNS = 10
"""The largest number of tasks side by side."""

_MOST_NAMES = 3

_GAP = (128, 128, 128, 110)
"""Colour of what lies between images, as RGBA."""


def arrange_images(columns: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the images of each column, (n, H, W[, 3]) uint8, set in a grid with grey gaps: RGBA uint8.

    The grey is half clear, so that black images stay apart on a black page too.
    """
    height, width = columns[0].shape[1:3]
    gap = max(1, width // 12)
    count = max(len(column) for column in columns)
    canvas = np.full((count * (height + gap) - gap, len(columns) * (width + gap) - gap, 4), _GAP, np.uint8)
    for across, column in enumerate(columns):
        for down, image in enumerate(column):
            colour = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
            top, left = down * (height + gap), across * (width + gap)
            canvas[top : top + height, left : left + width, :3] = colour
            canvas[top : top + height, left : left + width, 3] = 255
    return canvas


def show_tasks(streams: Stream | Sequence[Stream], *, name: str, images: int = 3) -> None:
    """Show the first `images` training images of each task as :func:`draw_tasks` draws them."""
    draw_tasks(streams, images=images).show(name)


def draw_tasks(streams: Stream | Sequence[Stream], *, images: int = 3) -> Picture:
    """Draw the first `images` training images of each task, a column a task, up to ten side by side.

    Several streams stand below one another, each with its settings as a heading.
    """
    several = [streams] if isinstance(streams, Stream) else list(streams)
    bands = [
        (stream, range(start, min(start + MOST_COLUMNS, len(stream.tasks))))
        for stream in several
        for start in range(0, len(stream.tasks), MOST_COLUMNS)
    ]
    widest = max(len(band) for _, band in bands)
    cell = WIDTH / max(widest, 5)
    figure, panels = plt.subplots(len(bands), 1, figsize=(WIDTH, len(bands) * (images * cell + 0.42)), squeeze=False)
    if several[0].data.name == STAND_IN:
        # Above the numbers of the tasks: a layout does not know that the title gives way to them.
        panels[0, 0].set_title(STAND_IN, y=1.0, pad=20)
    for (stream, band), axes in zip(bands, panels[:, 0], strict=True):
        shape = stream.data.image_shape
        gap = max(1, shape[1] // 12)
        axes.imshow(arrange_images([stream.tasks[t].images("train", images) for t in band]), interpolation="nearest")
        axes.set_xlim(-0.5, widest * (shape[1] + gap) - gap - 0.5)
        axes.set_xticks(
            [i * (shape[1] + gap) + shape[1] / 2 for i in range(len(band))], [_name_task(stream, t) for t in band]
        )
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.set(yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        if len(several) > 1:
            axes.set_ylabel(_name_settings(stream))
    places = [(number, stream, t) for number, stream in enumerate(several) for t in range(len(stream.tasks))]
    firsts = {(number, t): stream.tasks[t].train[:images] for number, stream, t in places}
    return Picture(
        figure,
        " ".join(_describe(stream, images, named=len(several) > 1) for stream in several),
        {
            "stream": [
                _name_settings(several[n]) or several[n].name for (n, _), first in firsts.items() for _ in first
            ],
            "task": [t + 1 for (_, t), first in firsts.items() for _ in first],
            "position among the training images": [int(place) for first in firsts.values() for place in first],
            "class": [
                several[n].data.names[several[n].data.y_train[place]]
                for (n, _), first in firsts.items()
                for place in first
            ],
        },
    )


def format_tasks(stream: Stream) -> str:
    """Return the tasks as text, one a line: classes, images, and how close each is to the one before."""
    description = stream.describe()
    closeness = [None, *description["neighbours"]]
    lines = ["task classes  train scored  shared  means  spaces  images"]
    for number, (task, close) in enumerate(zip(description["tasks"], closeness, strict=True), start=1):
        near = (
            f"{'–':>6s}{'–':>7s}{'–':>8s}"
            if close is None
            else f"{close['shared_classes']:6.2f}{close['mean_distance']:7.1f}{close['subspace_similarity']:8.2f}"
        )
        lines.append(
            f"{number:4d} {len(task['classes']):7d} {task['train']:6d} {task['eval']:6d}  {near}  {task['transform']}"
        )
    return "\n".join(lines)


def _name_task(stream: Stream, task: int) -> str:
    classes = stream.tasks[task].classes
    names = [stream.data.names[label] for label in classes]
    short = len(classes) <= _MOST_NAMES and all(len(word) <= 2 for word in names)
    return f"{task + 1}: {', '.join(names)}" if short and len(stream.tasks) <= 5 else str(task + 1)


def _name_settings(stream: Stream) -> str:
    definition = stream.definition
    if stream.kind == "correlated":
        return f"overlap {definition.overlap:g}"
    if stream.kind == "corrupted":
        return f"severity {definition.severity:g}"
    return ""


def _describe(stream: Stream, images: int, *, named: bool) -> str:
    definition = stream.definition
    say = f"{stream.name}{' at ' + _name_settings(stream) if named else ''}: the first {images} training images of each of "
    say += f"{definition.tasks} tasks of {definition.classes} classes."
    for number, task in enumerate(stream.tasks[:MOST_COLUMNS], start=1):
        classes = [stream.data.names[label] for label in task.classes[:_MOST_NAMES]]
        more = " and others" if len(task.classes) > _MOST_NAMES else ""
        change = task.transform.describe()
        say += f" Task {number}: {', '.join(classes)}{more}{'' if change == 'unchanged' else ', ' + change}."
    return say
