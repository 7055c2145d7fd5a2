"""Learning without forgetting: on the new task's images, the old heads go on answering as they did.

Source: Li and Hoiem 2016, "Learning without Forgetting", arXiv:1606.09282.
"""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cl_core.learners.evaluation import features_of
from cl_core.learners.networks import Network
from cl_core.learners.penalties import Minibatch, require_minibatch
from cl_core.learners.tensors import TaskData
from cl_core.strategies import Arrival, Strategy, Update
from cl_core.torch.baselines import require_learned


class Distillation(Strategy):
    """All blocks move, and each old head's answers to the new images are held to what they were before.

    The penalty is λ times the cross-entropy between the old and the present answers at a `temperature` (above 0),
    summed over the old heads, in the mean over the minibatch; λ is the `strength`, 0 or more. Other than in the source
    the old heads themselves stay as they are.
    """

    def __init__(self, strength: float, temperature: float = 2.0) -> None:
        if not 0 <= strength < float("inf"):
            raise ValueError(f"strength = {strength!r} does not fit; allowed: 0 or more")
        if not 0 < temperature < float("inf"):
            raise ValueError(f"temperature = {temperature!r} does not fit; allowed: above 0")
        self.strength, self.temperature = strength, temperature
        self._old: dict[str, Tensor] = {}
        self._targets: list[Tensor] = []

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, with the penalty from the second task on; a first task begins a run, and nothing is kept of one before."""
        self._targets = []
        if arrival.task == 0:
            self._old = {}
        if arrival.task == 0 or self.strength == 0:
            return Update(arrival.blocks)
        return Update(arrival.blocks, penalty=self._penalty)

    def learned(self, task: int, network: Network, data: TaskData) -> None:
        """Keep the network as it is: the next task's teacher."""
        self._old = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        self._targets = []

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return the teacher's weights and running statistics."""
        return {name: tensor.cpu().numpy() for name, tensor in self._old.items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up the teacher."""
        self._old, self._targets = {name: torch.from_numpy(array.copy()) for name, array in state.items()}, []

    def _penalty(self, minibatch: Minibatch) -> Tensor:
        network = require_minibatch(minibatch).network
        require_learned(self._old)
        heads = range(minibatch.task if len(network.heads) > 1 else 1)
        if not self._targets:
            self._targets = self._answer(minibatch, heads)
        losses = [
            functional.cross_entropy(
                network.logits(minibatch.features, head) / self.temperature, targets[minibatch.positions]
            )
            for head, targets in zip(heads, self._targets, strict=True)
        ]
        return self.strength * torch.stack(losses).sum()

    def _answer(self, minibatch: Minibatch, heads: range) -> list[Tensor]:
        """Return the teacher's probabilities (n, classes) for all images of the new task, by old head."""
        teacher = copy.deepcopy(minibatch.network)
        teacher.load_state_dict(self._old, strict=True)
        teacher.eval()
        features = features_of(teacher, minibatch.data.x_train)
        with torch.no_grad():
            return [torch.softmax(teacher.logits(features, head) / self.temperature, dim=1) for head in heads]
