"""What the libraries meet: strategies, digits, an empty folder, and no network."""

import logging
import warnings

import pytest
import torch
from support.plain_loop import digit_pairs
from support.torchvision_operators import import_torchvision

from cl_core.strategies import Adaptive, Frozen, Initialized

STRATEGIES = {
    "initialized": Initialized(),
    "frozen 1": Frozen(1),
    "frozen 0": Frozen(0),
    "adaptive": Adaptive(0.0, 1, 3),
}


@pytest.fixture(params=STRATEGIES)
def strategy(request):
    return STRATEGIES[request.param]


@pytest.fixture(scope="session")
def data():
    return digit_pairs()


@pytest.fixture(scope="session")
def operators():
    return import_torchvision()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        yield
