"""Networks as ordered lists of blocks with one head per task.

A block is the unit that may move or stand still. The ResNet has nine: a stem of one convolution and eight residual
blocks in four groups, the shape of a ResNet-18 (paper, Section V). The MLP has one per hidden layer.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.learners.recipe import NetworkSpec
from cl_core.torch.holding import Block, group_blocks

__all__ = ["Network", "NetworkSpec", "block_parameters", "build_network", "list_blocks"]


class Network(nn.Module):
    """`blocks`, shared by all tasks and in order, and `heads`, one per task, or a single one that all tasks share.

    `first_moved` is the first block that the last training could move; what lies before it is worth remembering.
    """

    blocks: nn.ModuleList
    heads: nn.ModuleList
    first_moved: int

    def __init__(self, blocks: Sequence[nn.Module], heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.heads = nn.ModuleList(heads)
        self.first_moved = 0

    def features(self, x: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """Return what comes out of blocks `start` to `stop` (exclusive; None: all) when `x` goes in at block `start`."""
        for block in self.blocks[start:stop]:
            x = block(x)
        return x

    def logits(self, features: Tensor, task: int) -> Tensor:
        """Return the outputs (n, classes) of the head of `task` on the last block's features, averaged over space."""
        output: Tensor = self.head(task)(pool(features))
        return output

    def forward(self, x: Tensor, task: int) -> Tensor:
        """Return the outputs (n, classes) of the head of `task` for images `x` (n, channels, H, W)."""
        return self.logits(self.features(x), task)

    def head(self, task: int) -> nn.Module:
        """Return the head of `task`, counted from 0. Raises IndexError where there is none."""
        if not 0 <= task < len(self.heads) and len(self.heads) > 1:
            raise IndexError(f"task {task} has no head; the network was built for tasks 0 to {len(self.heads) - 1}")
        return self.heads[task if len(self.heads) > 1 else 0]


def pool(features: Tensor) -> Tensor:
    """Return features (n, width), averaged over space where they have it; raises ValueError for any other shape."""
    if features.ndim not in (2, 4):
        raise ValueError(f"features of shape {tuple(features.shape)} leave the last block; let it pool to (n, width)")
    return features.mean(dim=(2, 3)) if features.ndim == 4 else features


def require_network(network: object) -> None:
    """Raise TypeError for a model that is no Network."""
    if not isinstance(network, Network):
        raise TypeError(
            f"{type(network).__name__} is no Network; a model of your own trains with cl_core.torch.Movable"
        )


def build_network(
    spec: NetworkSpec,
    *,
    tasks: int,
    classes: int,
    image_shape: tuple[int, ...],
    seed: int,
    dtype: torch.dtype = torch.float32,
) -> Network:
    """Return the untrained network of `spec` for `tasks` tasks of `classes` classes, in eval mode.

    `image_shape` is (H, W) or (H, W, channels). Weights are normal with He's variance, heads normal with variance
    1/inputs, biases zero; each block and each head draws from a stream of its own, named by `seed`, and the draws do
    not depend on `dtype`. Raises ValueError for sizes that do not fit.
    """
    if tasks < 1 or classes < 2:
        raise ValueError(f"tasks = {tasks}, classes = {classes} do not fit; give at least 1 task of at least 2 classes")
    if len(image_shape) not in (2, 3):
        raise ValueError(f"image_shape = {image_shape} does not fit; give (H, W) or (H, W, channels)")
    channels = image_shape[2] if len(image_shape) == 3 else 1
    # Layers draw their own first weights from torch's global stream; leave that as it was.
    with torch.random.fork_rng(devices=[]):
        if spec.kind == "resnet":
            from cl_core.learners.resnet import build_resnet_blocks

            blocks, outputs = build_resnet_blocks(spec, channels)
        else:
            blocks, outputs = _mlp_blocks(spec, math.prod(image_shape))
        heads = [nn.Linear(outputs, classes) for _ in range(1 if spec.shared_head else tasks)]
    network = Network(blocks, heads).to(dtype)
    for number, block in enumerate(blocks):
        _draw_weights(block, gain=2.0, draws=generator(seed, number, Purpose.BLOCKS))
    for number, head in enumerate(heads):
        _draw_weights(head, gain=1.0, draws=generator(seed, number, Purpose.HEAD))
    # nn.Module.to takes memory_format, its signature in the stubs does not.
    layout: Network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return layout.eval()


def list_blocks(network: Network) -> list[Block]:
    """Return the shared blocks with their parameters, in order; a weight tied between two blocks is the first's own."""
    return group_blocks([block] for block in network.blocks)


def block_parameters(network: Network) -> tuple[int, ...]:
    """Return the number of parameters of each shared block, in order, tied weights counted once."""
    return tuple(sum(parameter.numel() for parameter in block.own) for block in list_blocks(network))


class _Hidden(nn.Module):
    """One fully connected layer, rectified; images are flattened on the way in."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.linear(x.flatten(1)), inplace=True)


def _mlp_blocks(spec: NetworkSpec, inputs: int) -> tuple[list[nn.Module], int]:
    sizes = [inputs, *[spec.width] * spec.depth]
    return [_Hidden(size, spec.width) for size in sizes[:-1]], spec.width


def _draw_weights(module: nn.Module, *, gain: float, draws: np.random.Generator) -> None:
    """Draw the weights of all convolutions and linear layers: normal, variance `gain` / inputs; biases zero."""
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                inputs = layer.weight[0].numel()
                weights = draws.standard_normal(tuple(layer.weight.shape)) * math.sqrt(gain / inputs)
                layer.weight.copy_(torch.from_numpy(weights))
                if layer.bias is not None:
                    layer.bias.zero_()
