"""Changes of images: what one step of each does to images small enough to work out by hand."""

import numpy as np
import pytest

from cl_core.streams.transforms import Distorted

NUMBERS = np.arange(3)


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 5, 5, 3)])
def test_quarter_turns_are_exact(shape):
    images = noise(*shape)
    for quarters in range(4):
        turned = Distorted(swap=False, blur=0.0, angle=90.0 * quarters)(images, NUMBERS)
        np.testing.assert_array_equal(turned, np.rot90(images, quarters, axes=(1, 2)))


def test_a_turn_by_45_degrees_moves_a_middle_row_onto_the_diagonal():
    image = np.zeros((1, 5, 5), np.uint8)
    image[0, 2] = 200
    turned = Distorted(swap=False, blur=0.0, angle=45.0)(image, NUMBERS)[0]
    np.testing.assert_array_equal(np.diag(np.fliplr(turned)), [200] * 5)
    assert turned[0, 0] == turned[4, 4] == 0


def test_a_blur_spreads_one_point_as_a_gaussian_and_keeps_the_sum():
    image = np.zeros((1, 9, 9), np.uint8)
    image[0, 4, 4] = 255
    blurred = Distorted(swap=False, blur=1.0, angle=0.0)(image, NUMBERS)[0].astype(int)
    np.testing.assert_array_equal(blurred, blurred.T)
    # 255 / (2 pi) at the centre, a factor exp(-1/2) a step: 40.6, 24.6, 14.9.
    assert (blurred[4, 4], blurred[4, 5], blurred[5, 5]) == (41, 25, 15)
    assert abs(blurred.sum() - 255) < 10


def test_an_even_image_stays_even_under_blur_and_rotation():
    even = np.full((2, 6, 6, 3), 77, np.uint8)
    np.testing.assert_array_equal(Distorted(swap=True, blur=1.5, angle=20.0)(even, NUMBERS), even)


def test_colours_are_swapped_and_grey_images_have_none():
    images = noise(3, 4, 4, 3)
    swap = Distorted(swap=True, blur=0.0, angle=0.0)
    np.testing.assert_array_equal(swap(images, NUMBERS), images[..., [2, 1, 0]])
    np.testing.assert_array_equal(swap(images[..., 0], NUMBERS), images[..., 0])


def test_an_image_comes_out_the_same_whatever_is_asked_for_with_it():
    images = noise(1001, 4, 4)
    distort = Distorted(swap=False, blur=0.7, angle=33.0)
    np.testing.assert_array_equal(distort(images, NUMBERS)[1000], distort(images[1000:], NUMBERS)[0])
    assert Distorted(swap=False, blur=0.0, angle=0.0).describe() == "unchanged"
