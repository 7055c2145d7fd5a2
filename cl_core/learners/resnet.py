"""The blocks of the ResNet: a stem of one convolution and eight residual blocks in four groups.

Source: paper, Section V-B (nine blocks).
"""

import math
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from cl_core.learners.recipe import NetworkSpec

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


def build_resnet_blocks(spec: NetworkSpec, channels: int) -> tuple[list[nn.Module], int]:
    """Return the nine blocks for images of so many channels, in order, and the number of channels that they end in."""
    width = spec.width
    blocks: list[nn.Module] = [_Stem(channels, width, stride=spec.stem_stride, norm=spec.norm)]
    for group in range(_GROUPS):
        for place in range(_BLOCKS_IN_GROUP):
            inputs, width = width, spec.width * 2**group
            stride = 2 if group > 0 and place == 0 else 1
            blocks.append(_Residual(inputs, width, stride=stride, norm=spec.norm))
    return blocks, width


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


def _normalisation(norm: str, channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.GroupNorm(math.gcd(channels, _MOST_NORM_GROUPS), channels)
