"""A user's own arrays, task by task, as a data set that streams are made of."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cl_core.streams import arrays
from cl_core.streams.datasets import Dataset
from cl_core.streams.definitions import GivenDefinition

GivenTask = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]
"""A task: training inputs and labels, inputs and labels to score on."""

_FORM = "give (x, y, x_eval, y_eval)"
_PARTS = ("x", "y", "x_eval", "y_eval")


def gather_tasks(tasks: Iterable[GivenTask], name: str) -> tuple[GivenDefinition, Dataset]:
    """Return a definition and the data set of `tasks`, in which no two tasks share a class.

    Raises ValueError, naming the task, for what does not fit, as ``Stream.of`` says.
    """
    checked = [_check_task(number, task) for number, task in enumerate(tasks, start=1)]
    if not checked:
        raise ValueError(f"there is no task; {_FORM} for each")
    first = checked[0][0]
    for number, (x, *_) in enumerate(checked, start=1):
        _require_alike(f"task {number}: x", x, "those of task 1", first)
    sizes = tuple(len(task[4]) for task in checked)
    firsts = np.cumsum([0, *sizes[:-1]])
    kind = np.uint8 if all(task[0].dtype == task[2].dtype == np.uint8 for task in checked) else np.float32
    joined: dict[str, NDArray[Any]] = {
        key: np.concatenate(
            [
                task[place].astype(kind) if place % 2 == 0 else task[place] + first
                for task, first in zip(checked, firsts, strict=True)
            ]
        )
        for place, key in enumerate(arrays.KEYS)
    }
    for array in joined.values():
        array.setflags(write=False)
    names = tuple(
        f"{label} (task {number})" for number, task in enumerate(checked, start=1) for label in task[4].tolist()
    )
    data = Dataset(name=name, route="given", label=name, names=names, digest=arrays.digest(joined), **joined)
    definition = GivenDefinition(
        name=name, dataset=name, kind="given", tasks=len(sizes), classes=max(sizes), sizes=sizes
    )
    return definition, data


def _check_task(
    number: int, task: GivenTask
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the arrays of a task with labels from 0 on, and what they stand for."""
    where = f"task {number}"
    try:
        x, y, x_eval, y_eval = (np.asarray(part) for part in task)
    except (TypeError, ValueError):
        raise ValueError(f"{where} is not four arrays; {_FORM}") from None
    inputs = []
    for name, values, labels in (("x", x, y), ("x_eval", x_eval, y_eval)):
        if values.ndim not in (2, 3, 4) or values.dtype.kind not in "uif" or 0 in values.shape:
            raise ValueError(
                f"{where}: {name} is {values.dtype} {values.shape}; give numbers (n, features), (n, H, W) or (n, H, W, channels)"
            )
        if values.ndim == 4 and values.shape[1] in (1, 3) and values.shape[3] not in (1, 3):
            raise ValueError(f"{where}: {name} is {values.shape}, channels first; give (n, H, W, channels)")
        if labels.shape != values.shape[:1] or labels.dtype.kind not in "ui":
            raise ValueError(
                f"{where}: the labels of {name} are {labels.dtype} {labels.shape}; give integers ({len(values)},)"
            )
        if values.dtype.kind == "f" and not np.all(np.abs(values) <= np.finfo(np.float32).max):
            raise ValueError(f"{where}: {name} holds a value that is not finite in float32; give finite numbers")
        inputs.append(values[:, np.newaxis, :] if values.ndim == 2 else values)
    _require_alike(f"{where}: x_eval", inputs[1], "those of x", inputs[0])
    known, counts = np.unique(y, return_counts=True)
    if len(known) < 2 or counts.min() < 2:
        raise ValueError(
            f"{where} has classes {known[:9].tolist()} with {counts[:9].tolist()} training inputs; "
            "give two classes or more, and two inputs or more of each"
        )
    if foreign := sorted(set(np.unique(y_eval).tolist()) - set(known.tolist())):
        raise ValueError(
            f"{where}: y_eval has the classes {foreign[:9]}, which y has not; score on classes that are trained"
        )
    if missing := sorted(set(known.tolist()) - set(np.unique(y_eval).tolist())):
        raise ValueError(f"{where}: y_eval has no {missing[:9]}; give an input to score on for each class")
    return inputs[0], np.searchsorted(known, y), inputs[1], np.searchsorted(known, y_eval), known


def _require_alike(where: str, inputs: NDArray[Any], others: str, like: NDArray[Any]) -> None:
    """Refuse inputs of another shape than `like`, and integers beside floating-point numbers, mostly of another scale."""
    shape, wanted = _read_shape(inputs), _read_shape(like)
    if shape != wanted:
        raise ValueError(f"{where} has inputs of shape {shape}, {others} have {wanted}; give one shape")
    if (inputs.dtype.kind == "f") != (like.dtype.kind == "f"):
        raise ValueError(
            f"{where} is {inputs.dtype}, {others} are {like.dtype}; give integers throughout, or floating-point numbers, "
            "on one scale"
        )


def _read_shape(inputs: NDArray[Any]) -> tuple[int, ...]:
    """Return the shape of an input as it was given: features have been made one row."""
    return inputs.shape[2:] if inputs.ndim == 3 and inputs.shape[1] == 1 else inputs.shape[1:]
