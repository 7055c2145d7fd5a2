from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cl_core.learners.tensors import TaskData, prepare, require_labels, select_rows, split_by_class

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
    chosen = select_rows(x, positions)
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


def test_own_images_become_tasks_of_equally_many_classes():
    labels = np.repeat([3, 5, 8, 9], 10)
    images = np.arange(40 * 4.0).reshape(40, 2, 2)
    first, second = split_by_class(images, labels, tasks=2)
    assert [tuple(part.x_train.shape) for part in (first, second)] == [(16, 1, 2, 2)] * 2
    assert first.y_train.tolist() == second.y_train.tolist() == [0] * 8 + [1] * 8
    assert first.y_eval.tolist() == second.y_eval.tolist() == [0] * 2 + [1] * 2
    pixels = torch.cat([first.x_train, second.x_train])
    assert (abs(pixels.mean()), pixels.std(correction=0)) == pytest.approx((0, 1), abs=1e-6)
    # The last fifth of each class is held out, and nothing of it is trained on.
    trained = np.concatenate([images[start : start + 8] for start in range(0, 40, 10)])
    assert second.x_train[3, 0].numpy() == pytest.approx((images[23] - trained.mean()) / trained.std())
    assert second.x_eval[3, 0].numpy() == pytest.approx((images[39] - trained.mean()) / trained.std())


def test_own_images_in_any_order_and_with_channels():
    draws = np.random.default_rng(0)
    images, labels = draws.normal(size=(60, 3, 3, 2)), draws.permutation(np.repeat(["a", "b"], 30))
    (task,) = split_by_class(images, labels, tasks=1, held_out=0.5, dtype=torch.float64)
    assert task.x_train.shape == task.x_eval.shape == (30, 2, 3, 3)
    assert task.y_train.bincount().tolist() == [15, 15]
    assert task.x_train.mean(dim=(0, 2, 3)).tolist() == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("shape", "classes", "given", "said"),
    [
        ((8, 4), 4, {"tasks": 2}, r"images \(8, 4\), labels \(8,\) do not fit"),
        ((9, 2, 2), 4, {"tasks": 2}, r"images \(9, 2, 2\), labels \(8,\) do not fit"),
        ((8, 2, 2), 4, {"tasks": 3}, "tasks = 3 does not fit 4 classes"),
        ((8, 2, 2), 4, {"tasks": 4}, "tasks = 4 does not fit 4 classes"),
        ((8, 2, 2), 4, {"tasks": 0}, "tasks = 0 does not fit 4 classes"),
        ((8, 2, 2), 4, {"tasks": 2, "held_out": 1}, "held_out = 1 does not fit"),
        ((8, 2, 2), 4, {"tasks": 2}, "held_out = 0.2 does not fit 2 images of a class"),
        ((8, 2, 2), 4, {"tasks": 2, "held_out": 0.8}, "held_out = 0.8 does not fit 2 images of a class"),
        (
            (8, 3, 4, 4),
            4,
            {"tasks": 2, "held_out": 0.5},
            r"images \(8, 3, 4, 4\), labels \(8,\) do not fit; give \(n, H, W",
        ),
    ],
)
def test_own_images_that_do_not_fit_say_why(shape, classes, given, said):
    with pytest.raises(ValueError, match=said):
        split_by_class(np.zeros(shape), np.arange(8) % classes, **given)


def test_own_images_that_are_not_finite_are_an_error():
    images = np.ones((8, 2, 2))
    images[3, 0, 1] = np.nan
    for given in (images, np.where(np.isnan(images), 1e300, images)):
        with pytest.raises(ValueError, match=r"images hold a value that is not finite in torch\.float32"):
            split_by_class(given, np.arange(8) % 2, tasks=1, held_out=0.5)


@pytest.mark.parametrize(
    ("labels", "precision", "said"),
    [
        (torch.zeros(4, dtype=torch.int32), "float32", r"targets \(4,\) in torch.int32 are no labels"),
        (torch.zeros(4, 1, dtype=torch.int64), "float32", r"targets \(4, 1\) in torch.int64 are no labels"),
        (torch.tensor([0, 1, -1, 0]), "float32", r"targets \(4,\) in torch.int64 are no labels, .* from 0 on"),
        (torch.tensor([0, 1, 1, 0]), "float64", "precision = 'float64' does not fit torch.float32"),
    ],
)
def test_labels_and_images_that_cannot_be_trained_on_say_why(labels, precision, said):
    x = torch.zeros(4, 1, 2, 2)
    with pytest.raises(ValueError, match=said):
        require_labels(TaskData(x, labels, x, labels), precision)
    require_labels(TaskData(x.double(), torch.tensor([0, 1, 1, 0]), x, labels), precision)


def test_tokens_have_no_precision_and_a_loss_of_ones_own_may_have_labels_of_its_own():
    tokens, signs = torch.zeros(4, 5, dtype=torch.int64), torch.tensor([-1, 1, 1, -1])
    require_labels(TaskData(tokens, signs > 0, tokens, signs > 0), "float64", torch.nn.functional.mse_loss)
    require_labels(TaskData(tokens, signs, tokens, signs), "float32", torch.nn.functional.mse_loss)
    require_labels(TaskData(tokens, (signs > 0).long(), tokens, signs), "float64")
    with pytest.raises(ValueError, match="are no labels"):
        require_labels(TaskData(tokens, signs.float(), tokens, signs), "float32", torch.nn.functional.mse_loss)
