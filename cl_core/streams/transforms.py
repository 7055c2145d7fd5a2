"""Transforms of a task's images: none, permuted pixels, noise, quarter turns."""

from dataclasses import dataclass
from typing import Protocol

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
class Turned:
    """Turns square images by `quarters` quarter turns, counter-clockwise."""

    quarters: int

    def __call__(self, images: Images, numbers: NDArray[np.int64]) -> Images:
        """Return `images` turned."""
        return np.ascontiguousarray(np.rot90(images, self.quarters, axes=(1, 2)))

    def describe(self) -> str:
        """Say by how much images are turned."""
        return f"turned by {90 * self.quarters}°" if self.quarters else "unchanged"
