from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cl_core.learners.tensors import prepare, rows

CHANNELS_LAST = torch.channels_last


def images_of(x):
    y = np.zeros(len(x), dtype=np.uint8)
    return SimpleNamespace(x_train=x, y_train=y, x_eval=x[:2], y_eval=y[:2])


def test_values_are_normalised_per_channel():
    x = np.zeros((2, 3, 4, 3), dtype=np.uint8)
    x[1, 2, 3] = (10, 20, 255)
    data = prepare(images_of(x), [10.0, 0.0, 5.0], [1.0, 2.0, 5.0], torch.float64)
    assert data.x_train.shape == (2, 3, 3, 4)
    assert data.x_train[1, :, 2, 3].tolist() == [0.0, 10.0, 50.0]
    assert data.x_train[0, :, 0, 0].tolist() == [-10.0, 0.0, -1.0]
    assert data.x_train.is_contiguous(memory_format=CHANNELS_LAST)
    assert data.y_train.dtype == torch.int64
    assert len(data.x_eval) == 2


def test_turned_and_read_only_images_are_taken_as_they_are():
    x = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    turned = np.rot90(x, axes=(1, 2))
    turned.flags.writeable = False
    data = prepare(images_of(turned), [0.0], [1.0], torch.float32)
    assert data.x_train.dtype == torch.float32
    assert np.array_equal(data.x_train[:, 0].numpy(), turned)


@pytest.mark.parametrize("shape", [(9,), (4, 3, 2, 2), (5, 4, 1, 1), (5, 1, 3, 3)])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_rows_are_what_indexing_gives(shape, layout):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    if len(shape) == 4 and layout == "channels_last":
        x = x.contiguous(memory_format=CHANNELS_LAST)
    positions = torch.tensor([3, 0, 3, 1])
    chosen = rows(x, positions)
    assert torch.equal(chosen, x[positions])
    if len(shape) == 4:
        assert chosen.is_contiguous(memory_format=CHANNELS_LAST)


@pytest.mark.parametrize(
    ("mean", "std", "words"),
    [([1.0, 2.0], [1.0], "mean has 2"), ([1.0], [0.0], "std = "), ([1.0], [1.0, 1.0], "std has 2")],
)
def test_statistics_that_do_not_fit_are_errors(mean, std, words):
    with pytest.raises(ValueError, match=words):
        prepare(images_of(np.zeros((2, 3, 4, 3), dtype=np.uint8)), mean, std, torch.float32)
