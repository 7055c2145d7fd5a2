"""The measures of closeness, where the answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from cl_core.streams import Definition, stream
from cl_core.streams.similarity import compare_neighbours, find_principal_directions
from cl_core.streams.tasks import Task, build
from cl_core.streams.transforms import Unchanged


def task(data, positions, classes=(0, 1)):
    positions = np.asarray(positions)
    return Task(data, "test", tuple(classes), positions, positions[:1], Unchanged())


def test_the_same_task_twice_is_as_close_as_can_be(made):
    one = task(made(2, 40, 1), range(80))
    (closeness,) = compare_neighbours([one, one])
    assert (closeness.shared_classes, closeness.mean_distance) == (1.0, 0.0)
    assert closeness.subspace_similarity == pytest.approx(1.0)


def test_tasks_that_vary_in_other_pixels_have_orthogonal_directions(made):
    data = made(2, 40, 1, (8, 8))
    x = data.x_train.copy()
    x[:40, 4:], x[40:, :4] = 50, 50
    (closeness,) = compare_neighbours(
        [task(replace(data, x_train=x), range(40)), task(replace(data, x_train=x), range(40, 80))]
    )
    assert closeness.subspace_similarity == pytest.approx(0.0, abs=1e-9)


def test_the_mean_distance_is_in_grey_levels(made):
    data = made(2, 40, 1)
    x = data.x_train // 2
    brighter = replace(data, x_train=np.concatenate([x, x + 17]), y_train=np.tile(data.y_train, 2))
    (closeness,) = compare_neighbours([task(brighter, range(80)), task(brighter, range(80, 160))])
    assert closeness.mean_distance == pytest.approx(17.0)
    assert closeness.subspace_similarity == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("one", "other", "share"), [((0, 1), (1, 2), 0.5), ((0, 1), (2, 3), 0.0), ((0, 1), (1, 0), 1.0)]
)
def test_shared_classes(one, other, share, made):
    data = made(4, 5, 1)
    (closeness,) = compare_neighbours([task(data, range(20), one), task(data, range(20), other)])
    assert closeness.shared_classes == share


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (20, 20)])
def test_directions_are_those_of_the_singular_vectors(shape):
    centred = np.random.default_rng(0).standard_normal(shape)
    centred -= centred.mean(axis=0)
    found = find_principal_directions(centred)
    assert found.shape == (shape[1], 10)
    np.testing.assert_allclose(found.T @ found, np.eye(10), atol=1e-10)
    leading = np.linalg.svd(centred)[2][:10].T
    np.testing.assert_allclose(found @ found.T, leading @ leading.T, atol=1e-9)


def test_few_or_equal_images_give_fewer_directions():
    centred = np.zeros((6, 20))
    centred[0, 3], centred[1, 3] = 1.0, -1.0
    assert find_principal_directions(centred).shape == (20, 1)


@pytest.mark.parametrize("shape", [(6, 20), (20, 6)])
def test_equal_images_have_no_direction(shape):
    assert find_principal_directions(np.zeros(shape)).shape == (shape[1], 0)


@pytest.mark.parametrize("grey", [np.uint8(7), np.float32(0.1)])
@pytest.mark.parametrize("size", [(4, 4), (12, 12)])
def test_a_task_of_equal_images_is_like_another_such_task_and_orthogonal_to_any_other(grey, size, made):
    data = made(4, 20, 1, size)
    x = data.x_train.astype(grey.dtype)
    x[:40] = grey
    x[20:40] += 1
    one, other, varied = (
        task(replace(data, x_train=x), range(start, start + 20), classes)
        for start, classes in ((0, (0, 1)), (20, (1, 2)), (40, (2, 3)))
    )
    found = compare_neighbours([one, other, varied, one])
    assert [closeness.subspace_similarity for closeness in found] == [1.0, 0.0, 0.0]
    assert found[0].mean_distance == pytest.approx(1.0)


@pytest.mark.parametrize("seeds", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_closeness_rises_with_overlap_and_falls_with_noise(seeds: int):
    def mean(name, field, **overrides):
        return np.mean(
            [
                [getattr(c, field) for c in compare_neighbours(stream(name, seed, "test", **overrides).tasks)]
                for seed in range(seeds)
            ]
        )

    overlaps = [mean("digits-correlated", "subspace_similarity", overlap=overlap) for overlap in (0, 0.5, 1)]
    assert overlaps == sorted(overlaps)
    severities = [mean("digits-corrupted", "subspace_similarity", severity=severity) for severity in range(5)]
    assert severities == sorted(severities, reverse=True)
    assert mean("digits-permuted", "subspace_similarity") < mean("digits-split", "subspace_similarity")


def test_a_stream_of_one_task_has_no_neighbours(made):
    definition = Definition(name="m", dataset="m", kind="split", tasks=1, classes=2)
    assert compare_neighbours(build(definition, made(2, 9, 1), 0, "test")) == []
