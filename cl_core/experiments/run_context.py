"""What every kind of run works with: its stream, network, recipe and clock, and its saving and going on."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import Listener, Moment
from cl_core.experiments.rows import TaskRow
from cl_core.learners.networks import Network, block_parameters, build_network
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.learners.tensors import TaskData, parameter_dtype, prepare
from cl_core.learners.training import Progress
from cl_core.streams import Stream

_WEIGHTS = "network/"
_GRADIENT = "gradient"


@dataclass(eq=False)
class Past:
    """What a run has done so far: a row and the seconds of each stage for every finished task, and the last gradient.

    `gradient` is the one that the last finished task had at its arrival, (P,) float64.
    """

    rows: list[TaskRow] = field(default_factory=list)
    seconds: list[dict[str, float]] = field(default_factory=list)
    gradient: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Work:
    """One run's means. `place` is where it saves itself, None for a run that does not."""

    plan: Plan
    stream: Stream
    spec: NetworkSpec
    recipe: Recipe
    device: torch.device
    place: Checkpoint | None
    listener: Listener

    @property
    def tasks(self) -> int:
        """Number M of tasks."""
        return len(self.stream.tasks)

    def network(self) -> Network:
        """Return the untrained network: every run of one seed starts from the same."""
        network = build_network(
            self.spec,
            tasks=self.tasks,
            classes=len(self.stream.tasks[0].classes),
            image_shape=self.stream.data.image_shape,
            seed=self.plan.seed,
            dtype=parameter_dtype(self.recipe.precision),
        )
        return network.to(self.device)

    def blocks(self) -> tuple[int, ...]:
        """Return the number of parameters of each shared block."""
        return block_parameters(self.network())

    def data(self, task: int) -> TaskData:
        """Return the images of `task` in memory, normalised."""
        dtype = parameter_dtype(self.recipe.precision)
        return prepare(self.stream.tasks[task], self.stream.mean, self.stream.std, dtype, device=self.device)

    def begin(self, task: int, **facts: Any) -> None:
        """Note that `task` has begun, and say so."""
        if self.place is not None:
            self.place.note("begun", task)
        self.tell(task, "arrival", **facts)

    def finish(self, task: int, past: Past, network: Network | None, **facts: Any) -> None:
        """Save the run as it stands after `task`, note it, and say so."""
        if self.place is not None:
            leave(self.place, past, network)
            self.place.note("finished", task)
        self.tell(task, "finished", **{**facts, "accuracy": self.accuracy(past)})

    def resume(self, network: Network | None) -> Past:
        """Return what an earlier process of this very run had finished, and give `network` its weights."""
        past = None if self.place is None else take_up(self.place, network)
        if past is None:
            if self.place is not None:
                self.place.clear()
            return Past()
        return past

    def accuracy(self, past: Past) -> float | None:
        """Return the mean accuracy on the tasks seen so far, 0 to 1; None before the first."""
        counts = past.rows[-1].correct if past.rows else ()
        sizes = [len(task.held) for task in self.stream.tasks]
        shares = [count / size for count, size in zip(counts, sizes, strict=False) if count is not None]
        return float(np.mean(shares)) if shares else None

    def tell(self, task: int, stage: str, **facts: Any) -> None:
        """Tell the listener where the run stands."""
        self.listener(Moment(task=task, tasks=self.tasks, stage=stage, epochs=self.recipe.epochs, **facts))

    def steps(self, task: int, **facts: Any) -> Progress:
        """Return what passes the training's steps on to the listener, at most a hundred times a task."""
        told = -1

        def progress(done: int, total: int) -> None:
            nonlocal told
            if 100 * done // total > told:
                told = 100 * done // total
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


def leave(place: Checkpoint, past: Past, network: Network | None) -> None:
    """Save at `place` what has been done so far, and the weights of `network`."""
    arrays = {} if network is None else _weights(network)
    if past.gradient is not None:
        arrays[_GRADIENT] = past.gradient
    place.save(arrays, {"rows": [row.record() for row in past.rows], "seconds": past.seconds})


def take_up(place: Checkpoint, network: Network | None) -> Past | None:
    """Return what was left at `place`, and give `network` its weights; None where there is nothing to go on with."""
    saved = place.load()
    if saved is None:
        return None
    arrays, record = saved
    if network is not None:
        state = {k.removeprefix(_WEIGHTS): torch.from_numpy(v) for k, v in arrays.items() if k.startswith(_WEIGHTS)}
        network.load_state_dict(state, strict=True)
    rows = [TaskRow.from_record(row) for row in record["rows"]]
    return Past(rows, record["seconds"], arrays.get(_GRADIENT))


def _weights(network: Network) -> dict[str, NDArray[Any]]:
    state: Mapping[str, torch.Tensor] = network.state_dict()
    return {f"{_WEIGHTS}{name}": tensor.detach().cpu().numpy() for name, tensor in state.items()}
