"""Counting correct answers, from outputs that are computed anew each time."""

import torch
from torch import Tensor

from cl_core.learners.networks import Network, require_network

BATCH = 500
"""Images that go through a network at once where nothing is trained."""

MOST_BYTES = 2**31
"""Features of one set of images are kept in memory up to this size, and computed each time beyond it."""


def evaluate(network: Network, x: Tensor, y: Tensor, task: int, batch: int = BATCH) -> int:
    """Return how many of the images `x` (n, channels, H, W) the head of `task` gives their label in `y` (n,)."""
    return count_correct(logits(network, x, task, batch), y)


def logits(network: Network, x: Tensor, task: int, batch: int = BATCH) -> Tensor:
    """Return the outputs (n, classes) of the head of `task` for images `x`, in eval mode and the parameters' precision.

    `batch` images go through the network at once.
    """
    require_network(network)
    network.eval()
    with torch.no_grad():
        return torch.cat([network(piece, task) for piece in torch.split(x, batch)])


def count_correct(outputs: Tensor, y: Tensor) -> int:
    """Return how often the largest of `outputs` (n, classes) is the label in `y` (n,). Raises ValueError for other shapes."""
    if y.shape != outputs.shape[:1]:
        raise ValueError(f"labels of shape {tuple(y.shape)} do not fit {len(outputs)} answers; give one each, (n,)")
    return int((outputs.argmax(dim=1) == y).sum())


def features_of(network: Network, x: Tensor, stop: int | None = None, batch: int = BATCH) -> Tensor:
    """Return the features of images `x` after blocks 0 to `stop` (exclusive; None: all), without a graph."""
    with torch.no_grad():
        return torch.cat([network.features(piece, 0, stop) for piece in torch.split(x, batch)])


def fits_memory(network: Network, x: Tensor, stop: int) -> bool:
    """Return whether the features of images `x` after `stop` blocks may be kept in memory."""
    with torch.no_grad():
        return network.features(x[:1], 0, stop).nbytes * len(x) <= MOST_BYTES
