"""Two tasks that differ in q alone: the curve over all magnitudes against the recursion, coordinate by coordinate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.linear import expected_losses
from cl_core.linear.tradeoff import outlook

lengths = st.floats(0, 3)


@given(
    shared=st.integers(1, 12),
    specific=st.integers(1, 6),
    samples=st.integers(1, 20),
    noise=lengths,
    distance=lengths,
    error=lengths,
    data=st.data(),
)
def test_it_is_what_the_recursion_says(shared, specific, samples, noise, distance, error, data):
    parameters = shared + specific
    m = data.draw(st.integers(0, parameters))
    found = outlook(
        parameters=parameters,
        specific=specific,
        samples=samples,
        noise=noise,
        distance=distance,
        shared_error=error,
    )
    targets, start = np.zeros((2, parameters)), np.zeros(parameters)
    targets[1, shared:] = distance / np.sqrt(specific)
    start[:shared] = error / np.sqrt(shared)
    losses = expected_losses(targets, [0, samples], [0, m], noise, start)
    if np.isinf(losses[1, 0]):
        assert np.isinf(found.forgetting[m])
    else:
        assert found.forgetting[m] == pytest.approx(losses[1, 0] - losses[0, 0], abs=1e-9)
        assert found.new_loss[m] == pytest.approx(losses[1, 1], abs=1e-9)


def test_the_ends_by_hand():
    found = outlook(parameters=40, specific=4, samples=10, noise=0.5, distance=2.0, shared_error=3.0)
    assert found.forgetting[0] == found.norm[0] == 0
    assert found.new_loss[0] == pytest.approx(4 + 9)
    left_behind = 9 + 0.25
    assert found.forgetting[4] == pytest.approx(4 + 4 * left_behind / 5)
    assert found.forgetting[40] == pytest.approx(0.25 * (4 - 9) + 10 * 0.25 / 29)
    assert np.isinf(found.forgetting[9:12]).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [("specific", 0), ("specific", 40), ("samples", 0), ("noise", -1.0), ("distance", np.inf), ("shared_error", -0.1)],
)
def test_wrong_arguments(name, value):
    fine = {"parameters": 40, "specific": 4, "samples": 10, "noise": 0.5, "distance": 2.0, "shared_error": 3.0}
    with pytest.raises(ValueError, match=name):
        outlook(**{**fine, name: value})
