"""What a penalty looks at: an extra term of the loss that holds a task's update back, minibatch by minibatch."""

from dataclasses import dataclass

from torch import Tensor

from cl_core.learners.networks import Network
from cl_core.learners.tensors import TaskData


@dataclass(frozen=True, eq=False)
class Minibatch:
    """One step of training as a penalty sees it; the gradient of what the penalty returns goes into the step.

    `positions` (n,) are the rows of ``data.x_train`` and ``data.y_train``; `features` is what comes out of the last
    block for them, with its graph: ``network.logits(features, k)`` are the answers of the head of task k. Blocks that
    move are in training mode and update their running statistics whenever images go through them.
    """

    network: Network
    task: int
    data: TaskData
    positions: Tensor
    features: Tensor


def require_minibatch(given: object) -> Minibatch:
    """Return what a penalty was given; raises TypeError for what a loop of one's own gives, which has no network."""
    if not isinstance(given, Minibatch):
        raise TypeError(f"a {type(given).__name__} is no Minibatch; for your own loop there is cl_core.torch.baselines")
    return given
