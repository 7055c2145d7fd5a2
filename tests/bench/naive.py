"""Avalanche's `Naive`, an optional peer, on the same network, images, batch and optimizer: `make peers` installs it."""

import time
import warnings
from collections.abc import Callable
from functools import cache

import torch
from support.torchvision_operators import import_torchvision
from torch import Tensor, nn

from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData


@cache
def find() -> tuple[object, ...]:
    """Return what must be kept to use Avalanche; raise ImportError where it, or a part of it, is not installed."""
    operators = import_torchvision()
    with warnings.catch_warnings():
        # Of solvers that only some of its strategies need.
        warnings.simplefilter("ignore")
        from avalanche.training.supervised import Naive
    return operators, Naive


def is_there() -> bool:
    """Return whether Avalanche can be imported."""
    try:
        find()
    except ImportError:
        return False
    return True


class _FirstHead(nn.Module):
    """A network seen through its first head, as Avalanche calls a model."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x, 0)  # type: ignore[no-any-return]


def train_naively(
    network: Network, data: TaskData, recipe: Recipe, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the seconds of one pass of `Naive` over the training images, nothing logged and nothing evaluated."""
    from avalanche.benchmarks import tensors_benchmark
    from avalanche.training.plugins import EvaluationPlugin
    from avalanche.training.supervised import Naive

    images = data.x_train.contiguous()
    benchmark = tensors_benchmark(
        train_tensors=[(images, data.y_train)],
        test_tensors=[(data.x_eval.contiguous(), data.y_eval)],
        task_labels=[0],
    )
    model = _FirstHead(network.to(memory_format=torch.contiguous_format))  # type: ignore[call-overload]
    with warnings.catch_warnings():
        # Of loggers that it has none of.
        warnings.simplefilter("ignore")
        evaluator = EvaluationPlugin(loggers=[])
    strategy = Naive(
        model=model,
        optimizer=torch.optim.SGD(
            model.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
        ),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=recipe.batch,
        train_epochs=1,
        evaluator=evaluator,
    )
    begun = clock()
    strategy.train(benchmark.train_stream[0], shuffle=True, drop_last=True)
    return clock() - begun
