"""YAML: plain values come back, and what is treacherous in it is refused with its place."""

import pytest
from cl_book.yaml_text import parse_yaml


def test_plain_values_come_back():
    text = "a: 5\nb: [1.5, -2, 0x10]\nc: text\nd: true\ne:\nf: {g: '010'}\n"
    value = {"a": 5, "b": [1.5, -2, 16], "c": "text", "d": True, "e": None, "f": {"g": "010"}}
    assert parse_yaml(text) == parse_yaml(text.encode()) == parse_yaml("\ufeff".encode() + text.encode()) == value
    assert parse_yaml(text.replace("\n", "\r\n")) == value
    assert parse_yaml("") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed: 1\nseed: 2\n", "line 2, column 1: seed is given twice"),
        ("a:\n- b: {c: 1, c: 1}", "line 2, column 13: c is given twice"),
        ("a: 010", "another base"),
        ("a: 1:30", "another base"),
        ("a: &x [1]\nb: *x", "line 1, column 4: references"),
        ("a: [lol, lol]\nb: *a", "references"),
        ("[" * 100_000, "nested too deeply"),
        ("\n".join("  " * depth + "a:" for depth in range(80)), "nested too deeply"),
        ("a: " + "9" * 5000, "Exceeds the limit"),
        ("a:\n\t- b", "line 2, column 1: "),
        ("<<<<<<< HEAD\na: 1", "line 2"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("a: \x00", "special characters are not allowed|control characters are not allowed"),
    ],
)
def test_what_is_treacherous_is_refused_in_one_line(text, says):
    with pytest.raises(ValueError, match=says) as caught:
        parse_yaml(text)
    assert len(str(caught.value).splitlines()) == 1


def test_a_text_that_takes_long_to_read_is_refused_before_it_is_read():
    with pytest.raises(ValueError, match=r"it has 1,200,000 letters, and at most 1,000,000 are read here"):
        parse_yaml("a: 1\nb: 2\n" * 120_000)


def test_text_in_another_encoding_names_its_line():
    with pytest.raises(ValueError, match="line 2 has the byte 0xe9"):
        parse_yaml("a: 1\nb: é".encode("latin-1"))
