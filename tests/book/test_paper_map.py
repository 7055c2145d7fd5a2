"""The paper map: every numbered item of the paper has an entry, with what decides it."""

import re
from pathlib import Path

import pytest
import yaml
from cl_book.claims import claim as claims
from cl_book.claims.paper_table import reported_rows

from cl_core.linear import paper

TOP = Path(__file__).resolve().parents[2]
MAP = (TOP / "book/paper-map.md").read_text(encoding="utf-8")
ENTRIES = yaml.safe_load(re.search(r"^:::\{papermap\}\n(.*?)^:::$", MAP, re.MULTILINE | re.DOTALL)[1])
ITEMS = [
    "Rule A, (1)", "Rule B, (2)", "Lemma IV.2, (3)", "Lemma IV.3, (4)", "Theorem IV.4, (5)–(10)", "Theorem IV.4, its text",
    "Lemma IV.5, (11)", "Theorem IV.6, (12)–(23)", "Remarks on Theorem IV.6", "Proposition IV.7, (24)", "Remark IV.8",
    "Corollary IV.9, (25)–(34)", "Algorithm 1",
]  # fmt: skip
STREAMS = {
    "split-cifar100": "Tables I and II, Split CIFAR-100", "split-cifar10": "Tables I and II, Split CIFAR-10",
    "permuted-mnist": "Tables I and II, Permuted MNIST", "split-cub200": "Tables I and II, Split CUB-200",
    "correlated-cifar100": "Table I and text, Correlated Split CIFAR-100",
    "corrupted-cub200": "Table I and text, Corrupted Split CUB-200",
    "split-cifar100-20": "Table III", "split-cub200-20": "Table III",
}  # fmt: skip


@pytest.mark.parametrize("item", ITEMS)
def test_every_numbered_item_has_an_entry_with_a_claim(item):
    mine = [entry for entry in ENTRIES if entry["place"] == item]
    assert len(mine) == 1, f"the paper map has {len(mine)} entries for {item}"
    assert mine[0]["claims"]


@pytest.mark.parametrize("stream", sorted({row["experiment"] for row in reported_rows()}))
def test_every_data_set_of_the_tables_has_an_entry(stream):
    assert STREAMS[stream] in [entry["place"] for entry in ENTRIES]


def test_every_entry_names_claims_and_functions_that_exist():
    known = {claim.id for claim in claims.load()}
    named = []
    for entry in ENTRIES:
        assert set(entry.get("claims", [])) <= known, entry["place"]
        code = entry["says"].partition(" Code, ")[2]
        named += re.findall(
            r"\b(?:exact|lemma|theorem|proposition|corollary|mended|repaired)_\w+|\bgammas\b|\bbetas\b", code
        )
    for name in named:
        assert hasattr(paper, name), name
    items = {name for name in paper.__all__ if name[0].islower()} - {"resize"}
    assert items == set(named), "a function of the items has no entry in the paper map"


def test_a_claim_marked_as_the_papers_is_decided_on_a_page_of_its_own_model():
    """What is carried over to another model is ours: the theory's [P] claims are on pages of the linear model."""
    allowed = {f"notebooks/{name}" for name in ("paper-lemmas", "paper-optimum", "paper-items", "04-small-distances")}
    assert {claim.page for claim in claims.load() if claim.source == "theory" and claim.mark == "P"} <= allowed
