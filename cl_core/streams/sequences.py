"""A stream: a sequence of tasks on one data set, that can say what it is."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cl_core.naming import require_name
from cl_core.streams.datasets import Dataset, load
from cl_core.streams.definitions import Definition, define
from cl_core.streams.given import GivenTask, gather_tasks
from cl_core.streams.manifest import Route
from cl_core.streams.similarity import compare_neighbours
from cl_core.streams.tasks import PARTS, Part, Task, build


@dataclass(frozen=True, eq=False)
class Stream:
    """A sequence of tasks. Made by :func:`stream` or :meth:`Stream.of`.

    The same name, seed, part, route and overrides give the same one.
    """

    definition: Definition
    seed: int
    part: Part
    data: Dataset
    tasks: tuple[Task, ...]

    @classmethod
    def of(cls, tasks: Iterable[GivenTask], *, name: str = "given", seed: int = 0, part: Part = "test") -> "Stream":
        """Return the stream of a user's own `tasks`, each ``(x, y, x_eval, y_eval)``, in their order.

        Inputs are (n, features), (n, H, W) or (n, H, W, channels), all of one shape and on one scale: all integers, or
        all floating-point. Where all are uint8 they stay so, else they become float32. Labels (n,) are integers; a task
        has the classes that stand in its `y`, two or more, and every one stands in `y_eval` too. `part` "test" trains
        on `x` and scores on `x_eval`; "validation" scores on a fixed tenth of each class's `x`, trains on the rest, and
        touches no `x_eval`. `seed` mixes the inputs of each task. Raises ValueError, naming the task, for what does not
        fit.
        """
        definition, data = gather_tasks(tasks, name)
        return cls(definition, 0, part, data, ()).at(seed, part)

    def at(self, seed: int, part: Part) -> "Stream":
        """Return this stream as another `seed` (an integer from 0 on) draws it, for another `part` of the images."""
        _require_draw(seed, part)
        tasks = build(self.definition, self.data, int(seed), part)
        return Stream(self.definition, int(seed), part, self.data, tasks)

    @property
    def name(self) -> str:
        """Its name, for example ``split-cifar100``."""
        return self.definition.name

    @property
    def kind(self) -> str:
        """How its tasks are made: split, permuted, correlated, corrupted, partly-corrupted, turned or given."""
        return self.definition.kind

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the data set's training images per channel, (1,) or (3,), in grey levels 0 to 255."""
        return self.data.moments[0]

    @property
    def std(self) -> NDArray[np.float64]:
        """Standard deviation of the data set's training images per channel, (1,) or (3,), in grey levels 0 to 255."""
        return self.data.moments[1]

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of the definition, the data and every task as it came out.

        It takes in each task's classes, the positions of its images in their order, and the bytes of its first image
        for training and for scoring, so that a change in how tasks are made shows.
        """
        description = {**self.definition.describe(), "seed": self.seed, "part": self.part, "data": self.data.digest}
        total = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
        for task in self.tasks:
            for positions in (task.classes, task.train, task.held):
                total.update(np.asarray(positions, "<i8").tobytes())
            for which in ("train", "eval"):
                total.update(task.images(which, 1).tobytes())
        return total.hexdigest()

    def describe(self) -> dict[str, Any]:
        """Return what the stream is, as plain values that JSON can hold.

        ``tasks``: for each its classes' names, numbers of training and scoring images, and transform. ``neighbours``:
        for each task but the first, how close it is to the one before, as
        :class:`cl_core.streams.similarity.Closeness` says.
        """
        return {
            "name": self.name,
            "kind": self.kind,
            "seed": self.seed,
            "part": self.part,
            "digest": self.digest,
            "data": {
                "name": self.data.name,
                "label": self.data.label,
                "route": self.data.route,
                "digest": self.data.digest,
            },
            "tasks": [
                {
                    "classes": [self.data.names[label] for label in task.classes],
                    "train": len(task.train),
                    "eval": len(task.held),
                    "transform": task.transform.describe(),
                    **({"scored": "unchanged"} if task.scores_clean else {}),
                }
                for task in self.tasks
            ],
            "neighbours": [asdict(closeness) for closeness in compare_neighbours(self.tasks)],
        }


def stream(
    name: str, seed: int, part: Part = "validation", *, route: Route | None = None, **overrides: float | str
) -> Stream:
    """Return the stream called `name`, drawn with `seed` (an integer from 0 on).

    `part` "validation" scores on a fixed tenth of each class's training images, trains on the rest and touches no
    test image; "test" trains on all training images and scores on the test images. `route` says where the images come
    from (None: the official archive, or embedded for the digits). `overrides` are `tasks`, and where they apply `classes`,
    `overlap`, `severity` and others, see :func:`cl_core.streams.definitions.define`.
    Raises ValueError for a wrong name or value, DataError for data that cannot be had.
    """
    definition = define(name, **overrides)
    _require_draw(seed, part)
    empty = Stream(definition, 0, part, load(definition.dataset, route), ())
    return empty.at(seed, part)


def _require_draw(seed: int, part: Part) -> None:
    require_name("part of the images", part, PARTS)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed = {seed!r} is not an integer from 0 on.")
