"""Networks as ordered lists of blocks with one head per task.

A block is the unit that may move or stand still. The ResNet has nine: a stem of one convolution and eight residual
blocks in four groups, the shape of a ResNet-18 (paper, experiments; second-hand). The MLP has one per hidden layer.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.learners.recipe import NetworkSpec

__all__ = ["Network", "NetworkSpec", "block_parameters", "build_network"]

_GROUPS = 4
_BLOCKS_IN_GROUP = 2
_MOST_NORM_GROUPS = 8
_DENSE_UP_TO = 2
_TAPS = {
    side: torch.tensor(
        [
            3 * (row - to_row + 1) + column - to_column + 1
            for to_row, to_column, row, column in product(range(side), repeat=4)
        ]
    )
    for side in range(1, _DENSE_UP_TO + 1)
}
"""For images of each side, the tap of a 3×3 convolution that joins each pair of pixels: to which, from which."""


class Network(nn.Module):
    """`blocks`, shared by all tasks and in order, and `heads`, one per task, or a single one that all tasks share.

    `first_moved` is the first block that the last training could move; what lies before it is worth remembering.
    """

    blocks: nn.ModuleList
    heads: nn.ModuleList
    first_moved: int

    def __init__(self, blocks: Sequence[nn.Module], heads: Sequence[nn.Linear]) -> None:
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
        pooled = features.mean(dim=(2, 3)) if features.ndim == 4 else features
        output: Tensor = self.head(task)(pooled)
        return output

    def forward(self, x: Tensor, task: int) -> Tensor:
        """Return the outputs (n, classes) of the head of `task` for images `x` (n, channels, H, W)."""
        return self.logits(self.features(x), task)

    def head(self, task: int) -> nn.Module:
        """Return the head of `task`, counted from 0. Raises IndexError where there is none."""
        if not 0 <= task < len(self.heads) and len(self.heads) > 1:
            raise IndexError(f"task {task} has no head; the network was built for tasks 0 to {len(self.heads) - 1}")
        return self.heads[task if len(self.heads) > 1 else 0]


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
            blocks, outputs = _resnet_blocks(spec, channels)
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


def block_parameters(network: Network) -> tuple[int, ...]:
    """Return the number of parameters of each shared block, in order."""
    return tuple(sum(parameter.numel() for parameter in block.parameters()) for block in network.blocks)


class _Convolution(nn.Conv2d):
    """A convolution without bias that keeps the image's size, up to its stride."""

    def __init__(self, inputs: int, outputs: int, *, size: int, stride: int) -> None:
        super().__init__(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)
        self.dense_up_to = _DENSE_UP_TO if size == 3 and stride == 1 else 0

    def forward(self, x: Tensor) -> Tensor:
        # On so small an image a CPU spends most of a step on this weight's gradient, unless it is a matrix's.
        if x.shape[2] == x.shape[3] <= self.dense_up_to and x.device.type == "cpu":
            return _dense_convolution(x, self.weight)
        return super().forward(x)


def _dense_convolution(x: Tensor, weight: Tensor) -> Tensor:
    """Return the 3×3 convolution of images (n, inputs, side, side), as one matrix from all pixels to all pixels.

    Row by row the matrix holds, for each pair of pixels, the tap that joins them; at side 2 every pair has one.
    """
    images, inputs, side, _ = x.shape
    pixels, outputs = side * side, weight.shape[0]
    taps = weight.permute(0, 2, 3, 1).reshape(outputs, 9, inputs).index_select(1, _TAPS[side])
    matrix = taps.view(outputs * pixels, pixels * inputs)
    flat = functional.linear(x.permute(0, 2, 3, 1).reshape(images, pixels * inputs), matrix)
    return flat.view(images, outputs, side, side).contiguous(memory_format=torch.channels_last)


class _Stem(nn.Module):
    """One convolution, normalised and rectified."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, norm: str) -> None:
        super().__init__()
        self.convolution = _Convolution(inputs, outputs, size=3, stride=stride)
        self.norm = _normalisation(norm, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(x)), inplace=True)


class _Residual(nn.Module):
    """Two convolutions beside a shortcut: the identity, or a 1×1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, norm: str) -> None:
        super().__init__()
        self.convolution1 = _Convolution(inputs, outputs, size=3, stride=stride)
        self.norm1 = _normalisation(norm, outputs)
        self.convolution2 = _Convolution(outputs, outputs, size=3, stride=1)
        self.norm2 = _normalisation(norm, outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else _Shortcut(inputs, outputs, stride=stride, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.norm1(self.convolution1(x)), inplace=True)
        return functional.relu(self.norm2(self.convolution2(inner)) + self.shortcut(x), inplace=True)


class _Shortcut(nn.Module):
    """A 1×1 convolution of every `stride`-th pixel, normalised."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, norm: str) -> None:
        super().__init__()
        self.stride = stride
        self.convolution = _Convolution(inputs, outputs, size=1, stride=1)
        self.norm = _normalisation(norm, outputs)

    def forward(self, x: Tensor) -> Tensor:
        # Not by the convolution's own stride: with few channels, its weight gradient writes past its memory on a CPU
        # (oneDNN issue 6035).
        output: Tensor = self.norm(self.convolution(x[:, :, :: self.stride, :: self.stride]))
        return output


class _Hidden(nn.Module):
    """One fully connected layer, rectified; images are flattened on the way in."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.linear(x.flatten(1)), inplace=True)


def _resnet_blocks(spec: NetworkSpec, channels: int) -> tuple[list[nn.Module], int]:
    width = spec.width
    blocks: list[nn.Module] = [_Stem(channels, width, stride=spec.stem_stride, norm=spec.norm)]
    for group in range(_GROUPS):
        for place in range(_BLOCKS_IN_GROUP):
            inputs, width = width, spec.width * 2**group
            stride = 2 if group > 0 and place == 0 else 1
            blocks.append(_Residual(inputs, width, stride=stride, norm=spec.norm))
    return blocks, width


def _mlp_blocks(spec: NetworkSpec, inputs: int) -> tuple[list[nn.Module], int]:
    sizes = [inputs, *[spec.width] * spec.depth]
    return [_Hidden(size, spec.width) for size in sizes[:-1]], spec.width


def _normalisation(norm: str, channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(math.gcd(channels, _MOST_NORM_GROUPS), channels)


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
