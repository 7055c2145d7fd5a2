import pytest
from cl_book.pages.api_page import _plain


@pytest.mark.parametrize(
    ("written", "set_"),
    [
        ("m* lies at |m − n|", r"m\* lies at \|m − n\|"),
        ("*Stale*: |x|", r"*Stale*: \|x\|"),
        ("the drift (eq-forgetting-step).", "the drift :eq:`eq-forgetting-step`."),
        ("Source: book, eq-share.", "Source: book, :eq:`eq-share`."),
        ("``a|b*c``", "``a|b*c``"),
    ],
)
def test_a_docstring_s_marks_stand_as_written_and_its_equations_are_linked(written, set_):
    lines = [written]
    _plain(None, "function", "module.f", None, None, lines)
    assert lines == [set_]


def test_a_named_tuple_s_untold_field_stays_silent():
    lines = ["Alias for field number 3"]
    _plain(None, "attribute", "module.T.x", property(), None, lines)
    assert lines == []
