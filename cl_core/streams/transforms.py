"""Transforms of a task's images: none, permuted pixels, noise, swapped colours with blur and rotation, quarter turns."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]


class Transform(Protocol):
    """A fixed change of images; the same image of the data set always comes out the same."""

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` (n, H, W[, 3]) changed; `numbers` (n,) identify them within the data set."""
        ...

    def describe(self) -> str:
        """Say in a few words what is done."""
        ...


@dataclass(frozen=True)
class Unchanged:
    """Leaves images as they are."""

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` themselves."""
        return images

    def describe(self) -> str:
        """Say that nothing is done."""
        return "unchanged"


@dataclass(frozen=True, eq=False)
class Permuted:
    """Moves pixels: place i of the flattened image takes the pixel from place `places[i]`, all channels together."""

    places: NDArray[np.int64]

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` with their pixels permuted."""
        flat = images.reshape(len(images), self.places.size, -1)
        return flat[:, self.places].reshape(images.shape)

    def describe(self) -> str:
        """Say that pixels are permuted."""
        return "pixels permuted"


@dataclass(frozen=True)
class Noisy:
    """Adds Gaussian noise of standard deviation `deviation` (grey levels of 0 to 255), then rounds and clips.

    The noise of an image depends on `key` (two 64-bit integers) and the image's number alone: not on which other
    images are asked for, and only in its scale on `deviation`.
    """

    deviation: float
    key: tuple[int, int]

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` with noise; themselves where `deviation` is 0."""
        if self.deviation == 0:
            return images
        noisy = np.empty_like(images)
        for image, number, out in zip(images, numbers, noisy, strict=True):
            noise = self._noise(int(number), image.shape)
            out[...] = np.clip(np.rint(image + np.float32(self.deviation) * noise), 0, 255)
        return noisy

    def _noise(self, number: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        # The image's number stands in the counter's second word; the generator itself counts in the first.
        stream = np.random.Philox(key=np.array(self.key, np.uint64), counter=[0, number, 0, 0])
        return np.random.Generator(stream).standard_normal(shape, dtype=np.float32)

    def describe(self) -> str:
        """Say how strong the noise is."""
        return f"noise of standard deviation {self.deviation:g} grey levels"


@dataclass(frozen=True)
class Distorted:
    """Swaps red and blue, then blurs, then turns images counter-clockwise; what lies outside repeats the edge.

    `blur` is the standard deviation of a Gaussian in pixels and `angle` is in degrees, 0 for none. Grey images have no
    colours to swap.
    """

    swap: bool
    blur: float
    angle: float

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` distorted."""
        distorted = np.empty_like(images)
        for start in range(0, len(images), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            values = (images[some, ..., ::-1] if self.swap and images.ndim == 4 else images[some]).astype(np.float64)
            distorted[some] = np.clip(np.rint(_rotate(_blur(values, self.blur), self.angle)), 0, 255)
        return distorted

    def describe(self) -> str:
        """Say what is done, and how much of it."""
        done = ["red and blue swapped"] if self.swap else []
        done += [f"blurred by {self.blur:g} pixels"] if self.blur else []
        done += [f"turned by {self.angle:g}°"] if self.angle else []
        return ", ".join(done) or "unchanged"


_AT_ONCE = 500
"""Images that are distorted together: in floating point they take eight times their memory."""


def _blur(values: NDArray[np.float64], deviation: float) -> NDArray[np.float64]:
    """Return images (n, H, W[, 3]) under a Gaussian of `deviation` pixels, cut off at three of them."""
    if deviation == 0:
        return values
    reach = int(np.ceil(3 * deviation))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        size = values.shape[axis]
        edges = [(reach, reach) if place == axis else (0, 0) for place in range(values.ndim)]
        padded = np.pad(values, edges, mode="edge")
        shifted: list[Any] = [np.take(padded, range(shift, shift + size), axis) for shift in range(2 * reach + 1)]
        values = sum(weight * part for weight, part in zip(weights, shifted, strict=True))
    return values


def _rotate(values: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """Return square images (n, H, H[, 3]) turned about their centre, between the four nearest pixels."""
    if degrees == 0:
        return values
    size = values.shape[1]
    places = np.arange(size) - (size - 1) / 2
    y, x = np.meshgrid(places, places, indexing="ij")
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    row, column = (
        np.clip(coordinate + (size - 1) / 2, 0, size - 1)
        for coordinate in (x * sine + y * cosine, x * cosine - y * sine)
    )
    top, left = (np.minimum(np.floor(coordinate).astype(int), size - 2) for coordinate in (row, column))
    down, right = (
        (coordinate - base).reshape(size, size, *[1] * (values.ndim - 3))
        for coordinate, base in ((row, top), (column, left))
    )
    upper = (1 - right) * values[:, top, left] + right * values[:, top, left + 1]
    lower = (1 - right) * values[:, top + 1, left] + right * values[:, top + 1, left + 1]
    turned: NDArray[np.float64] = (1 - down) * upper + down * lower
    return turned


@dataclass(frozen=True)
class Turned:
    """Turns square images by `quarters` quarter turns, counter-clockwise."""

    quarters: int

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` turned."""
        return np.ascontiguousarray(np.rot90(images, self.quarters, axes=(1, 2)))

    def describe(self) -> str:
        """Say by how much images are turned."""
        return f"turned by {90 * self.quarters}°" if self.quarters else "unchanged"
