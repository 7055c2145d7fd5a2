"""Augmentation: a minibatch's images, mirrored by chance and shifted a little, so that no pass sees the same ones."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SHIFT = 8
"""Images are shifted by at most one part in so many of their width, in both directions: four pixels of 32."""


def flip_and_crop(images: Tensor, draws: np.random.Generator) -> Tensor:
    """Return `images` (n, channels, H, W), each mirrored with probability 1/2 and shifted, in the layout channels last.

    Shifts are whole pixels, every one as likely; what comes in from outside is 0, the mean of normalised images.
    """
    count, _, height, width = images.shape
    reach = width // SHIFT
    shifts = draws.integers(0, 2 * reach, (2, count), endpoint=True)
    mirrored = draws.integers(0, 2, count).astype(bool)
    rows = shifts[0][:, None] + np.arange(height)
    columns = shifts[1][:, None] + np.where(mirrored[:, None], np.arange(width)[::-1], np.arange(width))
    padded = functional.pad(images, (reach, reach, reach, reach)).permute(0, 2, 3, 1)
    own = torch.arange(count, device=images.device)[:, None, None]
    place = (torch.from_numpy(each).to(images.device) for each in (rows[:, :, None], columns[:, None, :]))
    return padded[(own, *place)].permute(0, 3, 1, 2)
