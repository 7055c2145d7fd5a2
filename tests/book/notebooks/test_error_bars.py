"""A value against its limit: below, above, or too close to say."""

import pytest
from cl_book.notebooks.error_bars import stays_below


@pytest.mark.parametrize(
    ("values", "errors", "expected"),
    [
        ([0.5], [0.2], True),
        ([0.5], [0.25], True),
        ([0.5], [0.3], None),
        ([1.5], [0.3], None),
        ([1.5], [0.2], False),
        ([0.0, 1.5], [0.0, 0.2], False),
        ([0.0, 1.1], [0.0, 0.2], None),
        ([0.0, 0.9], [0.1, 0.05], True),
        (1.0, 0.0, True),
        (1.0001, 0.0, False),
    ],
)
def test_two_standard_errors_decide(values: object, errors: object, expected: bool | None) -> None:
    assert stays_below(values, errors, 1.0) is expected


@pytest.mark.parametrize(
    ("values", "errors", "message"),
    [
        ([], [], "no value"),
        ([float("nan")], [1.0], "finite"),
        ([1.0], [-1.0], "errors ≥ 0"),
        ([1.0], [float("inf")], "finite"),
    ],
)
def test_what_decides_nothing_is_refused(values: list[float], errors: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stays_below(values, errors, 1.0)
