"""What every kind of run works with: its stream, network, recipe and clock, and its saving and going on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import Listener, ProgressEvent
from cl_core.experiments.registry import NetworkInputs
from cl_core.experiments.rows import TaskRow
from cl_core.learners.class_incremental import count_correct_over_heads
from cl_core.learners.networks import Network, block_parameters, build_network
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.learners.tensors import TaskData, prepare
from cl_core.learners.training import Progress
from cl_core.streams import Stream

_WEIGHTS = "network/"
_GRADIENT = "gradient"
_MEMORY = "strategy/"


@dataclass(eq=False)
class RunState:
    """What a run has done so far: a row and the seconds of each stage for every finished task, and what goes on.

    `gradient` is the one that the last finished task had at its arrival, (P,) float64; `memory` is what the strategy
    has kept of the tasks so far (:meth:`cl_core.strategies.Strategy.state`).
    """

    rows: list[TaskRow] = field(default_factory=list)
    seconds: list[dict[str, float]] = field(default_factory=list)
    gradient: NDArray[Any] | None = None
    memory: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RunContext:
    """One run's means. `checkpoint` is where it saves itself, None for a run that does not."""

    plan: Plan
    stream: Stream
    spec: NetworkSpec | None
    recipe: Recipe
    device: torch.device
    checkpoint: Checkpoint | None
    listener: Listener

    @property
    def tasks(self) -> int:
        """Number M of tasks."""
        return len(self.stream.tasks)

    def network(self) -> Network:
        """Return the untrained network: every run of one seed starts from the same.

        Each head has as many outputs as the task with the most classes. Raises ValueError where a network from outside
        is none.
        """
        classes = max(len(task.classes) for task in self.stream.tasks)
        shape, seed, dtype = self.stream.data.image_shape, self.plan.seed, _choose_dtype(self.recipe.precision)
        if self.spec is not None:
            network = build_network(
                self.spec, tasks=self.tasks, classes=classes, image_shape=shape, seed=seed, dtype=dtype
            )
        else:
            network = self._build_own(NetworkInputs(self.tasks, classes, shape, seed, self.plan.settings)).to(dtype)
        return network.to(self.device)

    def _build_own(self, inputs: NetworkInputs) -> Network:
        builder = self.plan.experiment.builder
        assert builder is not None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(inputs.seed)
            network = builder.value(inputs)
        wanted = 1 if inputs.settings.shared_head else inputs.tasks
        if not isinstance(network, Network) or len(network.heads) != wanted:
            heads = f" with {len(network.heads)} heads" if isinstance(network, Network) else ""
            raise ValueError(
                f"{builder.name} returns a {type(network).__name__}{heads}; return a cl_core.learners.Network with "
                f"{wanted} heads, one for each task or, with shared_head, one for all"
            )
        layout: Network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return layout.eval()

    def block_sizes(self) -> tuple[int, ...]:
        """Return the number of parameters of each shared block."""
        return block_parameters(self.network())

    def data(self, task: int) -> TaskData:
        """Return the images of `task` in memory, normalised."""
        dtype = _choose_dtype(self.recipe.precision)
        return prepare(self.stream.tasks[task], self.stream.mean, self.stream.std, dtype, device=self.device)

    def begin(self, task: int, **facts: Any) -> None:
        """Note that `task` has begun, and say so."""
        if self.checkpoint is not None:
            self.checkpoint.note("begun", task)
        self.tell(task, "arrival", **facts)

    def finish(self, task: int, state: RunState, network: Network | None, **facts: Any) -> None:
        """Save the run as it stands after `task`, note it, and say so."""
        if self.checkpoint is not None:
            save_state(self.checkpoint, state, network)
            self.checkpoint.note("finished", task)
        self.tell(task, "finished", **{**facts, "accuracy": self.accuracy(state)})

    def resume(self, network: Network | None) -> RunState:
        """Return what an earlier process of this very run had finished, and give `network` its weights."""
        state = None if self.checkpoint is None else restore_state(self.checkpoint, network)
        if state is None:
            if self.checkpoint is not None:
                self.checkpoint.clear()
            return RunState()
        return state

    def accuracy(self, state: RunState) -> float | None:
        """Return the mean accuracy on the tasks seen so far, 0 to 1; None before the first."""
        counts = state.rows[-1].correct if state.rows else ()
        sizes = [len(task.held) for task in self.stream.tasks]
        shares = [count / size for count, size in zip(counts, sizes, strict=False) if count is not None]
        return float(np.mean(shares)) if shares else None

    def count_over_heads(self, outputs: Sequence[Sequence[Tensor]], labels: Sequence[Tensor]) -> tuple[int, ...]:
        """Return the class-incremental count of each task seen; none where all tasks share one head.

        `outputs` holds, for each task seen, what each of their heads (n, C) answers to its images; `labels` (n,) each.
        """
        if self.plan.settings.shared_head:
            return ()
        classes = [task.classes for task in self.stream.tasks[: len(outputs)]]
        return tuple(
            # A head may have more outputs than its task has classes.
            count_correct_over_heads(
                [head[:, : len(c)] for head, c in zip(of_heads, classes, strict=True)], classes, own, y
            )
            for of_heads, own, y in zip(outputs, classes, labels, strict=True)
        )

    def tell(self, task: int, stage: str, **facts: Any) -> None:
        """Tell the listener where the run stands."""
        self.listener(ProgressEvent(task=task, tasks=self.tasks, stage=stage, epochs=self.recipe.epochs, **facts))

    def steps(self, task: int, **facts: Any) -> Progress:
        """Return what passes the training's steps on to the listener, at most a hundred times a task."""
        percent = -1

        def progress(done: int, total: int) -> None:
            nonlocal percent
            if 100 * done // total > percent:
                percent = 100 * done // total
                self.tell(task, "training", share=done / total, **facts)

        return progress


class Clock:
    """Seconds between laps, by their names."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Count the time since the last lap as `name`."""
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now


def save_state(checkpoint: Checkpoint, state: RunState, network: Network | None) -> None:
    """Save at `checkpoint` what has been done so far, and the weights of `network`."""
    arrays = {} if network is None else _weights(network)
    if state.gradient is not None:
        arrays[_GRADIENT] = state.gradient
    arrays.update({f"{_MEMORY}{name}": array for name, array in state.memory.items()})
    checkpoint.save(arrays, {"rows": [row.record() for row in state.rows], "seconds": state.seconds})


def restore_state(checkpoint: Checkpoint, network: Network | None) -> RunState | None:
    """Return what was left at `checkpoint`, and give `network` its weights; None where there is nothing to go on with."""
    saved = checkpoint.load()
    if saved is None:
        return None
    arrays, record = saved
    if network is not None:
        weights = {name: torch.from_numpy(array) for name, array in _below(_WEIGHTS, arrays).items()}
        network.load_state_dict(weights, strict=True)
    rows = [TaskRow.from_record(row) for row in record["rows"]]
    return RunState(rows, record["seconds"], arrays.get(_GRADIENT), _below(_MEMORY, arrays))


def _below(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _choose_dtype(precision: str) -> torch.dtype:
    """Return the type of parameters and images for a recipe's `precision`; bfloat16 keeps them in float32."""
    return torch.float64 if precision == "float64" else torch.float32


def _weights(network: Network) -> dict[str, NDArray[Any]]:
    state: Mapping[str, torch.Tensor] = network.state_dict()
    return {f"{_WEIGHTS}{name}": tensor.detach().cpu().numpy() for name, tensor in state.items()}
