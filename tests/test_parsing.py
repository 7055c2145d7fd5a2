"""Reading what somebody else wrote: the right value, or one line that names the file and what is wrong."""

import json

import pytest

from cl_core.parsing import decode_text, explain_unreadable, parse_json, summarise_error


def read(content, **options):
    with explain_unreadable("x.json", "JSON", cure="mend it"):
        return parse_json(content, **options)


def test_json_comes_back_as_it_was():
    value = {"a": [1, -2.5e-3, None, True, "é"], "b": {}}
    assert read(json.dumps(value).encode()) == read(b"\xef\xbb\xbf" + json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"a": 1, "a": 2}', "it gives 'a' twice"),
        (b'{"b": [{"a": 1, "a": 1}]}', "it gives 'a' twice"),
        (b"[NaN]", "NaN is not a finite number"),
        (b"[-Infinity]", "-Infinity is not a finite number"),
        (b"[1e999]", "1e999 is not a finite number"),
        (b"\xe9", "line 1 has the byte 0xe9"),
        ("[1]".encode("utf-16"), "line 1 has the byte 0xff"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "Exceeds the limit"),
        (b'["\\ud800"]', "surrogates not allowed"),
        (b"[1,\n2,", "line 2"),
        (b"", "Expecting value"),
        (b"\0", "Expecting value"),
    ],
)
def test_what_is_none_is_one_line_with_the_file(content, says):
    with pytest.raises(ValueError, match=r"^x\.json is not JSON: .*; mend it$") as caught:
        read(content)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numbers_that_are_not_finite_are_read_where_they_may_stand():
    assert read(b"[NaN, 1e999]", finite=False)[1] == float("inf")


def test_any_error_is_told_of_in_one_line_but_of_a_file_that_is_not_there():
    for error in (MemoryError(), RecursionError("maximum"), KeyError("a"), TypeError("a\nb"), ValueError("x" * 9999)):
        with (
            pytest.raises(ValueError, match=r"^file is not good: ") as caught,
            explain_unreadable("file", "good", cure="c"),
        ):
            raise error
        assert len(str(caught.value).splitlines()) == 1
        assert len(str(caught.value)) < 300
    with pytest.raises(FileNotFoundError), explain_unreadable("file", "good", cure="c"):
        raise FileNotFoundError
    with pytest.raises(KeyboardInterrupt), explain_unreadable("file", "good", cure="c"):
        raise KeyboardInterrupt


def test_text_that_is_not_utf_8_names_its_line():
    assert decode_text("\ufeffa".encode()) == "a"
    with pytest.raises(ValueError, match="line 3 has the byte 0xff"):
        decode_text(b"a\nb\n\xff")


def test_an_error_without_words_is_named_by_its_kind():
    assert summarise_error(EOFError()) == "EOFError"
    assert summarise_error(IsADirectoryError(21, "Is a directory", "x")) == "Is a directory"
