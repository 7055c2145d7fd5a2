"""Small made tasks and networks that every test of the learners can afford."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from cl_core.learners.networks import NetworkSpec, build_network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import prepare


@dataclass(frozen=True)
class MadeTask:
    """Images whose class is a bright stripe in a noisy picture."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_eval: np.ndarray
    y_eval: np.ndarray


@pytest.fixture(name="made_task")
def made_task_fixture():
    return made_task


def made_task(seed, *, images=40, classes=3, side=8, channels=1):
    draws = np.random.default_rng(seed)
    shape = (images, side, side) if channels == 1 else (images, side, side, channels)
    parts = []
    for _ in range(2):
        y = np.arange(images) % classes
        x = draws.integers(0, 60, shape)
        for image, label in zip(x, y, strict=True):
            image[:, label + seed % 2 :: classes] += 120
        parts += [x.astype(np.uint8), y]
    return MadeTask(*parts)


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def recipe():
    return Recipe(batch=16, epochs=2, precision="float64", head_warmup_steps=5, gradient_samples=24, learning_rate=0.02)


@pytest.fixture(scope="session")
def make():
    """Return a function that makes (network, tasks) for kind resnet or mlp."""

    def of(kind="resnet", *, tasks=3, dtype=torch.float64, seed=3, channels=1, **spec):
        spec = {"width": 3 if kind == "resnet" else 12, **spec}
        side = (8, 8) if channels == 1 else (8, 8, channels)
        network = build_network(
            NetworkSpec(kind=kind, **spec), tasks=tasks, classes=3, image_shape=side, seed=seed, dtype=dtype
        )
        data = [prepare(made_task(number, channels=channels), [60.0], [50.0], dtype) for number in range(tasks)]
        return network, data

    return of


@pytest.fixture
def frozen_copy():
    """Return a function that copies a module's parameters and buffers, to be compared bit by bit later."""
    return lambda module: {name: value.clone() for name, value in module.state_dict().items()}
