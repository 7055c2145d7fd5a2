"""A gradient that is taken the same way at every step, recorded once as a CUDA graph and replayed on a GPU.

A narrow network spends most of a step on starting its small kernels one by one; a replay starts them all at once. The
kernels and their order are the same, and so are the numbers.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cl_core.learners.networks import Network
from cl_core.learners.tensors import choose_arithmetic

_REPEATING = (nn.Conv2d, nn.BatchNorm2d, nn.GroupNorm, nn.Linear, nn.Identity, nn.ModuleList)
_OURS = "cl_core.learners."

ValueOf = Callable[[Tensor, Tensor], Tensor]
"""The mean loss, a scalar, of a minibatch's images and labels."""


def record_gradient(
    value_of: ValueOf, parameters: Sequence[Tensor], buffers: Sequence[Tensor], images: Tensor, labels: Tensor
) -> ValueOf:
    """Return what takes the gradient of `value_of` for a minibatch of the shape of `images` and `labels`.

    It returns the loss, and leaves the gradient in the `.grad` of `parameters`, until it is called again. `buffers` are
    what `value_of` changes, such as running statistics; recording leaves them as they were. Needs a GPU.
    """
    own_images, own_labels = images.clone(), labels.clone()
    held = [buffer.clone() for buffer in buffers]
    # Libraries choose and load their kernels when these are first asked for, which cannot be recorded.
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        value_of(own_images, own_labels).backward()  # type: ignore[no-untyped-call]
    torch.cuda.current_stream().wait_stream(aside)
    with torch.no_grad():
        for buffer, old in zip(buffers, held, strict=True):
            buffer.copy_(old)
    for parameter in parameters:
        parameter.grad = None
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        value = value_of(own_images, own_labels)
        value.backward()  # type: ignore[no-untyped-call]
    loss, gradients = value.detach(), [parameter.grad for parameter in parameters]

    def take(images: Tensor, labels: Tensor) -> Tensor:
        own_images.copy_(images)
        own_labels.copy_(labels)
        graph.replay()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return loss

    return take


def repeats(network: Network) -> bool:
    """Return whether each forward pass of `network` does the same operations, as those of our own blocks do."""
    return all(type(module) in _REPEATING or type(module).__module__.startswith(_OURS) for module in network.modules())


def replay_gradient(
    network: Network, select: Callable[[Tensor], Tensor], y: Tensor, task: int, precision: str, entry: int
) -> Callable[[Tensor], Tensor] | None:
    """Return what takes the gradient of the cross-entropy for a minibatch of positions, recorded at the first.

    `select` returns the images at positions, or what goes into block `entry`; `y` are all labels. Returns None for a
    network that may not repeat itself.
    """
    if not repeats(network):
        return None
    recorded: ValueOf | None = None
    moving = [parameter for parameter in network.parameters() if parameter.requires_grad]

    def value_of(images: Tensor, labels: Tensor) -> Tensor:
        with choose_arithmetic(precision, images.device):
            return functional.cross_entropy(network.logits(network.features(images, entry), task), labels)

    def take(chosen: Tensor) -> Tensor:
        nonlocal recorded
        images, labels = select(chosen), y[chosen]
        if recorded is None:
            recorded = record_gradient(value_of, moving, list(network.buffers()), images, labels)
        return recorded(images, labels)

    return take
