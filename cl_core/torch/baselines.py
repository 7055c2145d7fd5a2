"""The field's baselines for a model and a loop of your own: EWC, LwF and experience replay as strategies.

Each wants one line in the loss, ``loss + movable.penalty(batch)``, and one after each task,
``strategy.learned(task, model, loader)``. They keep their memory in themselves; a loop that is to go on after it was
killed saves it with its model. For the networks of :mod:`cl_core.learners` there are
:class:`~cl_core.learners.ewc.ElasticConsolidation`, :class:`~cl_core.learners.lwf.Distillation` and
:class:`~cl_core.learners.rehearsal.Rehearsal`.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.strategies import Arrival, Strategy, Update
from cl_core.torch.holding import evaluating
from cl_core.torch.movable import Movable

Outputs = Callable[[nn.Module, Any, int], Tensor]
"""The answers (n, classes) of a model's head of a task, counted from 0, to a batch: ``outputs(model, batch, task)``."""


class EWC(Strategy):
    """All blocks move, each parameter held to earlier tasks' values by the Fisher information that it had for them.

    The penalty is λ/2 Σ_k Σ_i F_k,i (θ_i − θ_k,i)², λ the `strength`, 0 or more, over the blocks' parameters. The
    Fisher information is averaged over the first `samples` examples of the task's batches, with labels drawn by `seed`
    from the model's own answers; each takes one backward pass through its batch, so small batches are quick.
    Source: Kirkpatrick et al. 2017, arXiv:1612.00796.
    """

    def __init__(self, movable: Movable, outputs: Outputs, strength: float, seed: int, samples: int = 256) -> None:
        self.movable, self.outputs, self.seed, self.samples = movable, outputs, seed, samples
        self.strength = _require_strength(strength)
        self._curvature: list[Tensor] = []
        self._centre: list[Tensor] = []

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, with the penalty from the second task on; a first task begins a run, and nothing is kept of one before."""
        if arrival.task == 0:
            self._curvature, self._centre = [], []
        return _with_penalty(arrival, self._penalty if self.strength else None)

    def learned(self, task: int, network: nn.Module, data: Iterable[Any]) -> None:
        """Add the Fisher information of the finished task, of whose batches `data` has the first, to what is held."""
        parameters = self.movable.parameters()
        with evaluating(network):
            fisher = average_squared_gradients(self._draw_losses(network, data, task), parameters)
        values = [parameter.detach().clone() for parameter in parameters]
        if self._curvature:
            add_quadratic(self._curvature, self._centre, fisher, values)
        else:
            self._curvature, self._centre = fisher, values

    def _draw_losses(self, model: nn.Module, data: Iterable[Any], task: int) -> Iterator[Tensor]:
        draws, seen = generator(self.seed, task, Purpose.FISHER), 0
        for batch in data:
            outputs = _require_rows(self.outputs(model, batch, task))[: self.samples - seen]
            seen += len(outputs)
            labels = draw_labels(outputs, draws.random(len(outputs)))
            yield from functional.cross_entropy(outputs, labels, reduction="none")
            if seen >= self.samples:
                return
        if not seen:
            raise ValueError(f"task {task} has no batch; EWC needs an example or more of each finished task")

    def _penalty(self, _batch: Any) -> Tensor:
        require_learned(self._curvature)
        return self.strength / 2 * sum_quadratic(self.movable.parameters(), self._curvature, self._centre)


class LwF(Strategy):
    """All blocks move, and the old heads' answers to the new batches are held to what they were before.

    The penalty is λ times the cross-entropy between the old and the present answers at a `temperature` (above 0),
    summed over the old heads; λ is the `strength`, 0 or more. `outputs` of an old task go through the model once more,
    so blocks in training mode update their running statistics again. Source: Li and Hoiem 2016, arXiv:1606.09282.
    """

    def __init__(self, model: nn.Module, outputs: Outputs, strength: float, temperature: float = 2.0) -> None:
        if not 0 < temperature < float("inf"):
            raise ValueError(f"temperature = {temperature!r} does not fit; allowed: above 0")
        self.model, self.outputs, self.temperature = model, outputs, temperature
        self.strength = _require_strength(strength)
        self._teacher, self._heads = model, 0

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, with the penalty from the second task on; a first task begins a run, and nothing is kept of one before."""
        if arrival.task == 0:
            self._teacher, self._heads = self.model, 0
        return _with_penalty(arrival, self._penalty if self.strength else None)

    def learned(self, task: int, network: nn.Module, data: Iterable[Any]) -> None:
        """Keep a copy of the model as it is: the next task's teacher. `data` is not read."""
        self._teacher, self._heads = copy.deepcopy(network).eval().requires_grad_(False), task + 1

    def _penalty(self, batch: Any) -> Tensor:
        require_learned(self._heads)
        losses = []
        for head in range(self._heads):
            with torch.no_grad():
                targets = torch.softmax(self.outputs(self._teacher.eval(), batch, head) / self.temperature, dim=1)
            losses.append(functional.cross_entropy(self.outputs(self.model, batch, head) / self.temperature, targets))
        return self.strength * torch.stack(losses).sum()


