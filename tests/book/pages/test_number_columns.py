"""Numbers of a column stand with their points below one another."""

import pytest
from cl_book.pages.number_columns import AlignNumbers, measure_padding
from docutils import nodes
from docutils.utils import new_document


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


@pytest.mark.parametrize(
    ("word", "alone"), [("10,000", True), ("−1.85", True), (" 235", True), ("8x8", False), ("9.2 (1 to 3)", False)]
)
def test_a_cell_of_a_number_alone_is_marked(word, alone):
    document, cell = new_document("page"), nodes.entry("", nodes.paragraph(text=word))
    group = nodes.tgroup("", nodes.tbody("", nodes.row("", cell)))
    document += nodes.table("", group)
    AlignNumbers(document).apply()
    assert ("cl-alone" in cell["classes"]) == alone
