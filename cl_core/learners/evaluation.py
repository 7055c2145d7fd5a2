"""Counting correct answers, and computing anew only what may have moved since the last count."""

from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import torch
from torch import Tensor

from cl_core.learners.networks import Network

BATCH = 500
"""Images that go through a network at once where nothing is trained."""

MOST_BYTES = 2**31
"""Features of one set of images are kept in memory up to this size, and computed each time beyond it."""


def evaluate(network: Network, x: Tensor, y: Tensor, task: int, batch: int = BATCH) -> int:
    """Return how many of the images `x` (n, channels, H, W) the head of `task` gives their label in `y` (n,)."""
    return count_correct(logits(network, x, task, batch), y)


def logits(network: Network, x: Tensor, task: int, batch: int = BATCH) -> Tensor:
    """Return the outputs (n, classes) of the head of `task` for images `x`, in eval mode and the parameters' precision.

    What comes out of the blocks before the last training's first moved one is remembered for `x` while those blocks
    stay as they are; the outputs are bitwise those of the whole network.
    """
    network.eval()
    with torch.no_grad():
        inputs, depth = _remembered(network, x, batch)
        pieces = [network.logits(network.features(piece, depth), task) for piece in torch.split(inputs, batch)]
        return torch.cat(pieces)


def count_correct(outputs: Tensor, y: Tensor) -> int:
    """Return how often the largest of `outputs` (n, classes) is the label in `y` (n,)."""
    return int((outputs.argmax(dim=1) == y).sum())


def logits_change(before: Tensor, after: Tensor) -> float:
    """Return how far outputs (n, classes) of the same images moved, relative to their size before.

    Each image's mean over classes is taken out first, as it does not change a softmax: ‖after − before‖ / ‖before‖,
    Frobenius norms; NaN where the outputs before are constant.
    """
    centred, moved = (outputs.double() - outputs.double().mean(dim=1, keepdim=True) for outputs in (before, after))
    size = float(torch.linalg.vector_norm(centred))
    return float(torch.linalg.vector_norm(moved - centred)) / size if size > 0 else float("nan")


def features_of(network: Network, x: Tensor, stop: int | None = None, batch: int = BATCH) -> Tensor:
    """Return the features of images `x` after blocks 0 to `stop` (exclusive; None: all), without a graph."""
    with torch.no_grad():
        return torch.cat([network.features(piece, 0, stop) for piece in torch.split(x, batch)])


def fits_memory(network: Network, x: Tensor, stop: int) -> bool:
    """Return whether the features of images `x` after `stop` blocks may be kept in memory."""
    with torch.no_grad():
        return network.features(x[:1], 0, stop).nbytes * len(x) <= MOST_BYTES


@dataclass(frozen=True, eq=False)
class _Remembered:
    """Features of the images that `images` refers to, and the state of blocks and images that they were made with."""

    images: ReferenceType[Tensor]
    state: tuple[Any, ...]
    features: Tensor


_MEMORY: WeakKeyDictionary[Network, dict[int, _Remembered]] = WeakKeyDictionary()


def _remembered(network: Network, x: Tensor, batch: int) -> tuple[Tensor, int]:
    """Return what goes into the first block that the last training could move, and that block's number."""
    depth = network.first_moved
    if depth == 0 or not fits_memory(network, x, depth):
        return x, 0
    entries = _MEMORY.setdefault(network, {})
    for key in [key for key, entry in entries.items() if entry.images() is None]:
        del entries[key]
    state = _state(network, x, depth, batch)
    entry = entries.get(id(x))
    if entry is None or entry.images() is not x or entry.state != state:
        entry = entries[id(x)] = _Remembered(ref(x), state, features_of(network, x, depth, batch))
    return entry.features, depth


def _state(network: Network, x: Tensor, depth: int, batch: int) -> tuple[Any, ...]:
    """Return what changes when one of the first `depth` blocks, or `x`, does: torch counts changes made in place."""
    blocks = network.blocks[:depth]
    tensors = [x, *blocks.parameters(), *blocks.buffers()]
    return depth, batch, *((tensor.data_ptr(), tensor._version) for tensor in tensors)
