"""What a new task does to an old one: copies, held statistics, and an expansion that is exact for a quadratic."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from cl_core.learners.arrival import arrive
from cl_core.learners.curvature import flatten_parameters, predict
from cl_core.learners.loss_along_update import (
    expansion_error,
    measure_activation_flips,
    measure_changes,
    measure_update_effect,
    predict_changes,
)
from cl_core.learners.training import train_task

SHARES = [0.0, 0.25, 1.0]


@pytest.fixture(params=["resnet", "mlp"])
def trained(request, make, recipe):
    network, data = make(request.param)
    train_task(network, data[0], 0, len(network.blocks), recipe, 1)
    return network, data


def examine(trained, recipe, magnitude, shares=SHARES):
    network, data = trained
    return measure_update_effect(
        network, data[0], data[1], task=1, magnitude=magnitude, recipe=recipe, seed=1, shares=shares
    )


def test_the_network_given_stays_as_it_is(trained, recipe, frozen_copy):
    network, _ = trained
    before = frozen_copy(network)
    examine(trained, recipe, 1)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("magnitude", [1, 3])
def test_it_measures_what_training_does(trained, recipe, magnitude):
    network, data = trained
    result = examine(trained, recipe, magnitude)
    start = functional.cross_entropy(network(data[0].x_train, 0), data[0].y_train).item()
    arrive(network, data[1], 1, recipe, 1)
    report = train_task(network, data[1], 1, magnitude, recipe, 1)
    end = functional.cross_entropy(network(data[0].x_train, 0), data[0].y_train).item()
    assert result.loss == pytest.approx(start)
    assert result.increase_with_bn_drift == pytest.approx(end - start)
    assert result.prediction.length == pytest.approx(np.linalg.norm(report.update_norms))
    assert result.parameters == sum(p.numel() for block in network.blocks[-magnitude:] for p in block.parameters())
    assert result.measured[0] == result.predicted[0] == 0
    assert result.measured[-1] == pytest.approx(result.prediction.increase)


def test_running_statistics_are_held_and_then_not(make, recipe):
    """The perceptron has none, so that both measurements are one; the ResNet's move."""
    for kind, same in (("mlp", True), ("resnet", False)):
        network, data = make(kind)
        train_task(network, data[0], 0, len(network.blocks), recipe, 1)
        result = examine((network, data), recipe, len(network.blocks))
        assert (result.increase_with_bn_drift == pytest.approx(result.prediction.increase, rel=1e-9)) is same


@given(
    curvatures=st.lists(st.floats(0.1, 9), min_size=2, max_size=5),
    length=st.floats(0.1, 3),
    share=st.floats(0.01, 1),
)
def test_the_expansion_of_a_quadratic_is_exact(curvatures, length, share):
    diagonal = torch.tensor(curvatures, dtype=torch.float64)
    before = torch.ones(len(curvatures), dtype=torch.float64)
    after = before + length

    def loss(vector):
        return 0.5 * (diagonal * vector**2).sum()

    prediction = predict(loss, before, after, seed=0)
    measured = measure_changes(loss, before, after, [share])
    assert measured == pytest.approx(predict_changes(prediction, [share]), rel=1e-9)
    assert expansion_error(measured, prediction, [share]) == pytest.approx([0], abs=1e-9)
    assert prediction.largest >= prediction.quadratic * (1 - 1e-9)


def test_the_error_is_relative_to_sizes_that_cannot_cancel():
    prediction = predict(
        lambda vector: (vector**3).sum() - vector.sum(),
        torch.zeros(2, dtype=torch.float64),
        torch.ones(2, dtype=torch.float64),
        seed=0,
    )
    assert (prediction.slope, prediction.quadratic) == (-2, 0)
    np.testing.assert_allclose(expansion_error([0.0, -0.75], prediction, [0.0, 0.5]), [np.nan, 0.25])


def test_switches_are_counted_one_by_one(make):
    """A bias so low that a unit is off for every image switches just that unit, from the share where it wins."""
    network, data = make("mlp", width=4)
    before = flatten_parameters(network, [2])
    on = (network.features(data[0].x_train) > 0).double().mean(dim=0)
    unit = int(on.argmax())
    after = before.clone()
    after[len(before) - 4 + unit] -= 1e6
    total = 3 * 4
    parts = measure_activation_flips(network, data[0].x_train, [2], before, after, [0.0, 1e-12, 1.0])
    np.testing.assert_allclose(parts, [0, 0, float(on[unit]) / total])
    assert torch.equal(flatten_parameters(network, [2]), before)


def test_switches_grow_from_none(trained, recipe):
    parts = examine(trained, recipe, 3).activation_flips
    assert parts[0] == 0
    assert 0 < parts[-1] < 1


def test_wrong_arguments(trained, recipe):
    with pytest.raises(ValueError, match="nothing is forgotten"):
        examine(trained, recipe, 0)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        examine(trained, recipe, 1, shares=[1.5])
    with pytest.raises(ValueError, match="blocks"):
        examine(trained, recipe, 99)
