"""`Lightning <https://lightning.ai/docs/pytorch/stable/>`_: a strategy as a callback; each ``fit`` is a task.

One line beyond your own, with one callback for the whole stream and a new trainer for each task::

    held = MovableCallback(Frozen(1), ["net.layer1", "net.layer2"])
    for loader in loaders:
        Trainer(max_epochs=5, callbacks=[held]).fit(module, loader)
"""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from cl_core.integrations.task_by_task import TaskByTask


class MovableCallback(TaskByTask, Callback):
    """Holds, through each ``fit``, the blocks that the strategy does not let move; `blocks` are names in your module.

    The loss at arrival is that of your ``training_step``, which then logs nothing. Raises ValueError where there is
    more than one process: the wrapper that joins them has asked by then what takes gradients.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the arrival, and hold."""
        if trainer.world_size > 1:
            raise ValueError(f"{trainer.world_size} processes do not fit; give Trainer(devices=1)")

        def loss(batch: Any) -> Tensor:
            with trainer.precision_plugin.train_step_context():
                told = pl_module.training_step(trainer.strategy.batch_to_device(batch), 0)
            mean: Tensor = told["loss"] if isinstance(told, dict) else told
            return mean

        pl_module.log = lambda *_, **__: None
        try:
            self.begin_task(pl_module, loss, trainer.train_dataloader)
        finally:
            del pl_module.log

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let go."""
        self.end_task()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Let go."""
        self.let_go()
