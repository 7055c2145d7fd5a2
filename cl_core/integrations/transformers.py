"""`Transformers <https://huggingface.co/docs/transformers>`_: a strategy as a callback; each ``train`` is a task.

One line beyond your own, with one callback for the whole stream and a new trainer for each task::

    held = MovableCallback(Frozen(1), ["vit.embeddings", "vit.layers.0", "vit.layers.1"])
    for data in datasets:
        Trainer(model, arguments, train_dataset=data, callbacks=[held]).train()
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from transformers import TrainerCallback

from cl_core.integrations.task_by_task import TaskByTask
from cl_core.strategies import Strategy


class MovableCallback(TaskByTask, TrainerCallback):
    """Holds, through each ``train``, the blocks that the strategy does not let move.

    `loss(model, batch)` is the mean loss of a batch at arrival; without it the model's own, ``model(**batch).loss``.
    Raises ValueError where there is more than one process.
    """

    def __init__(
        self,
        strategy: Strategy,
        blocks: Sequence[str | Sequence[str]],
        loss: Callable[[Any, Any], Tensor] = lambda model, batch: model(**batch).loss,
    ) -> None:
        super().__init__(strategy, blocks)
        self.loss = loss

    def on_train_begin(self, args: Any, *_: Any, model: Any, train_dataloader: Any, **__: Any) -> None:
        """Take the arrival, and hold."""
        if args.world_size > 1:
            raise ValueError(f"{args.world_size} processes do not fit; start one")
        self.begin_task(model, lambda batch: self.loss(model, batch), train_dataloader)

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Let go."""
        self.end_task()
