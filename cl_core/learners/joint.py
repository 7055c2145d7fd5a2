"""The bound that sequential training is read against: all tasks at once.

The other one, each task alone, is `train_task` on an untrained network.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData, choose_arithmetic, select_rows
from cl_core.learners.training import Progress, descend, mark_moved, only_training


def train_joint(
    network: Network, data: Sequence[TaskData], recipe: Recipe, seed: int, progress: Progress | None = None
) -> tuple[int, float]:
    """Train all blocks and heads on all tasks at once; `recipe.epochs` counts passes over all their images together.

    Minibatches mix tasks; each image is scored by its own task's head. Returns the number of steps and the mean loss
    over the last pass.
    """
    sizes = [len(task.y_train) for task in data]
    device = data[0].y_train.device
    owners = torch.repeat_interleave(torch.arange(len(data)), torch.tensor(sizes)).to(device)
    offsets = torch.tensor([0, *sizes[:-1]]).cumsum(0).tolist()
    everything = range(len(network.blocks))

    def loss_on(chosen: Tensor) -> Tensor:
        chosen = chosen.sort().values
        present, counts = torch.unique_consecutive(owners[chosen], return_counts=True)
        tasks, parts = present.tolist(), torch.split(chosen, counts.tolist())
        own = [part - offsets[task] for task, part in zip(tasks, parts, strict=True)]
        x = torch.cat([select_rows(data[task].x_train, part) for task, part in zip(tasks, own, strict=True)])
        with choose_arithmetic(recipe.precision, device):
            features = torch.split(network.features(x), counts.tolist())
            losses = [
                functional.cross_entropy(network.logits(some, task), data[task].y_train[part], reduction="sum")
                for some, task, part in zip(features, tasks, own, strict=True)
            ]
            return torch.stack(losses).sum() / len(chosen)

    with only_training(network, everything, network.heads):
        result = descend(
            loss_on,
            list(network.blocks.parameters()),
            list(network.heads.parameters()),
            recipe,
            size=sum(sizes),
            draws=generator(seed, 0, Purpose.JOINT_ORDER),
            device=device,
            progress=progress,
        )
    for task in range(len(network.heads)):
        mark_moved(network, everything, task)
    return result
