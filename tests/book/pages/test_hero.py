"""The first figure hands its script every stream, the shown one first, and prints one figure alone."""

import json
from html import unescape
from types import SimpleNamespace

import pytest
from cl_book.pages import hero
from docutils import nodes

STREAMS = [("One & all", [], ["a 'b' <c>"]), ("Two", ["<svg>2</svg>", "<svg>n</svg>"], [])]


def visit(builder):
    translator = SimpleNamespace(builder=SimpleNamespace(name=builder), body=[])
    with pytest.raises(nodes.SkipNode):
        hero._visit(translator, hero.other_streams(streams=STREAMS))
    return "".join(translator.body)


def test_the_script_is_handed_every_stream_and_the_figures_that_the_page_does_not_show():
    body = visit("html")
    handed = body.split('data-streams="')[1].split('"')[0]
    assert json.loads(unescape(handed)) == [["One & all", ["a 'b' <c>"]], ["Two", []]]
    assert body.count("<template>") == 2
    assert "<template><svg>2</svg></template><template><svg>n</svg></template>" in body
    assert 'aria-live="polite"' in body


def test_a_printed_book_has_the_one_figure():
    assert visit("singlehtml") == ""
