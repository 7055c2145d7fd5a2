"""What a processor can do at most, and what one step of training asks of it."""

import statistics
import time

import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from cl_core.learners.networks import Network
from cl_core.learners.tensors import TaskData

_SIDE = 1536
"""The matrices that the peak is measured on do not fit the nearest cache, and a product takes a fraction of a second."""


def measure_peak(kind: torch.dtype, repeats: int, side: int = _SIDE) -> float:
    """Return the operations a second, in 10⁹, of a product of two square matrices: the median of `repeats`."""
    draws = torch.Generator().manual_seed(0)
    one, other = (torch.randn(side, side, generator=draws).to(kind) for _ in range(2))
    taken = []
    for _ in range(repeats + 1):
        begun = time.process_time()
        torch.mm(one, other)
        taken.append(time.process_time() - begun)
    return 2 * side**3 / statistics.median(taken[1:]) / 1e9


def count_operations(network: Network, data: TaskData, batch: int) -> float:
    """Return the operations of one training step, in 10⁹ per image: products and sums, forward and backward."""
    counter = FlopCounterMode(display=False)
    with counter:
        functional.cross_entropy(network.train()(data.x_train[:batch], 0), data.y_train[:batch]).backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops()) / batch / 1e9
