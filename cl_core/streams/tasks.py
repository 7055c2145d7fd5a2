"""Tasks cut from a data set: split by class, permuted, correlated, corrupted, partly corrupted, turned.

A task holds positions in the data set and a transform. It copies images only when they are read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cl_core.draws import Purpose, generator, sequence
from cl_core.streams.datasets import Dataset
from cl_core.streams.definitions import Definition, GivenDefinition, Kind
from cl_core.streams.transforms import Distorted, Noisy, Permuted, Transform, Turned, Unchanged

Images = NDArray[np.uint8]
Positions = NDArray[np.int64]

Part = Literal["validation", "test"]
"""What a stream is scored on: a fixed tenth of the training images, or the test images."""

PARTS: tuple[Part, ...] = get_args(Part)

HELD_OUT = 0.1
"""Share of each class's training images that validation scores on and does not train on."""

NOISE_STEP = 25.5
"""Standard deviation of the noise at the last task for each unit of severity: a tenth of the grey levels."""

BLUR_STEP = 1 / 64
"""Standard deviation of the blur for each unit of severity, in widths of the image: half a pixel of 32."""

ANGLE_STEP = 15.0
"""Degrees that images are turned by for each unit of severity."""


@dataclass(frozen=True, eq=False)
class Task:
    """One task: `classes` in the order of the head's outputs, and the positions of its images in `data`.

    `train` are positions among the training images; `held` among the training images too (part validation) or among
    the test images (part test). Images stand in a random order, so that the first n are a fair sample of the task.
    `scores_clean`: the transform is of the training images alone.
    """

    data: Dataset
    part: Part
    classes: tuple[int, ...]
    train: Positions
    held: Positions
    transform: Transform
    scores_clean: bool = False

    @property
    def x_train(self) -> Images:
        """Training images, uint8 (n, H, W[, 3]). Made anew at each access: keep what you use."""
        return self.images("train")

    @property
    def x_eval(self) -> Images:
        """Images to score on, uint8 (n, H, W[, 3]). Made anew at each access: keep what you use."""
        return self.images("eval")

    @property
    def y_train(self) -> NDArray[np.int64]:
        """Labels of the training images, (n,), 0 to C − 1 in the order of `classes`."""
        return self._heads(self.data.y_train[self.train])

    @property
    def y_eval(self) -> NDArray[np.int64]:
        """Labels of the images to score on, (n,), 0 to C − 1 in the order of `classes`."""
        y = self.data.y_test if self.part == "test" else self.data.y_train
        return self._heads(y[self.held])

    def images(self, which: Literal["train", "eval"], first: int | None = None) -> Images:
        """Return the task's images for training or scoring, the `first` few or (None) all: uint8 (n, H, W[, 3])."""
        positions = (self.train if which == "train" else self.held)[:first]
        if which == "eval" and self.scores_clean:
            return (self.data.x_test if self.part == "test" else self.data.x_train)[positions]
        if which == "eval" and self.part == "test":
            # Test images are numbered after the training images: no two images share their noise.
            return self.transform(self.data.x_test[positions], positions + len(self.data.x_train))
        return self.transform(self.data.x_train[positions], positions)

    def _heads(self, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
        heads = np.full(self.data.classes, -1, np.int64)
        heads[list(self.classes)] = np.arange(len(self.classes))
        return heads[labels]


@dataclass(frozen=True, eq=False)
class _Pool:
    """Positions of each class's images, for training and for scoring."""

    train: tuple[Positions, ...]
    held: tuple[Positions, ...]


_Cut = tuple[tuple[int, ...], list[Positions], list[Positions], Transform]


def build(definition: Definition, data: Dataset, seed: int, part: Part) -> tuple[Task, ...]:
    """Return the tasks of the stream `definition` on `data`; `seed` (≥ 0) decides every draw but the held-out tenth."""
    pool = _make_pool(data, part)
    tasks = []
    for number, (classes, train, held, transform) in enumerate(_CUTS[definition.kind](definition, data, pool, seed)):
        mixed = generator(seed, number, Purpose.TRAINING_ORDER).permutation(np.concatenate(train))
        scored = generator(seed, number, Purpose.EVALUATION_ORDER).permutation(np.concatenate(held))
        clean = definition.kind == "partly-corrupted"
        tasks.append(Task(data, part, classes, mixed, scored, transform, clean))
    return tuple(tasks)


def select_held_out(data: Dataset) -> NDArray[np.bool_]:
    """Return which training images of `data` are held out for validation, (N,): a tenth of each class, at least one.

    The draw is fixed: it depends on the class alone, not on any stream's seed.
    """
    held = np.zeros(len(data.y_train), bool)
    for label in range(data.classes):
        members = np.flatnonzero(data.y_train == label)
        count = max(1, round(HELD_OUT * len(members)))
        held[generator(0, label, Purpose.HELD_OUT).permutation(members)[:count]] = True
    return held


def _make_pool(data: Dataset, part: Part) -> _Pool:
    if part == "test":
        return _Pool(_group_by_class(data.y_train, data.classes), _group_by_class(data.y_test, data.classes))
    held = select_held_out(data)
    return _Pool(
        _group_by_class(np.where(held, data.classes, data.y_train), data.classes),
        _group_by_class(np.where(held, data.y_train, data.classes), data.classes),
    )


def _group_by_class(labels: NDArray[np.integer], classes: int) -> tuple[Positions, ...]:
    return tuple(np.flatnonzero(labels == label) for label in range(classes))


def _draw_class_order(data: Dataset, seed: int, cycle: int = 0) -> list[int]:
    return [int(label) for label in generator(seed, cycle, Purpose.CLASS_ORDER).permutation(data.classes)]


def _take_all(pool: _Pool, classes: tuple[int, ...]) -> tuple[list[Positions], list[Positions]]:
    return [pool.train[label] for label in classes], [pool.held[label] for label in classes]


def _deal(pool: _Pool, label: int, seed: int) -> Positions:
    """Return a class's training images in the order in which they are dealt to its tasks."""
    return generator(seed, label, Purpose.SHARES).permutation(pool.train[label])


def _cut_split(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """Consecutive classes of the seed's class order, or of the numbered one; no class in two tasks.

    Where a class has more training images than `class_images`, those are the first that a correlated stream deals.
    """
    order = _draw_class_order(data, seed) if definition.class_order == "drawn" else list(range(data.classes))
    for start in range(0, (definition.first_tasks or definition.tasks) * definition.classes, definition.classes):
        classes = tuple(order[start : start + definition.classes])
        train, held = _take_all(pool, classes)
        if definition.class_images:
            train = [_deal(pool, label, seed)[: definition.class_images] for label in classes]
        yield classes, train, held, Unchanged()


def _cut_permuted(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """All classes and images in every task, under a permutation of pixels that is the task's own.

    The first task keeps the pixels in place: what it shows a reader can recognise, and to a fully connected network
    one fixed order is as good as another.
    """
    classes = tuple(range(data.classes))
    pixels = data.image_shape[0] * data.image_shape[1]
    for number in range(definition.tasks):
        places = generator(seed, number, Purpose.PIXELS).permutation(pixels)
        yield classes, *_take_all(pool, classes), Permuted(places) if number else Unchanged()


def _cut_correlated(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """A window of C classes that moves along the class order by C − shared, so that neighbours share `shared` classes.

    Each class's training images are dealt, once, into as many equal shares as there are tasks, and task t takes share
    t of each of its classes. So no image is used twice, whatever the overlap, and the number of images a task does
    not depend on it: at overlap 1, where every task has the same classes, the shares are just used up; at overlap 0
    each class gives one share and keeps the others unused. The first task is the same at every overlap.
    With `class_images` shares are that large, and a class takes its next one at each task that has it. With
    `same_images` it takes its first share at every task.
    Scoring images are not dealt: a class is scored on the same images wherever it occurs, equally many for each class.
    A class keeps its output from task to task, as a head that all tasks share needs.
    """
    order = _draw_class_order(data, seed)
    size = definition.classes
    step = size - definition.shared
    smallest = min(len(members) for members in pool.train)
    share = definition.class_images or smallest // definition.tasks
    scored = min(len(members) for members in pool.held)
    if share < 1:
        raise ValueError(f"tasks = {definition.tasks} is too many: a class has fewer training images than that.")
    used = share * (1 if definition.same_images else definition.most_occurrences)
    if definition.class_images and used > smallest:
        raise ValueError(
            f"class_images = {share} is too many: a class of {smallest} training images occurs in up to "
            f"{definition.most_occurrences} tasks; give {smallest * share // used} at most, or the same images."
        )
    dealt = [_deal(pool, label, seed) for label in range(data.classes)]
    given = dict.fromkeys(range(data.classes), 0)
    for number in range(definition.tasks):
        places = range(number * step, number * step + size)
        classes = tuple(order[place] for place in sorted(places, key=lambda place: place % size))
        train = []
        for label in classes:
            turn = 0 if definition.same_images else given[label] if definition.class_images else number
            train.append(dealt[label][turn * share : (turn + 1) * share])
            given[label] += 1
        yield classes, train, [pool.held[label][:scored] for label in classes], Unchanged()


def _cut_corrupted(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """A split whose noise grows in equal steps from none at the first task to the full strength at the last."""
    for number, (classes, train, held, _) in enumerate(_cut_split(definition, data, pool, seed)):
        reached = number / max(1, definition.tasks - 1)
        low, high = sequence(seed, number, Purpose.NOISE).generate_state(2, np.uint64)
        yield classes, train, held, Noisy(definition.severity * NOISE_STEP * reached, (int(low), int(high)))


def _cut_partly_corrupted(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """A split, some of whose tasks have corrupted training images; all are scored on images as they are.

    The corrupted tasks are spread evenly behind the first, which stays clean. Source: Deng et al. 2025
    (arXiv:2506.00205), Section 6, which corrupts the training images of one task and gives no severity.
    """
    tasks, strength = definition.tasks, definition.severity
    chosen = {-(-(place + 1) * tasks // (definition.corrupted + 1)) for place in range(definition.corrupted)}
    only, colours = definition.corruption, data.image_shape[2:] == (3,)
    done = Distorted(
        swap=only in ("all", "colour") and strength > 0 and colours,
        blur=strength * BLUR_STEP * data.image_shape[1] if only in ("all", "blur") else 0.0,
        angle=strength * ANGLE_STEP if only in ("all", "rotation") else 0.0,
    )
    for number, (classes, train, held, plain) in enumerate(_cut_split(definition, data, pool, seed)):
        yield classes, train, held, done if number in chosen else plain


def _cut_turned(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """Cycles through all classes, upright first, then turned by one, two and three quarters, each in its own order."""
    in_cycle = data.classes // definition.classes
    for number in range(definition.tasks):
        cycle, place = divmod(number, in_cycle)
        order = _draw_class_order(data, seed, cycle)
        classes = tuple(order[place * definition.classes : (place + 1) * definition.classes])
        yield classes, *_take_all(pool, classes), Turned(cycle)


def _cut_given(definition: Definition, data: Dataset, pool: _Pool, seed: int) -> Iterator[_Cut]:
    """The tasks as they were given, in their order; the classes of one are numbered after those of the one before."""
    assert isinstance(definition, GivenDefinition)
    first = 0
    for size in definition.sizes:
        classes = tuple(range(first, first + size))
        first += size
        yield classes, *_take_all(pool, classes), Unchanged()


_CUTS: dict[Kind, Callable[[Definition, Dataset, _Pool, int], Iterator[_Cut]]] = {
    "split": _cut_split,
    "permuted": _cut_permuted,
    "correlated": _cut_correlated,
    "corrupted": _cut_corrupted,
    "partly-corrupted": _cut_partly_corrupted,
    "turned": _cut_turned,
    "given": _cut_given,
}
