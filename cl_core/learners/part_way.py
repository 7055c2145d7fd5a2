"""Going a part of the way: from the weights before a task towards those after its training, and a head fitted anew."""

from torch import Tensor

from cl_core.learners.arrival import fit_head
from cl_core.learners.networks import Network
from cl_core.learners.own_means import Loss
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData


def list_moving_state(network: Network, moving: range) -> list[Tensor]:
    """Return all that moves with the blocks: parameters, running statistics, and a head that all tasks share."""
    modules = [network.blocks[block] for block in moving] + (list(network.heads) if len(network.heads) == 1 else [])
    tensors = (tensor for module in modules for tensor in (*module.parameters(), *module.buffers()))
    # Counters of batches are integers, and have no way to go a part of.
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def refit_head(network: Network, data: TaskData, task: int, recipe: Recipe, loss: Loss | None = None) -> None:
    """Fit the head of `task` to its training images with the blocks as they are, from where it stands.

    Convex, in the recipe's `head_warmup_steps`; see :func:`cl_core.learners.arrival.fit_head`.
    """
    network.eval()
    x, y, steps = data.x_train, data.y_train, recipe.head_warmup_steps
    fit_head(network, x, y, task, steps=steps, precision=recipe.precision, loss=loss)
