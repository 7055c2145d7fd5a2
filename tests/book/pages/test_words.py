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

START = r"(?:\A|(?<=\n)|(?<=[.:!?] ))\W{0,3}"
"""Where a sentence begins."""

RULES = {
    r"\bstep lengths?\b": "say learning rate",
    r"\bpasses over\b": "say epochs",
    r"\b[Ww]ho (may|moves|learns|forgets|trains)\b[^.?]*\b(also|more|less)\b": "name who it is before what it does",
    START
    + r"(how|whether|why|which|what|where)\b[^.?!;\n]*, (the|this|these|that|those|our|its?|no|nothing|nobody|we)\b"
    + r"[^.,?!\n]*\b(says?|shows?|tells?|decides?|knows?|sees?)\b[^.,?!\n]{0,12}\.": "begin with the subject and its verb",
    START
    + r"(beside|behind|above|below|over|under|in|at|on|after|before)\b[^.,:;?!\n]{0,45} stands?\b(?! for)": "begin with "
    "what stands there, and say is",
    r"\bwhat (this|that|it|the \w+) (does|do) not show: (?!\n)": "write a sentence: this does not show that",
    r"\bdrift,? less repair\b|\bless (that|those) of\b|\) less \(": "say minus",
    r"\b(initialized|frozen|adaptive) less (initialized|frozen|adaptive)\b": "say minus",
    r"\bforet(ells?|old)\b": "say predict",
    r"\bby the way\b": "say along the way",
    r"\b(is|are) told (on|in|by)\b": "say explained",
    START + r"that [^.?!\n]{10,120} (is \{claim\}|held on|failed|is stated)": "begin with the subject and its verb",
    r"\b(is|are) asked by\b": "name the claim first: it tests whether",
    r"\b(held|holds?) against\b": "say compared with",
    r"\bthe looking\b": "say what is looked at",
    r"\banew\b": "say again",
    r"\bin the place of\b": "say in place of",
    r"\b(goes|go|went) on \w+ing\b": "say continues to",
    r"\b(the|a|of|is|in|to|and|that) \1\b": "a word stands twice",
    r"\b(utili[sz]e|in order to|due to the fact|it should be noted)\b": "say it shorter",
    r"\b(very unique|quite unique|obviously|clearly,|of course)\b": "leave it out",
    r"\b(isn't|don't|doesn't|can't|won't)\b": "write it out",
}
"""Few rules, each with what to do instead."""


def find_habits(text):
    plain = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", " ", text, flags=re.DOTALL)
    return [
        f"{found[0]!r}: {advice}" for rule, advice in RULES.items() for found in re.finditer(rule, plain, re.IGNORECASE)
    ]


def test_the_prose_keeps_the_rules():
    texts = read_texts(TOP)
    assert len(texts) > 100
    assert {place: found for place, text in texts.items() if (found := find_habits(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "With a tenth of the step length.",
        "Who moves farther forgets more.",
        "It is is so.",
        "In order to see.",
        "The gradient is good. Whether the decision is, these networks cannot say.",
        "How far it goes, the rule decides.",
        "Whether it helps, or only how much moves, these runs do not show.",
        "Beside the reported value stands ours.",
        "That frozen training forgets less is {claim}`C04`.",
        "Whether it helps is asked by {claim}`C04`.",
        "What this does not show: that freezing is best.",
        "The accuracy less that of the other.",
        "The curvature foretells no forgetting.",
        "Heads are drawn anew.",
        "The network goes on learning.",
    ],
)
def test_a_habit_is_found(text):
    assert find_habits(text)


@pytest.mark.parametrize(
    "text",
    [
        "How many should move, and what does that cost?",
        "What decides a claim is on its own page, with its limit.",
        "Whether it is one was not tried; if not, the command says so.",
        "The better it was learned, the less there is to repair.",
        "## What this page does not show\n\nNetworks.",
        "At distance zero, frozen training beats no update.",
    ],
)
def test_a_plain_sentence_passes(text):
    assert find_habits(text) == []


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
