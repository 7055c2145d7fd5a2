"""The paper map: every numbered item of the paper has an entry, with what decides it."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from cl_book.claims import claim as claims
from cl_book.claims.claim import Standing
from cl_book.claims.paper_table import reported_rows
from cl_book.pages.paper_cells import claims_of, experiment_page

from cl_core.linear import paper

TOP = Path(__file__).resolve().parents[2]
MAP = (TOP / "book/paper-map.md").read_text(encoding="utf-8")
ENTRIES = yaml.safe_load(re.search(r"^:::\{papermap\}\n(.*?)^:::$", MAP, re.MULTILINE | re.DOTALL)[1])
ITEMS = [
    "Rule A, (1)", "Rule B, (2)", "Lemma IV.2, (3)", "Lemma IV.3, (4)", "Theorem IV.4, (5)–(10)", "Theorem IV.4, its text",
    "Lemma IV.5, (11)", "Theorem IV.6, (12)–(23)", "Remarks on Theorem IV.6", "Proposition IV.7, (24)", "Remark IV.8",
    "Corollary IV.9, (25)–(34)", "Algorithm 1",
]  # fmt: skip
EQUATIONS = range(1, 35)
PAGES = ("paper-lemmas", "paper-optimum", "paper-comparison")
STREAMS = {
    "split-cifar100": "Tables I and II, Split CIFAR-100", "split-cifar10": "Tables I and II, Split CIFAR-10",
    "permuted-mnist": "Tables I and II, Permuted MNIST", "split-cub200": "Tables I and II, Split CUB-200",
    "correlated-cifar100": "Table I and text, Correlated Split CIFAR-100",
    "corrupted-cub200": "Table I and text, Corrupted Split CUB-200",
    "split-cifar100-20": "Table III", "split-cub200-20": "Table III",
}  # fmt: skip


@cache
def read_pages():
    return [(TOP / f"notebooks/{page}.ipynb").read_text(encoding="utf-8") for page in PAGES]


@cache
def known_claims():
    return {claim.id: Standing(claim, "not run") for claim in claims.load()}


@pytest.mark.parametrize("item", ITEMS)
def test_every_numbered_item_has_an_entry_with_a_claim(item):
    mine = [entry for entry in ENTRIES if entry["place"] == item]
    assert len(mine) == 1, f"the paper map has {len(mine)} entries for {item}"
    assert mine[0]["claims"]


def equation_rows():
    """Yield the first equation, the last equation and the label of every row of the map by equation number."""
    for row in re.finditer(r"^\| \((\d+)\)(?:–\((\d+)\))? \|.*\]\(#([\w-]+)\) \|$", MAP, re.MULTILINE):
        yield int(row[1]), int(row[2] or row[1]), row[3]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_every_equation_has_one_row_that_leads_to_its_section(equation):
    labels = [label for first, last, label in equation_rows() if first <= equation <= last]
    assert len(labels) == 1, f"equation ({equation}) has {len(labels)} rows"
    assert sum(f'"({labels[0]})=\\n"' in page for page in read_pages()) == 1, (
        f"({equation}) leads to no section of one page"
    )


def test_every_label_of_the_map_and_of_the_questions_is_on_one_of_the_three_pages():
    pages = "".join(read_pages())
    questions = (TOP / "book/questions.md").read_text(encoding="utf-8")
    labels = set(re.findall(r"\]\(#(?!ask-)([\w-]+)\)", MAP + questions))
    assert labels
    assert [label for label in sorted(labels) if f'"({label})=\\n"' not in pages] == []


@pytest.mark.parametrize("row", reported_rows(), ids=lambda row: "/".join(list(row.values())[:4]))
def test_every_cell_of_the_tables_is_in_the_map_with_its_page(row):
    """The table is generated; a cell is missing if its table is, or if its page is not in the book."""
    assert f":::{{papercells}} {row['table']}\n" in MAP
    page = experiment_page(row["experiment"], known_claims())
    assert f"- file: {page}\n" in (TOP / "book/_toc.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("stream", "page"),
    [("permuted-mnist", "notebooks/10-permuted-mnist"), ("split-cifar100", "notebooks/08-split-cifar100")],
)
def test_a_row_leads_to_the_chapter_that_takes_it_up(stream, page):
    """The first claim on Permuted MNIST is our own, on another page, and is held against no cell."""
    assert experiment_page(stream, known_claims()) == page


def test_every_number_that_a_claim_is_held_against_stands_in_a_cell():
    known = known_claims()
    cells = ["/".join(list(row.values())[:4]) for row in reported_rows()]
    used = {claim.id for claim in claims.load() if claim.test is not None and claim.test.paper}
    assert {claim for cell in cells for claim in claims_of(cell, known)} == used


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
    allowed = {
        f"notebooks/{name}" for name in ("paper-lemmas", "paper-optimum", "paper-comparison", "04-small-distances")
    }
    assert {claim.page for claim in claims.load() if claim.source == "theory" and claim.mark == "P"} <= allowed
