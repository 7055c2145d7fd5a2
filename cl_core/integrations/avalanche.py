"""`Avalanche <https://avalanche.continualai.org>`_: a strategy as a plugin of any of its training strategies.

One line beyond your own::

    Naive(model=model, optimizer=optimizer, plugins=[MovablePlugin(Frozen(1), ["layer1", "layer2"])])
"""

from typing import Any

from avalanche.core import SupervisedPlugin
from torch import Tensor

from cl_core.integrations.task_by_task import TaskByTask


class MovablePlugin(TaskByTask, SupervisedPlugin[Any]):
    """Holds, through each experience, the blocks that the strategy does not let move; an experience is a task.

    The arrival is taken over the experience's own batches, with the criterion of the training strategy. Held modules
    stay in eval mode although Avalanche calls ``model.train()``.
    """

    def before_training_exp(self, strategy: Any, *_: Any, **__: Any) -> None:
        """Take the arrival, and hold."""

        def loss(batch: Any) -> Tensor:
            strategy.mbatch = batch
            strategy._unpack_minibatch()
            strategy.mb_output = strategy.forward()
            mean: Tensor = strategy.criterion()
            return mean

        self.begin_task(strategy.model, loss, strategy.dataloader)

    def after_training_exp(self, strategy: Any, *_: Any, **__: Any) -> None:
        """Let go."""
        self.end_task()
