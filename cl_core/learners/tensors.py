"""A task's images as normalised tensors that stay in memory, and the arithmetic they are computed in."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from cl_core.draws import Purpose, generator


class Images(Protocol):
    """What :func:`prepare` reads of a task, as :class:`cl_core.streams.tasks.Task` has it."""

    @property
    def x_train(self) -> NDArray[np.uint8]: ...  # noqa: D102
    @property
    def y_train(self) -> NDArray[np.integer[Any]]: ...  # noqa: D102
    @property
    def x_eval(self) -> NDArray[np.uint8]: ...  # noqa: D102
    @property
    def y_eval(self) -> NDArray[np.integer[Any]]: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class TaskData:
    """One task in memory: images (n, channels, H, W), channels last, normalised; labels (n,), 0 to classes − 1."""

    x_train: Tensor
    y_train: Tensor
    x_eval: Tensor
    y_eval: Tensor


@dataclass(frozen=True, eq=False)
class _Arrays:
    """A task's images and labels as they are before :func:`prepare`."""

    x_train: NDArray[Any]
    y_train: NDArray[np.integer[Any]]
    x_eval: NDArray[Any]
    y_eval: NDArray[np.integer[Any]]


def prepare(
    task: Images,
    mean: ArrayLike,
    std: ArrayLike,
    dtype: torch.dtype = torch.float32,
    *,
    device: "torch.device | str" = "cpu",
) -> TaskData:
    """Return `task` as tensors: (grey level − `mean`) / `std`, in `dtype`.

    `mean` and `std` are per channel, (1,) or (3,), in grey levels 0 to 255. Raises ValueError where they do not fit.
    """
    return TaskData(
        _normalise(task.x_train, mean, std, dtype).to(device),
        torch.from_numpy(np.asarray(task.y_train, dtype=np.int64)).to(device),
        _normalise(task.x_eval, mean, std, dtype).to(device),
        torch.from_numpy(np.asarray(task.y_eval, dtype=np.int64)).to(device),
    )


def split_by_class(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    tasks: int,
    held_out: float = 0.2,
    dtype: torch.dtype = torch.float32,
) -> list[TaskData]:
    """Cut `images` (n, H, W) or (n, H, W, channels) into `tasks` tasks of equally many classes, in the labels' order.

    The last `held_out` of each class, above 0 to below 1, is scored on, the rest trained on; all images are normalised
    by mean and standard deviation of the training images per channel. Raises ValueError for what does not fit.
    """
    x, y = np.asarray(images), np.asarray(labels)
    classes, y, counts = np.unique(y, return_inverse=True, return_counts=True)
    first = x.ndim == 4 and x.shape[1] in (1, 3) and 3 < x.shape[2] == x.shape[3]
    if x.ndim not in (3, 4) or y.shape != x.shape[:1] or first:
        raise ValueError(f"images {x.shape}, labels {y.shape} do not fit; give (n, H, W[, channels]) and (n,)")
    if tasks < 1 or len(classes) % tasks or len(classes) < 2 * tasks:
        raise ValueError(
            f"tasks = {tasks} does not fit {len(classes)} classes; give a divisor, 2 classes a task or more"
        )
    if not 0 < held_out < 1 or not 0 < round(held_out * counts.min()) < counts.min():
        raise ValueError(
            f"held_out = {held_out} does not fit {counts.min()} images of a class; give above 0 to below 1, with images on both sides"
        )
    if not np.all(np.abs(x) <= torch.finfo(dtype).max):
        raise ValueError(f"images hold a value that is not finite in {dtype}; give finite numbers")
    held = np.zeros(len(y), dtype=bool)
    for label in range(len(classes)):
        members = np.flatnonzero(y == label)
        held[members[len(members) - round(held_out * len(members)) :]] = True
    channels = x.shape[3] if x.ndim == 4 else 1
    pixels = x[~held].reshape(-1, channels).astype(np.float64)
    each = len(classes) // tasks
    return [
        prepare(
            _Arrays(x[~held & now], y[~held & now] % each, x[held & now], y[held & now] % each),
            pixels.mean(axis=0),
            pixels.std(axis=0),
            dtype,
        )
        for now in (y // each == task for task in range(tasks))
    ]


def select_rows(x: Tensor, positions: Tensor) -> Tensor:
    """Return the images or features of `x` at `positions`, in the memory layout of `x`."""
    if x.ndim == 4:
        # Whole rows are copied where the memory of each image is contiguous, which channels-last hides.
        return x.permute(0, 2, 3, 1).index_select(0, positions).permute(0, 3, 1, 2)
    return x.index_select(0, positions)


def require_labels(data: object, precision: str, loss: object = None) -> None:
    """Raise TypeError for what is no TaskData, ValueError for targets that are no labels or images of another precision."""
    if not isinstance(data, TaskData):
        raise TypeError(f"{type(data).__name__} is no TaskData; a loader's batches train with cl_core.torch.Movable")
    x, y = data.x_train, data.y_train
    counted = y.dtype == torch.int64 and (not len(y) or int(y.min()) >= 0)
    if y.ndim != 1 or y.is_floating_point() or (loss is None and not counted):
        raise ValueError(
            f"targets {tuple(y.shape)} in {y.dtype} are no labels, (n,) in int64 from 0 on; others train with cl_core.torch.Movable"
        )
    if precision == "float64" and x.is_floating_point() and x.dtype != torch.float64:
        raise ValueError(f"precision = 'float64' does not fit {x.dtype}; build data and network with that dtype")


def choose_arithmetic(precision: str, device: "torch.device | str" = "cpu") -> AbstractContextManager[Any]:
    """Return the context that forward passes run in: autocast for ``bfloat16``, nothing otherwise."""
    if precision == "bfloat16":
        return torch.autocast(torch.device(device).type, torch.bfloat16)
    return nullcontext()


@contextmanager
def draw_from(seed: int, task: int, device: torch.device) -> Iterator[None]:
    """Let `seed` and `task` decide what torch draws within, such as dropout's masks; its streams then go on as they were."""
    value = int(generator(seed, task, Purpose.DROPOUT).integers(2**63))
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(value)
        if devices:
            torch.cuda.manual_seed(value)
        yield


def _normalise(images: NDArray[np.uint8], mean: ArrayLike, std: ArrayLike, dtype: torch.dtype) -> Tensor:
    if images.ndim not in (3, 4):
        raise ValueError(f"images of shape {images.shape} do not fit; give (n, H, W) or (n, H, W, channels)")
    if images.ndim == 3:
        images = images[..., np.newaxis]
    shift, scale = (np.array(value, dtype=np.float64).reshape(-1) for value in (mean, std))
    for name, value in (("mean", shift), ("std", scale)):
        if len(value) not in (1, images.shape[3]):
            raise ValueError(f"{name} has {len(value)} entries for {images.shape[3]} channels; give one per channel")
    if not (scale > 0).all():
        raise ValueError(f"std = {scale.tolist()} does not fit; allowed: above 0")
    values = torch.from_numpy(np.array(images, order="C")).to(dtype)
    values.sub_(torch.from_numpy(shift).to(dtype)).div_(torch.from_numpy(scale).to(dtype))
    return values.permute(0, 3, 1, 2)
