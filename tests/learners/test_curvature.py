"""Curvature from products alone, against the dense Hessian of a network small enough to have one."""

import pytest
import torch

from cl_core.learners.curvature import (
    flatten_parameters,
    hessian_vector_product,
    largest_eigenvalue,
    make_loss_function,
    predict,
)
from cl_core.learners.training import train_task

KINDS = ["resnet", "mlp"]


def train(kind, make, recipe):
    """Return a trained network, its tasks and last blocks, its first task's loss over these, and their parameters."""
    if kind == "resnet":
        network, data = make("resnet", width=1)
        blocks = [1, 3]
    else:
        network, data = make("mlp", width=6)
        blocks = [1, 2]
    train_task(network, data[0], 0, len(network.blocks), recipe, 1)
    loss = make_loss_function(network, data[0].x_train, data[0].y_train, 0, blocks)
    return network, data, blocks, loss, flatten_parameters(network, blocks)


@pytest.fixture(scope="module", params=KINDS)
def trained(request, make, recipe):
    """The same with the dense Hessian there; made once for the tests that look at it, none of which changes it."""
    *rest, loss, at = train(request.param, make, recipe)
    return *rest, loss, at, torch.autograd.functional.hessian(loss, at)


def test_products_are_those_of_the_dense_hessian(trained):
    *_, loss, at, dense = trained
    draws = torch.Generator().manual_seed(0)
    for _ in range(3):
        vector = torch.randn(len(at), generator=draws, dtype=at.dtype)
        torch.testing.assert_close(hessian_vector_product(loss, at, vector), dense @ vector, rtol=1e-8, atol=1e-10)


def test_the_largest_eigenvalue_is_the_dense_one(trained):
    *_, loss, at, dense = trained
    exact = float(torch.linalg.eigvalsh(dense)[-1])
    assert exact > 0
    for seed in (0, 1):
        assert largest_eigenvalue(loss, at, seed=seed, tolerance=1e-8) == pytest.approx(exact, rel=1e-6)


def test_largest_means_algebraically_largest():
    """An indefinite quadratic whose most negative eigenvalue is the larger in size."""
    diagonal = torch.linspace(-9, 2, 12, dtype=torch.float64)

    def loss(vector):
        return 0.5 * (diagonal * vector**2).sum()

    at = torch.zeros(12, dtype=torch.float64)
    assert largest_eigenvalue(loss, at, seed=0) == pytest.approx(2)
    assert largest_eigenvalue(lambda vector: 0 * vector.sum() ** 2, at, seed=0) == 0
    assert largest_eigenvalue(lambda vector: -loss(vector) - 10 * (vector**2).sum(), at, seed=0) < 0


def test_a_quadratic_is_predicted_exactly():
    diagonal = torch.tensor([4.0, 1.0], dtype=torch.float64)
    before = torch.tensor([1.0, 1.0], dtype=torch.float64)
    after = torch.tensor([1.0, 3.0], dtype=torch.float64)
    made = predict(lambda vector: 0.5 * (diagonal * vector**2).sum(), before, after, seed=0)
    assert made.increase == pytest.approx(4.0)
    assert made.slope == pytest.approx(2.0)
    assert made.quadratic == pytest.approx(2.0)
    assert made.eigenvalue == pytest.approx(4.0)
    assert made.largest == pytest.approx(8.0)
    assert made.length == pytest.approx(2.0)


def test_small_updates_are_predicted(trained):
    """So small that no rectifier switches: past a switch the loss has a kink, which no Hessian knows of."""
    *_, loss, at, dense = trained
    direction = torch.linalg.eigh(dense).eigenvectors[:, -1]
    made = predict(loss, at, at + 1e-5 * direction, seed=0)
    assert made.quadratic == pytest.approx(made.largest, rel=1e-3)
    assert abs(made.increase - made.slope - made.quadratic) < 1e-3 * made.quadratic


@pytest.mark.parametrize("kind", KINDS)
def test_everything_else_is_held_where_it_was(kind, make, recipe):
    network, data, blocks, loss, at = train(kind, make, recipe)
    value = float(loss(at))
    whole = torch.nn.functional.cross_entropy(network(data[0].x_train, 0), data[0].y_train)
    assert value == pytest.approx(whole.item())
    train_task(network, data[1], 1, len(network.blocks), recipe, 1)
    assert float(loss(at)) == value
    moved = make_loss_function(network, data[0].x_train, data[0].y_train, 0, blocks)
    assert float(moved(at)) != value


def test_a_linear_loss_has_no_curvature():
    at, direction = torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    product = hessian_vector_product(lambda w: w.sum(), at, direction)
    assert torch.equal(product, torch.zeros_like(at))
