"""Movable in an ordinary loop on pairs of digits, which each integration must match."""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from cl_core.learners.tensors import split_by_class
from cl_core.torch.movable import Movable

TASKS, BATCH, EPOCHS, RATE = 4, 16, 2, 0.05
BLOCKS = ["body.0", "body.1", "body.2"]


class Network(nn.Module):
    """Three blocks with running statistics, and a head that all tasks share."""

    def __init__(self, width=12):
        super().__init__()
        torch.manual_seed(1)
        sizes = pairwise([64, width, width, width])
        self.body = nn.Sequential(
            *(nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.Dropout(0.0), nn.ReLU()) for a, b in sizes)
        )
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        return self.head(self.body(x.flatten(1)))


def digit_pairs():
    """The training and the test images of each task, as datasets."""
    from sklearn.datasets import load_digits  # half a second in every process that collects tests

    images, labels = load_digits(return_X_y=True)
    tasks = split_by_class(images.reshape(-1, 8, 8), labels, tasks=5)[:TASKS]
    return [
        (TensorDataset(task.x_train.contiguous(), task.y_train), TensorDataset(task.x_eval.contiguous(), task.y_eval))
        for task in tasks
    ]


def make_optimizer(model):
    """One that moves what has stale gradients or momentum: it is kept for the whole stream."""
    return torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, weight_decay=0.01)


def run_plain_loop(model, strategy, data, *, blocks=BLOCKS, logits_of=None):
    """Return the accuracy matrix, the answers of the strategy, and ‖Δ‖ of each block for each task.

    `logits_of` maps images and the number of their task to logits; by default the model does, and knows of no task.
    """
    logits_of = logits_of or (lambda x, task: model(x))
    optimizer, movable, arrival = make_optimizer(model), Movable(model, blocks), None
    matrix, updates, moved = np.full((TASKS, TASKS), math.nan), [], []

    for task, (train, _) in enumerate(data):
        loader = DataLoader(train, BATCH)

        def loss(batch, task=task):
            return cross_entropy(logits_of(batch[0], task), batch[1])

        arrival = movable.arrival(task, loss, loader, arrival)
        updates.append(strategy.update(arrival))
        with movable.only(updates[-1]):
            for _ in range(EPOCHS):
                model.train()
                for batch in loader:
                    optimizer.zero_grad()
                    loss(batch).backward()
                    optimizer.step()
        moved.append(movable.moved())
        model.eval()
        with torch.no_grad():
            for old in range(task + 1):
                x, y = data[old][1].tensors
                matrix[task, old] = (logits_of(x, old).argmax(dim=1) == y).double().mean()
    return matrix, updates, moved


def state(model):
    """A copy of all parameters and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def blocks_changed(model, before, blocks):
    """Whether anything of each block differs from `before`."""
    now = model.state_dict()
    names = {name for name, value in before.items() if not torch.equal(now[name], value)}
    return [any(name.startswith(f"{block}.") for name in names) for block in blocks]
