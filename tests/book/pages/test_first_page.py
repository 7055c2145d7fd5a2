"""Page one and the sheet: every sentence that states a result is bound to its verdict, and a verdict that turns is told."""

import re
from types import SimpleNamespace

import pytest
from cl_book.notebooks.record import FAILS, HOLDS, INCONCLUSIVE, NOT_REPRODUCED, NOT_RUN, REPRODUCED
from cl_book.pages import claim_boxes

from cl_core import files

PAGE = (files.root() / "book" / "index.md").read_text(encoding="utf-8")
SHEET = (files.root() / "book" / "summary.md").read_text(encoding="utf-8")
READS = re.compile(r"^(?P<fence>:{3,})\{reads\} (?P<words>.*?)\n(?P<passage>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
PASSAGES = [(found["words"], found["passage"]) for found in READS.finditer(PAGE + SHEET)]
BOUND = [(words, pair) for words, _ in PASSAGES for pair in claim_boxes.bound(words.split())]
TURNED = {
    **{HOLDS: FAILS, FAILS: HOLDS, REPRODUCED: NOT_REPRODUCED, NOT_REPRODUCED: REPRODUCED},
    INCONCLUSIVE: REPRODUCED,
    NOT_RUN: INCONCLUSIVE,
}


def test_no_claim_is_named_outside_of_a_passage_that_is_bound_to_it():
    outside = READS.sub("", PAGE + SHEET)
    assert "{claim}" not in outside
    for words, passage in PASSAGES:
        said = set(re.findall(r"\{claim\}`(\w+)`", passage))
        assert said == {claim for claim, _ in claim_boxes.bound(words.split())}


@pytest.mark.parametrize(("words", "pair"), BOUND, ids=[claim for _, (claim, _) in BOUND])
def test_a_verdict_that_turns_is_told(words, pair, monkeypatch):
    claim, verdict = pair
    told = []
    stands = {each: _standing(each, said) for each, said in claim_boxes.bound(words.split())}
    directive = SimpleNamespace(
        env=SimpleNamespace(docname="book/index"), get_location=lambda: "book/index", error=RuntimeError
    )
    monkeypatch.setattr(claim_boxes, "standings", lambda: stands)
    monkeypatch.setattr(claim_boxes._LOGGER, "warning", lambda text, *given, **_: told.append(text % given))
    claim_boxes.require(directive, words.split())
    assert told == []
    plain, _, label = verdict.partition(", ")
    turned = [_standing(claim, TURNED[plain]), *([_standing(claim, plain)] if label else [])]
    for stand in turned:
        told.clear()
        stands[claim] = stand
        claim_boxes.require(directive, words.split())
        assert told == [
            f"this text was written for {claim} {verdict}, but the verdict is: {stand.verdict}; read it again and rewrite it"
        ]


def _standing(claim, verdict):
    plain, _, label = verdict.partition(", ")
    about = SimpleNamespace(id=claim, page="book/scoreboard")
    labels = (label,) if label else ()
    return SimpleNamespace(claim=about, verdict=plain, words=plain, printed=plain, condition="", labels=labels)


def test_it_says_what_the_setting_is_and_has_its_figure_and_answers():
    for said in ("multi-head", "task-incremental", ":::{hero}", ":::{answers} frozen", ":::{answers} adaptive"):
        assert said in PAGE
    assert "Table I," in PAGE
    assert "Table II," in PAGE
    assert "Table III," in PAGE
