"""The streams as data: which images, cut into how many tasks, and how."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, cast, get_args

import numpy as np

from cl_core.naming import require_name
from cl_core.streams.manifest import SOURCES

Kind = Literal["split", "permuted", "correlated", "corrupted", "partly-corrupted", "turned", "given"]
"""How tasks are made of a data set; :mod:`cl_core.streams.tasks` has one function for each. Given ones are a user's own."""

_READS: Mapping[Kind, tuple[str, ...]] = {
    "split": ("tasks", "class_images", "first_tasks", "class_order"),
    "permuted": ("tasks",),
    "correlated": ("tasks", "classes", "overlap", "class_images", "same_images"),
    "corrupted": ("tasks", "severity"),
    "partly-corrupted": ("tasks", "severity", "corrupted", "corruption"),
    "turned": ("tasks",),
    "given": (),
}

MAX_SEVERITY = 4

ClassOrder = Literal["drawn", "numbered"]
"""Order in which the tasks of a split stream take the classes: drawn with the seed, or as they are numbered."""

Corruption = Literal["all", "colour", "blur", "rotation"]
"""What is done to the images of a corrupted task: colours, where there are any, swapped, blurred and turned, or one of these."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One stream: `tasks` tasks of `classes` classes of the data set `dataset`, made in the way `kind`.

    `overlap` (correlated only) is the share of classes that neighbouring tasks share, 0 to 1, with overlap · classes
    an integer. `severity` (corrupted only) is the strength of the noise at the last task, 0 to 4. Of a
    partly corrupted stream, `corrupted` tasks are corrupted in their training images alone, by `corruption` at
    `severity`. `class_images` (split and correlated only) is the most training images that a class has in a task, 0
    for as many as there are; with `same_images` (correlated only) a class has the same ones in every task. Of a
    split stream `first_tasks` (0: all) are made, from the first on, and take the classes in `class_order`.
    """

    name: str
    dataset: str
    kind: Kind
    tasks: int
    classes: int
    overlap: float = 0.0
    severity: float = 0.0
    class_images: int = 0
    same_images: bool = False
    first_tasks: int = 0
    class_order: ClassOrder = "drawn"
    corrupted: int = 0
    corruption: Corruption = "all"

    def describe(self) -> dict[str, Any]:
        """Return what decides the stream, by name; what is at a default that older streams lack is left out."""
        return {name: value for name, value in asdict(self).items() if name not in _ADDED or value != _ADDED[name]}

    @property
    def shared(self) -> int:
        """Number of classes that neighbouring tasks of a correlated stream share."""
        return round(self.overlap * self.classes)

    @property
    def most_occurrences(self) -> int:
        """Number of tasks, at most, that one class of a correlated stream occurs in."""
        step = self.classes - self.shared
        return self.tasks if step == 0 else min(self.tasks, -(-self.classes // step))


_ADDED: Mapping[str, Any] = {
    entry.name: entry.default
    for entry in fields(Definition)
    if entry.name in ("class_images", "same_images", "first_tasks", "class_order", "corrupted", "corruption")
}
"""Defaults of what was added when streams had digests already: those digests stay."""


@dataclass(frozen=True, kw_only=True)
class GivenDefinition(Definition):
    """A stream whose tasks a user gave as arrays: `sizes` holds the number of classes of each, `classes` the largest."""

    sizes: tuple[int, ...]


DEFINITIONS: dict[str, Definition] = {
    definition.name: definition
    for definition in (
        Definition(name="split-cifar10", dataset="cifar10", kind="split", tasks=5, classes=2),
        Definition(name="split-cifar100", dataset="cifar100", kind="split", tasks=10, classes=10),
        Definition(name="split-cifar100-20", dataset="cifar100", kind="split", tasks=20, classes=5),
        Definition(name="split-cub200", dataset="cub200", kind="split", tasks=10, classes=20),
        Definition(name="split-cub200-20", dataset="cub200", kind="split", tasks=20, classes=10),
        Definition(name="split-cub50", dataset="cub50", kind="split", tasks=10, classes=5),
        Definition(name="permuted-mnist", dataset="mnist", kind="permuted", tasks=10, classes=10),
        Definition(name="permuted-mnist-4", dataset="mnist", kind="permuted", tasks=4, classes=10),
        # 5 tasks of 20: quarters of 20 are integers, without overlap all 100 classes are used, and at overlap 1
        # each class still has a fifth of its images for each task.
        Definition(name="correlated-cifar100", dataset="cifar100", kind="correlated", tasks=5, classes=20, overlap=0.5),
        Definition(name="corrupted-cub200", dataset="cub200", kind="corrupted", tasks=10, classes=20, severity=4.0),
        Definition(name="corrupted-cub50", dataset="cub50", kind="corrupted", tasks=10, classes=5, severity=4.0),
        Definition(
            name="corrupted-cifar100-deng",
            dataset="cifar100",
            kind="partly-corrupted",
            tasks=10,
            classes=10,
            severity=2.0,
            corrupted=1,
        ),
        Definition(
            name="corrupted-cub50-deng",
            dataset="cub50",
            kind="partly-corrupted",
            tasks=10,
            classes=5,
            severity=2.0,
            corrupted=1,
        ),
        Definition(name="digits-split", dataset="digits", kind="split", tasks=5, classes=2),
        Definition(name="digits-permuted", dataset="digits", kind="permuted", tasks=10, classes=10),
        Definition(name="digits-correlated", dataset="digits", kind="correlated", tasks=5, classes=2, overlap=0.5),
        Definition(name="digits-corrupted", dataset="digits", kind="corrupted", tasks=5, classes=2, severity=4.0),
        Definition(
            name="digits-deng",
            dataset="digits",
            kind="partly-corrupted",
            tasks=5,
            classes=2,
            severity=2.0,
            corrupted=1,
        ),
        Definition(name="digits-long", dataset="digits", kind="turned", tasks=20, classes=2),
    )
}
"""Every stream by name."""


def define(name: str, **overrides: float | str) -> Definition:
    """Return the stream called `name`, with what `overrides` change.

    `tasks` fits every kind, `classes`, `overlap` and `same_images` correlated streams, `class_images` these and split
    ones, `first_tasks` and `class_order` split ones, `severity` corrupted ones, `corrupted` and `corruption` partly corrupted ones. Where classes are
    split between the tasks, their number a task follows from the number of tasks, which must divide the classes.
    Raises ValueError for a wrong name (with the nearest one) or value (with what is allowed).
    """
    require_name("stream", name, DEFINITIONS)
    definition = DEFINITIONS[name]
    for option in overrides:
        require_name(f"setting of the stream {name}:", option, _READS[definition.kind])
    total = SOURCES[definition.dataset].classes
    if "tasks" in overrides:
        tasks = _require_whole("tasks", overrides["tasks"])
        divides = definition.kind in ("split", "corrupted", "partly-corrupted")
        if divides and (total % tasks or total == tasks):
            # A task of one class is right whatever the network does.
            fitting = ", ".join(str(n) for n in range(1, total) if total % n == 0)
            fault = "leaves one class a task" if total == tasks else f"does not divide the {total} classes"
            raise ValueError(f"tasks = {tasks} {fault} of {name}; allowed: {fitting}.")
        definition = replace(definition, tasks=tasks, classes=total // tasks if divides else definition.classes)
    if "classes" in overrides:
        definition = replace(definition, classes=_require_whole("classes", overrides["classes"], least=2))
    if "class_images" in overrides:
        definition = replace(
            definition, class_images=_require_whole("class_images", overrides["class_images"], least=0)
        )
    if "first_tasks" in overrides:
        definition = replace(definition, first_tasks=_require_whole("first_tasks", overrides["first_tasks"], least=0))
    if "class_order" in overrides:
        require_name("class order", cast(str, overrides["class_order"]), get_args(ClassOrder))
        definition = replace(definition, class_order=cast(ClassOrder, overrides["class_order"]))
    if "same_images" in overrides:
        definition = replace(definition, same_images=_require_flag("same_images", overrides["same_images"]))
    if "corrupted" in overrides:
        definition = replace(definition, corrupted=_require_whole("corrupted", overrides["corrupted"], least=0))
    if "corruption" in overrides:
        require_name("corruption", cast(str, overrides["corruption"]), get_args(Corruption))
        definition = replace(definition, corruption=cast(Corruption, overrides["corruption"]))
    if "overlap" in overrides:
        definition = replace(definition, overlap=_require_number("overlap", overrides["overlap"], most=1))
    if "severity" in overrides:
        definition = replace(definition, severity=_require_number("severity", overrides["severity"], most=MAX_SEVERITY))
    _require_fit(definition, total)
    return definition


def _require_whole(name: str, value: object, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} = {value!r} is not a whole number from {least} on.")
    return int(value)


def _require_number(name: str, value: object, *, most: float) -> float:
    """Return `value` as a float; whether its size fits depends on more than `most`, and is checked with the rest."""
    try:
        if not isinstance(value, bool) and isinstance(value, int | float | np.integer | np.floating):
            return float(value)
    except OverflowError:
        pass
    raise ValueError(f"{name} = {value!r} is not a number from 0 to {most:g}.")


def _require_flag(name: str, value: object) -> bool:
    # The text "false" is not false.
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} = {value!r} is neither True nor False.")
    return bool(value)


def _require_fit(definition: Definition, total: int) -> None:
    tasks, classes, overlap = definition.tasks, definition.classes, definition.overlap
    if not 0 <= definition.severity <= MAX_SEVERITY:
        raise ValueError(f"severity = {definition.severity:g} is out of range; allowed: 0 to {MAX_SEVERITY}.")
    if definition.first_tasks > tasks:
        raise ValueError(
            f"first_tasks = {definition.first_tasks} of {tasks} tasks does not fit; allowed: 0 to {tasks}."
        )
    if definition.corrupted >= tasks > 0 and definition.kind == "partly-corrupted":
        raise ValueError(
            f"corrupted = {definition.corrupted} does not fit {tasks} tasks, whose first stays clean; "
            f"allowed: 0 to {tasks - 1}."
        )
    if definition.corruption == "colour" and len(SOURCES[definition.dataset].shape) < 3:
        fitting = ", ".join(one for one in get_args(Corruption) if one != "colour")
        raise ValueError(
            f"corruption = 'colour' does not fit {definition.dataset}, whose images are grey; allowed: {fitting}."
        )
    if definition.kind == "turned" and tasks > 4 * (total // classes):
        raise ValueError(f"tasks = {tasks} is too many for {definition.name}; allowed: 1 to {4 * (total // classes)}.")
    if definition.kind != "correlated":
        return
    if not 0 <= overlap <= 1 or abs(overlap * classes - definition.shared) > 1e-9:
        allowed = ", ".join(f"{shared / classes:g}" for shared in range(classes + 1))
        raise ValueError(f"overlap = {overlap:g} does not fit tasks of {classes} classes; allowed: {allowed}.")
    needed = classes + (tasks - 1) * (classes - definition.shared)
    if needed > total:
        raise ValueError(
            f"{tasks} tasks of {classes} classes at overlap {overlap:g} need {needed} classes; {definition.dataset} "
            f"has {total}. Take fewer tasks or classes, or a larger overlap."
        )