class ExperienceReplay(Strategy):
    """All blocks move, and the loss on a kept batch of earlier tasks is added to that of each new batch.

    `batches_per_task` (1 or more) of a finished task's batches are kept as they are, all where there are fewer, and one
    of those of all tasks is drawn for each step, both by `seed`. ``loss(batch, task)`` is the mean loss of a batch of
    that task. Source: Chaudhry et al. 2019, arXiv:1902.10486.
    """

    def __init__(self, loss: Callable[[Any, int], Tensor], batches_per_task: int, seed: int) -> None:
        if batches_per_task < 1:
            raise ValueError(f"batches_per_task = {batches_per_task} does not fit; allowed: 1 or more")
        self.loss, self.batches_per_task, self.seed = loss, batches_per_task, seed
        self._kept: list[tuple[Any, int]] = []
        self._draws = generator(seed, 0, Purpose.MEMORY_ORDER)

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks, with the loss on kept batches from the second task on; a first task begins a run, with none kept."""
        if arrival.task == 0:
            self._kept = []
        self._draws = generator(self.seed, arrival.task, Purpose.MEMORY_ORDER)
        return _with_penalty(arrival, self._penalty)

    def learned(self, task: int, network: nn.Module, data: Iterable[Any]) -> None:
        """Keep some of the finished task's batches, any of them with the same chance."""
        draws, kept = generator(self.seed, task, Purpose.MEMORY), list[Any]()
        for count, batch in enumerate(data, start=1):
            if len(kept) < self.batches_per_task:
                kept.append(batch)
            elif (place := int(draws.integers(count))) < self.batches_per_task:
                kept[place] = batch
        self._kept += [(batch, task) for batch in kept]

    def _penalty(self, _batch: Any) -> Tensor:
        require_learned(self._kept)
        batch, task = self._kept[int(self._draws.integers(len(self._kept)))]
        return self.loss(batch, task)


def average_squared_gradients(losses: Iterable[Tensor], parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the mean of the squared gradients of `losses`, zero for a parameter that is frozen or not used."""
    sums, count = [torch.zeros_like(parameter) for parameter in parameters], 0
    wanted = [(one, total) for one, total in zip(parameters, sums, strict=True) if one.requires_grad]
    for loss in losses:
        # Losses of several examples may share a graph.
        parts = torch.autograd.grad(loss, [one for one, _ in wanted], retain_graph=True, allow_unused=True)
        for (_, total), part in zip(wanted, parts, strict=True):
            total += 0 if part is None else part**2
        count += 1
    return [total / count for total in sums]


def draw_labels(outputs: Tensor, levels: NDArray[np.float64]) -> Tensor:
    """Return a label for each row of `outputs` (n, classes), drawn from its softmax by uniform numbers (n,)."""
    cumulated = torch.softmax(outputs.detach().double(), dim=1).cumsum(dim=1)
    below = cumulated < torch.from_numpy(levels).to(cumulated)[:, None]
    return below.sum(dim=1).clamp(max=outputs.shape[1] - 1)


def add_quadratic(
    curvature: Sequence[Tensor], centre: Sequence[Tensor], added: Sequence[Tensor], values: Sequence[Tensor]
) -> None:
    """Add Σ `added` (θ − `values`)² to Σ `curvature` (θ − `centre`)², in place and up to a constant."""
    for old, middle, new, value in zip(curvature, centre, added, values, strict=True):
        old += new
        share = torch.where(old > 0, new / old, torch.zeros_like(new))
        middle += share * (value - middle)


def sum_quadratic(parameters: Sequence[Tensor], curvature: Sequence[Tensor], centre: Sequence[Tensor]) -> Tensor:
    """Return Σ `curvature` (θ − `centre`)² over the `parameters` θ, with its graph."""
    triples = zip(parameters, curvature, centre, strict=True)
    return torch.stack([torch.sum(weight * (one - middle) ** 2) for one, weight, middle in triples]).sum()


def require_learned(kept: object) -> None:
    """Raise RuntimeError where nothing is `kept` of the earlier tasks, though a penalty is asked for."""
    if not kept:
        raise RuntimeError(
            "nothing of an earlier task is kept; call strategy.learned(task, model, data) after each task"
        )


def _with_penalty(arrival: Arrival, penalty: Callable[[Any], Tensor] | None) -> Update:
    return Update(arrival.blocks, penalty=None if arrival.task == 0 else penalty)


def _require_strength(strength: float) -> float:
    if not 0 <= strength < float("inf"):
        raise ValueError(f"strength = {strength!r} does not fit; allowed: 0 or more")
    return strength


def _require_rows(outputs: Tensor) -> Tensor:
    if outputs.ndim != 2:
        raise ValueError(f"outputs of shape {tuple(outputs.shape)} do not fit; give (n, classes)")
    return outputs
