"""What the integrations share: a strategy at work between the begin and the end of each task that a library announces."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from cl_core.strategies import Arrival, Strategy, Update
from cl_core.torch.movable import Movable


class TaskByTask:
    """Lets a strategy decide, when a task begins, which of `blocks` it may move, and holds the rest until it ends.

    `blocks` are those of :class:`cl_core.torch.movable.Movable`. `updates` has the strategy's answer for each task that has
    begun, and `moved` ‖Δ‖ of each block for each that has ended. A task that broke off is the next to begin again.
    Keep one object for the whole stream.
    """

    def __init__(self, strategy: Strategy, blocks: Sequence[str | Sequence[str]]) -> None:
        super().__init__()
        self.strategy, self.blocks = strategy, blocks
        self.updates: list[Update] = []
        self.moved: list[tuple[float, ...]] = []
        self._held = ExitStack()
        self._movable: Movable | None = None
        self._before: Arrival | None = None
        self._arrival: Arrival | None = None

    def begin_task(self, model: nn.Module, loss: Callable[[Any], Tensor], batches: Iterable[Any]) -> None:
        """Take the arrival of the next task from `batches`, and hold what the strategy does not let move.

        PyTorch's random stream is left where it was, so that a strategy that limits nothing changes nothing. Raises
        ValueError for an answer that goes a part of the way, after which somebody has to fit the head anew.
        """
        self.let_go()
        task, movable = len(self.moved), Movable(model, self.blocks)
        with torch.random.fork_rng(devices=[]):
            metric = getattr(self.strategy, "metric", "cosine")
            self._arrival = movable.arrival(task, loss, batches, self._before, metric=metric)
        update = self.strategy.update(self._arrival)
        if update.fraction < 1:
            raise ValueError(f"fraction = {update.fraction} does not fit; nobody fits the head anew here, so give 1")
        self.updates[task:] = [update]
        self._held.enter_context(movable.only(update))
        self._movable = movable

    def end_task(self) -> None:
        """Count the task, and let go; nothing happens where none has begun."""
        if self._movable is not None:
            self.moved.append(self._movable.moved())
            self._before = self._arrival
        self.let_go()

    def let_go(self) -> None:
        """Give everything its ``requires_grad`` and its mode back, where a task broke off; it is not counted."""
        self._held.close()
        self._movable = None
