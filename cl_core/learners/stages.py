"""A task trained in two stages: with some blocks held, and then as long again with none."""

from dataclasses import replace

from cl_core.draws import Purpose
from cl_core.learners.networks import Network, list_blocks
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import Progress, TaskReport, train_task
from cl_core.strategies import Update
from cl_core.torch.holding import distance, length


def train_frozen_then_whole(
    network: Network,
    data: TaskData,
    task: int,
    update: Update,
    recipe: Recipe,
    seed: int,
    progress: Progress | None = None,
) -> TaskReport:
    """Train `task` as `update` allows, then all blocks by the whole recipe once more, in an order of minibatches of its own.

    The report has the steps of both stages, the norms of the way that both went, and the magnitude of the first.
    """
    blocks = list_blocks(network)
    before = [[parameter.detach().clone() for parameter in block.own] for block in blocks]
    first = train_task(network, data, task, update, recipe, seed, progress)
    second = train_task(network, data, task, Update(len(blocks)), recipe, seed, progress, order=Purpose.SECOND_ORDER)
    norms = [distance(block.own, old) for block, old in zip(blocks, before, strict=True)]
    return replace(
        second,
        magnitude=first.magnitude,
        steps=first.steps + second.steps,
        update_norms=tuple(norms),
        relative_norms=tuple(norm / length(old) for norm, old in zip(norms, before, strict=True)),
    )
