"""Experience replay: a few images of each earlier class are trained on together with the new task's.

Source: Chaudhry et al. 2019, "On Tiny Episodic Memories in Continual Learning", arXiv:1902.10486.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.learners.networks import Network
from cl_core.learners.penalties import Minibatch, require_minibatch
from cl_core.learners.tensors import TaskData, select_rows
from cl_core.strategies import Arrival, Strategy, Update
from cl_core.torch.baselines import require_learned


class Rehearsal(Strategy):
    """All blocks move, and the loss on a minibatch of kept images of earlier tasks is added to the new task's.

    `images_per_class` training images (1 or more) of each class of a finished task are kept, or all where there are
    fewer. A minibatch of kept images is as large as the new task's, or all of them; each is scored by its own task's
    head, which stays as it is. Kept images pass through the blocks apart from the new ones: blocks that move normalise
    each of the two by its own statistics, and both count in the running ones.
    """

    def __init__(self, images_per_class: int, seed: int) -> None:
        if images_per_class < 1:
            raise ValueError(f"images_per_class = {images_per_class} does not fit; allowed: 1 or more")
        self.images_per_class, self.seed = images_per_class, seed
        self._x: list[Tensor] = []
        self._y: list[Tensor] = []
        self._draws: np.random.Generator | None = None

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, with the loss on kept images from the second task on; a first task begins a run, with none kept."""
        if arrival.task == 0:
            self._x, self._y = [], []
            return Update(arrival.blocks)
        self._draws = generator(self.seed, arrival.task, Purpose.MEMORY_ORDER)
        return Update(arrival.blocks, penalty=self._penalty)

    def learned(self, task: int, network: Network, data: TaskData) -> None:
        """Keep images of each class of the finished task, drawn by the seed and the task."""
        draws, labels = generator(self.seed, task, Purpose.MEMORY), data.y_train.cpu().numpy()
        kept = [
            draws.permutation(np.flatnonzero(labels == label))[: self.images_per_class] for label in np.unique(labels)
        ]
        chosen = torch.from_numpy(np.concatenate(kept)).to(data.y_train.device)
        self._x.append(select_rows(data.x_train, chosen))
        self._y.append(data.y_train[chosen])

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return the kept images (n, H, W, channels) and labels (n,) of each task."""
        images = {f"x/{task}": x.permute(0, 2, 3, 1).cpu().numpy() for task, x in enumerate(self._x)}
        return {**images, **{f"y/{task}": y.cpu().numpy() for task, y in enumerate(self._y)}}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up the kept images."""
        tasks = range(len(state) // 2)
        self._x = [torch.from_numpy(state[f"x/{task}"].copy()).permute(0, 3, 1, 2) for task in tasks]
        self._y = [torch.from_numpy(state[f"y/{task}"].copy()) for task in tasks]

    def _penalty(self, minibatch: Minibatch) -> Tensor:
        assert self._draws is not None
        network, device = require_minibatch(minibatch).network, minibatch.positions.device
        require_learned(self._x)
        sizes = [len(y) for y in self._y]
        owners = np.repeat(np.arange(len(sizes)), sizes)
        chosen = np.sort(self._draws.permutation(len(owners))[: len(minibatch.positions)])
        offsets = np.cumsum([0, *sizes[:-1]])
        own = [torch.from_numpy(chosen[owners[chosen] == task] - offsets[task]) for task in range(len(sizes))]
        x = torch.cat([select_rows(x.to(device), part.to(device)) for x, part in zip(self._x, own, strict=True)])
        losses = [
            functional.cross_entropy(network.logits(features, task), y.to(device)[part.to(device)], reduction="sum")
            for task, (features, y, part) in enumerate(
                zip(torch.split(network.features(x), [len(part) for part in own]), self._y, own, strict=True)
            )
            if len(part)
        ]
        return torch.stack(losses).sum() / len(chosen)
