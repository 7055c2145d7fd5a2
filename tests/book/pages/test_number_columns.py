"""Numbers of a column stand with their points below one another."""

import pytest
from cl_book.pages.number_columns import measure_padding


@pytest.mark.parametrize(
    ("texts", "lacking"),
    [
        (["9.2", "31.05", "—", "−1.85"], [1, 0, 0, 0]),
        (["1", "10", "100"], [2, 1, 0]),
        (["+0.1 (−1.9 to 2.0)", "12.5"], [0, 0]),
        (["", "7"], [0, 0]),
    ],
)
def test_shorter_numbers_are_padded_to_the_widest(texts, lacking):
    assert measure_padding(texts) == lacking


@pytest.mark.parametrize("texts", [["frozen", "9.2"], ["9.2", "8x8"], ["1/4", "1/2"], ["3.2.1", "4"], ["1 to 30", "5"]])
def test_a_column_with_a_word_is_left_alone(texts):
    assert measure_padding(texts) is None
