"""Elastic weight consolidation: what mattered to earlier tasks is held where they left it.

Source: Kirkpatrick et al. 2017, "Overcoming catastrophic forgetting in neural networks", arXiv:1612.00796.
"""

from collections.abc import Iterator, Mapping
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
from cl_core.torch.baselines import (
    add_quadratic,
    average_squared_gradients,
    draw_labels,
    require_learned,
    sum_quadratic,
)

SAMPLES = 256
"""Training images of a task that its Fisher information is averaged over, at most."""


class ElasticConsolidation(Strategy):
    """All blocks move, each parameter held to earlier tasks' values by the Fisher information that it had for them.

    The penalty is λ/2 Σ_k Σ_i F_k,i (θ_i − θ_k,i)² over the finished tasks k, λ the `strength`, 0 or more. Their sum is
    kept as one quadratic, up to a constant: its curvature Σ_k F_k and its centre. Running statistics are not held.
    """

    def __init__(self, strength: float, seed: int, samples: int = SAMPLES) -> None:
        if not 0 <= strength < float("inf"):
            raise ValueError(f"strength = {strength!r} does not fit; allowed: 0 or more")
        self.strength, self.seed, self.samples = strength, seed, samples
        self._curvature: list[Tensor] = []
        self._centre: list[Tensor] = []

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, with the penalty from the second task on; a first task begins a run, and nothing is kept of one before."""
        if arrival.task == 0:
            self._curvature, self._centre = [], []
        if arrival.task == 0 or self.strength == 0:
            return Update(arrival.blocks)
        return Update(arrival.blocks, penalty=self._penalty)

    def learned(self, task: int, network: Network, data: TaskData) -> None:
        """Add the Fisher information of the finished task to what is held."""
        draws = generator(self.seed, task, Purpose.FISHER)
        fisher = estimate_fisher(network, data, task, draws, samples=self.samples)
        values = [parameter.detach().clone() for parameter in shared_parameters(network)]
        if not self._curvature:
            self._curvature, self._centre = fisher, values
            return
        add_quadratic(self._curvature, self._centre, fisher, values)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return curvature and centre, an array for each shared parameter."""
        kept = {"curvature": self._curvature, "centre": self._centre}
        return {
            f"{name}/{i}": tensor.cpu().numpy() for name, tensors in kept.items() for i, tensor in enumerate(tensors)
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up curvature and centre."""
        self._curvature, self._centre = (
            [torch.from_numpy(state[f"{name}/{i}"].copy()) for i in range(len(state) // 2)]
            for name in ("curvature", "centre")
        )

    def _penalty(self, minibatch: Minibatch) -> Tensor:
        parameters = shared_parameters(require_minibatch(minibatch).network)
        require_learned(self._curvature)
        self._curvature, self._centre = _align(self._curvature, parameters), _align(self._centre, parameters)
        return self.strength / 2 * sum_quadratic(parameters, self._curvature, self._centre)


def shared_parameters(network: Network) -> list[Tensor]:
    """Return the parameters that all tasks share: those of the blocks, and of a head that all tasks share."""
    heads = network.heads.parameters() if len(network.heads) == 1 else []
    return [*network.blocks.parameters(), *heads]


def estimate_fisher(
    network: Network, data: TaskData, task: int, draws: np.random.Generator, *, samples: int = SAMPLES
) -> list[Tensor]:
    """Return the diagonal of the Fisher information of `task`, one tensor for each shared parameter.

    It is the mean of (∂ log p(y|x)/∂θ)² over at most `samples` training images x, in eval mode, with y drawn from the
    network's own answer.
    """
    network.eval()
    chosen = torch.from_numpy(draws.permutation(len(data.y_train))[:samples]).to(data.y_train.device)

    def losses() -> Iterator[Tensor]:
        for position, level in zip(torch.split(chosen, 1), draws.random((len(chosen), 1)), strict=True):
            outputs = network(select_rows(data.x_train, position), task)
            yield functional.cross_entropy(outputs, draw_labels(outputs, level))

    return average_squared_gradients(losses(), shared_parameters(network))


def _align(tensors: list[Tensor], parameters: list[Tensor]) -> list[Tensor]:
    """Return `tensors` where the parameters are, in their memory layout: sums over them then come out to the same bits."""
    if all(
        one.stride() == other.stride() and one.device == other.device
        for one, other in zip(tensors, parameters, strict=True)
    ):
        return tensors
    return [torch.empty_like(other).detach().copy_(one) for one, other in zip(tensors, parameters, strict=True)]
