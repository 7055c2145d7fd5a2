"""Outputs of a network in a run, where what cannot have moved since the last count is not computed again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType, ref

import torch
from torch import Tensor

from cl_core.learners.evaluation import BATCH, features_of, fits_memory
from cl_core.learners.networks import Network


@dataclass(frozen=True, eq=False)
class _Remembered:
    """Features of the images that `images` refers to, and the state of blocks and images that they were made with."""

    images: ReferenceType[Tensor]
    state: tuple[Any, ...]
    features: Tensor


class PrefixMemory:
    """The features that come out of the blocks before the first that the last training moved, for each set of images.

    Only for a network that nothing but :mod:`cl_core.learners` changes: a fused optimizer of your own, or a write
    through ``.data``, is not noticed. :func:`cl_core.learners.evaluation.logits` remembers nothing.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._entries: dict[int, _Remembered] = {}

    def logits(self, x: Tensor, task: int, batch: int = BATCH) -> Tensor:
        """Return the outputs (n, classes) of the head of `task` for images `x`, bitwise those of the whole network."""
        return self.logits_of(x, [task], batch)[0]

    def logits_of(self, x: Tensor, tasks: Sequence[int], batch: int = BATCH) -> list[Tensor]:
        """Return the outputs (n, classes) of the head of each of `tasks` for images `x`, as :meth:`logits` gives them."""
        network = self._network.eval()
        with torch.no_grad():
            inputs, depth = self._recall(x, batch)
            features = (network.features(piece, depth) for piece in torch.split(inputs, batch))
            pieces = [[network.logits(piece, task) for task in tasks] for piece in features]
            return [torch.cat(outputs) for outputs in zip(*pieces, strict=True)]

    def _recall(self, x: Tensor, batch: int) -> tuple[Tensor, int]:
        """Return what goes into the first block that the last training could move, and that block's number."""
        network, entries = self._network, self._entries
        depth = network.first_moved
        if depth == 0 or not fits_memory(network, x, depth):
            return x, 0
        for key in [key for key, entry in entries.items() if entry.images() is None]:
            del entries[key]
        state = self._state(x, depth, batch)
        entry = entries.get(id(x))
        if entry is None or entry.images() is not x or entry.state != state:
            entry = entries[id(x)] = _Remembered(ref(x), state, features_of(network, x, depth, batch))
        return entry.features, depth

    def _state(self, x: Tensor, depth: int, batch: int) -> tuple[Any, ...]:
        """Return what changes when one of the first `depth` blocks, or `x`, does: torch counts changes made in place."""
        blocks = self._network.blocks[:depth]
        tensors = [x, *blocks.parameters(), *blocks.buffers()]
        return depth, batch, *((tensor.data_ptr(), tensor._version) for tensor in tensors)
