"""The prose's words: the field's names, the glossary's completeness, and a few habits that make text hard to read."""

import re
from pathlib import Path

import pytest
from cl_book.claims import overview, summaries
from cl_book.pages.prose import read_texts

from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.metric_table import MEASURES

TOP = Path(__file__).resolve().parents[3]
GLOSSARY = (TOP / "book/glossary.md").read_text(encoding="utf-8")
TERMS = {line.strip().lower() for line in GLOSSARY.splitlines() if line and not line.startswith((" ", ":", "#"))}

RULES = {
    r"\bstep lengths?\b": "say learning rate",
    r"\bpasses over\b": "say epochs",
    r"\b[Ww]ho (may|moves|learns|forgets|trains)\b[^.?]*\b(also|more|less)\b": "name who it is before what it does",
    r"\b(the|a|of|is|in|to|and|that) \1\b": "a word stands twice",
    r"\b(utili[sz]e|in order to|due to the fact|it should be noted)\b": "say it shorter",
    r"\b(very unique|quite unique|obviously|clearly,|of course)\b": "leave it out",
    r"\b(isn't|don't|doesn't|can't|won't)\b": "write it out",
}
"""Few rules, each with what to do instead."""

OTHERS = ("book/surprise.md", "notebooks/08", "notebooks/09", "notebooks/1[0-4]", "notebooks/1[6-9]")
"""Pages that are being rewritten as this is: their words are counted, not held to the rules."""


def find_habits(text):
    plain = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", " ", text, flags=re.DOTALL)
    return [
        f"{found[0]!r}: {advice}" for rule, advice in RULES.items() for found in re.finditer(rule, plain, re.IGNORECASE)
    ]


def test_the_prose_keeps_the_rules():
    texts = {place: text for place, text in read_texts(TOP).items() if not re.match("|".join(OTHERS), place)}
    assert len(texts) > 100
    assert {place: found for place, text in texts.items() if (found := find_habits(text))} == {}


@pytest.mark.parametrize(
    "text", ["With a tenth of the step length.", "Who moves farther forgets more.", "It is is so.", "In order to see."]
)
def test_a_habit_is_found(text):
    assert find_habits(text)


@pytest.mark.parametrize(
    "name", [each.name for each in STRATEGIES.values() if each.kind != "control" or "-" not in each.name]
)
def test_every_strategy_is_in_the_glossary(name):
    assert name in TERMS


@pytest.mark.parametrize("name", sorted({*overview.MEASURED, *summaries.SHOWN}))
def test_every_measure_of_a_table_is_in_the_glossary(name):
    title = MEASURES[name].title.lower()
    assert title in TERMS or title.partition(", ")[2] in TERMS


@pytest.mark.parametrize(
    "word", ["seeds", "distance moved", "stream", "strategy", "δ", "epochs", "learning rate", "block"]
)
def test_every_head_of_a_table_is_in_the_glossary(word):
    assert word in TERMS


@pytest.mark.parametrize(
    "word", ["fine-tuning", "backbone", "linear probe", "l2 anchoring", "regularization", "rehearsal"]
)
def test_the_fields_words_are_in_the_glossary(word):
    assert word in TERMS


def test_no_word_has_two_meanings():
    listed = [line.strip().lower() for line in GLOSSARY.splitlines() if line and not line.startswith((" ", ":", "#"))]
    assert len(listed) == len(set(listed))
