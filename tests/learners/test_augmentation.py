"""Augmentation: whole pixels move, by what the generator says and nothing else."""

import numpy as np
import pytest
import torch

from cl_core.learners.augmentation import flip_and_crop


class Draws:
    """Gives out shifts and mirrorings decided beforehand."""

    def __init__(self, down, right, mirrored):
        self._given = [np.array([down, right]), np.array(mirrored)]

    def integers(self, *_, **__):
        return self._given.pop(0)


@pytest.fixture
def images():
    return torch.arange(2 * 3 * 8 * 8, dtype=torch.float32).reshape(2, 3, 8, 8) + 1


def test_the_middle_place_without_a_mirror_changes_nothing(images):
    out = flip_and_crop(images, Draws([1, 1], [1, 1], [0, 0]))
    assert torch.equal(out, images)
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_each_image_is_shifted_and_mirrored_by_itself(images):
    out = flip_and_crop(images, Draws([0, 2], [1, 2], [1, 0]))
    assert torch.equal(out[0, :, 1:], images[0, :, :-1].flip(2))
    assert torch.equal(out[1, :, :-1, :-1], images[1, :, 1:, 1:])
    assert out[0, :, 0].count_nonzero() == out[1, :, -1].count_nonzero() == out[1, :, :, -1].count_nonzero() == 0


def test_every_shift_and_both_sides_occur_equally_often():
    images = torch.zeros(6000, 1, 16, 16)
    images[:, 0, 8, 8] = 1.0
    out = flip_and_crop(images, np.random.default_rng(3))
    found = torch.nonzero(out[:, 0])[:, 1:].numpy()
    rows, columns = np.bincount(found[:, 0]), np.bincount(found[:, 1])
    # Up to two pixels each way; mirrored, column 8 is column 7.
    assert set(np.flatnonzero(rows)) == {6, 7, 8, 9, 10}
    np.testing.assert_allclose(rows[6:11] / 6000, 0.2, atol=0.025)
    np.testing.assert_allclose(columns[5:11] / 6000, [0.1, 0.2, 0.2, 0.2, 0.2, 0.1], atol=0.025)


def test_the_same_generator_gives_the_same_images(images):
    one, two, other = (flip_and_crop(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
