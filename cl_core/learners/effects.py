"""What an update does besides how many parameters it moves and how far: curvature along it, and drift of the function.

Both are read from held-out images when an update is over, and change nothing: no draw, no weight, no statistic. The cost
is one product with a Hessian for each earlier task, on a few images, so that it grows with the square of the tasks.
Source: book, chapter "How much of the way".
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from cl_core.learners.curvature import flatten_parameters, hessian_vector_product, make_loss_function
from cl_core.learners.evaluation import features_of
from cl_core.learners.networks import Network

IMAGES = 100
"""Held-out images of a task that are looked at, evenly spaced among them all."""


@dataclass(frozen=True)
class Effects:
    """What an update did, in nats, each a mean over the earlier tasks.

    `curvature` is ½ΔᵀHΔ, with H the Hessian of an earlier task's mean loss before the update; `drift` is the KL divergence
    of an earlier head's answers to the new task's images after the update from those before.
    """

    curvature: float
    drift: float


class EffectsWatch:
    """The network as it was before an update, and the images that tell what the update does: see :class:`Effects`.

    `earlier` are the held-out images and labels of the tasks before, one or more; `new` the images of the one to come.
    H is over all shared blocks, with running statistics as they were; Δ is their change, statistics apart.
    """

    def __init__(self, network: Network, earlier: Sequence[tuple[Tensor, Tensor]], new: Tensor) -> None:
        self._before = copy.deepcopy(network).eval()
        self._earlier = [(_thin(x), _thin(y)) for x, y in earlier]
        self._new = _thin(new)

    def compare(self, network: Network) -> Effects:
        """Return what the update has done that led from the network as it was to `network`."""
        every, tasks = range(len(network.blocks)), range(len(self._earlier))
        begun = flatten_parameters(self._before, every)
        update = flatten_parameters(network, every) - begun
        curved = []
        for task, (x, y) in enumerate(self._earlier):
            loss = make_loss_function(self._before, x, y, task, every)
            curved.append(0.5 * float(update @ hessian_vector_product(loss, begun, update)) if update.any() else 0.0)
        before, after = (features_of(each.eval(), self._new) for each in (self._before, network))
        with torch.no_grad():
            drifts = [
                float(
                    functional.kl_div(
                        functional.log_softmax(network.logits(after, task).double(), dim=1),
                        functional.log_softmax(self._before.logits(before, task).double(), dim=1),
                        reduction="batchmean",
                        log_target=True,
                    )
                )
                for task in tasks
            ]
        return Effects(sum(curved) / len(tasks), sum(drifts) / len(tasks))


def logits_change(before: Tensor, after: Tensor) -> float:
    """Return how far outputs (n, classes) of the same images moved, relative to their size before.

    Each image's mean over classes is taken out first, as it does not change a softmax: ‖after − before‖ / ‖before‖,
    Frobenius norms; NaN where the outputs before are constant.
    """
    centred, moved = (outputs.double() - outputs.double().mean(dim=1, keepdim=True) for outputs in (before, after))
    size = float(torch.linalg.vector_norm(centred))
    return float(torch.linalg.vector_norm(moved - centred)) / size if size > 0 else float("nan")


def _thin(images: Tensor) -> Tensor:
    """Return at most IMAGES rows, evenly spaced."""
    count = min(len(images), IMAGES)
    return images[torch.arange(count, device=images.device) * len(images) // count]
