"""The gradient of a task at the weights that its own training has led to, which Algorithm 1 takes for its first."""

from cl_core.learners.arrival import count_scored, draw_sample, take_gradient
from cl_core.learners.evaluation import BATCH
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData
from cl_core.strategies import Vector


def gradient_after(network: Network, data: TaskData, task: int, recipe: Recipe, seed: int) -> Vector:
    """Return the gradient of `task` at the weights that its training has led to, on the sample of its arrival, (P,) float64.

    The network is left in eval mode, and bitwise as it was. Source: paper, Algorithm 1, which takes g_1 there.
    """
    x, y = draw_sample(data, task, recipe, seed)
    images = count_scored(recipe)
    network.eval()
    return take_gradient(network, x[:images], y[:images], task, recipe, None, BATCH)[0]
