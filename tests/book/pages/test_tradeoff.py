"""Two tasks that differ in q alone: the curve over all magnitudes against the recursion, coordinate by coordinate."""

import numpy as np
import pytest
from cl_book.pages.tradeoff import compute_tradeoff
from hypothesis import given
from hypothesis import strategies as st

from cl_core.linear import expected_losses
from cl_core.linear.optimum import forgetting_curve

lengths = st.floats(0, 3)


@given(
    shared=st.integers(1, 12),
    specific=st.integers(1, 6),
    samples=st.integers(1, 20),
    noise=lengths,
    distance=lengths,
    error=lengths,
    own=lengths,
    data=st.data(),
)
def test_it_is_what_the_recursion_says(shared, specific, samples, noise, distance, error, own, data):
    parameters = shared + specific
    m = data.draw(st.integers(0, parameters))
    found = compute_tradeoff(
        parameters=parameters,
        specific=specific,
        samples=samples,
        noise=noise,
        distance=distance,
        shared_error=error,
        own_error=own,
    )
    start = np.concatenate([np.full(shared, error / np.sqrt(shared)), np.full(specific, own / np.sqrt(specific))])
    # δ and −δ together are at a right angle to e wherever q is cut; a peak counts if either sees it.
    step = np.where(np.arange(parameters) < shared, 0.0, distance / np.sqrt(specific))
    both = [
        expected_losses([np.zeros(parameters), sign * step], [0, samples], [0, m], noise, start) for sign in (1, -1)
    ]
    losses = np.mean(both, axis=0)
    if np.isinf(losses[1, 0]):
        assert np.isinf(found.forgetting[m])
    else:
        assert found.forgetting[m] == pytest.approx(losses[1, 0] - losses[0, 0], abs=1e-9)
        assert found.new_loss[m] == pytest.approx(losses[1, 1], abs=1e-9)


def test_the_ends_by_hand():
    found = compute_tradeoff(parameters=40, specific=4, samples=10, noise=0.5, distance=2.0, shared_error=3.0)
    assert found.forgetting[0] == found.norm[0] == 0
    assert found.new_loss[0] == pytest.approx(4 + 9)
    left_behind = 9 + 0.25
    assert found.forgetting[4] == pytest.approx(4 + 4 * left_behind / 5)
    assert found.forgetting[40] == pytest.approx(0.25 * (4 - 9) + 10 * 0.25 / 29)
    assert np.isinf(found.forgetting[9:12]).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specific", 0),
        ("specific", 40),
        ("samples", 0),
        ("noise", -1.0),
        ("distance", np.inf),
        ("shared_error", -0.1),
        ("own_error", -0.1),
    ],
)
def test_wrong_arguments(name, value):
    fine = {"parameters": 40, "specific": 4, "samples": 10, "noise": 0.5, "distance": 2.0, "shared_error": 3.0}
    with pytest.raises(ValueError, match=name):
        compute_tradeoff(**{**fine, name: value})


def test_with_redundant_coordinates_it_is_the_valley():
    found = compute_tradeoff(
        parameters=90, specific=6, samples=20, noise=0.5, distance=0.5, shared_error=0.0, own_error=1.5
    )
    sizes = np.arange(6, 91)
    np.testing.assert_allclose(found.forgetting[6:], forgetting_curve(sizes, xi=2.0, eta=0.25, samples=20), rtol=1e-12)
