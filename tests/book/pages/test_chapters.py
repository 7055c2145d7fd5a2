"""The chapters on experiments have one shape: the answer first, real figures throughout, and the digits alone at the end."""

import re
from pathlib import Path

import nbformat
import pytest
from cl_book.claims import claim as claims
from cl_book.claims import overview
from cl_book.claims.arms import Arm
from cl_book.claims.paper_table import reported_means
from cl_book.claims.statistics import t_interval

from cl_core.experiments.store import metric
from cl_core.runs.result_set import read_results

TOP = Path(__file__).resolve().parents[3]
CHAPTERS = sorted(TOP.glob("notebooks/0[89]-*.ipynb")) + sorted(TOP.glob("notebooks/1[0-4]-*.ipynb"))
SECTIONS = [
    "The numbers",
    "What turns it",
    "Inside the runs",
    "The stream",
    "The claims",
    "Run it yourself: digits, in ten seconds",
]
STREAM = {
    "08-split-cifar100": "split-cifar100",
    "09-split-cifar10": "split-cifar10",
    "10-permuted-mnist": "permuted-mnist",
    "11-split-cub": "split-cub50",
    "12-correlated-cifar100": "correlated-cifar100",
    "13-corrupted-cub": "corrupted-cub50",
    "14-twenty-tasks": "split-cifar100-20",
}
NEEDED = {
    "The numbers": "overview",
    "Inside the runs": "chart",
    "The stream": "stream",
    "The claims": "verdicts",
    SECTIONS[-1]: "fold",
}


def read_sections(notebook):
    """Return (title, cells) of each section, the text before the first under an empty title."""
    sections = [("", [])]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            sections[-1][1].append(cell)
            continue
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            if part.startswith("## "):
                sections.append((part.splitlines()[0][3:], []))
            sections[-1][1].append(nbformat.v4.new_markdown_cell(part))
    return sections


def find_faults(notebook, experiment):
    """Return what in `notebook` departs from the shape of a chapter on `experiment`, in sentences."""
    sections = read_sections(notebook)
    titles = [title for title, _ in sections if title]
    faults = [] if titles == SECTIONS else [f"its sections are {titles}"]
    texts = {
        title: "\n".join(cell.source for cell in cells if cell.cell_type == "markdown") for title, cells in sections
    }
    first = texts[""]
    if f":::{{chart}} {experiment}-gains" not in first:
        faults.append("no real figure stands above the first section")
    elif not re.search(r"^:::\{reads\} ", first[: first.index(":::{chart}")], re.MULTILINE):
        faults.append("the answer is bound to no verdict")
    faults += [
        f"{title} has no {need}" for title, need in NEEDED.items() if f":::{{{need}}}" not in texts.get(title, "")
    ]
    for title, cells in sections:
        for cell in cells:
            words = " ".join(re.findall(r"^figure (\S+): ", _printed(cell), re.MULTILINE))
            if words.startswith("digits") and "digits" not in title:
                faults.append(f"{words} stands in {title!r}")
            if title == SECTIONS[-1] and words and not words.startswith(("digits-", "implied-")):
                faults.append(f"{words} in the section on digits is not named digits")
    for label, caption in re.findall(r":::\{caption\} fig-(\S+).*\n(.*)", texts.get(SECTIONS[-1], "")):
        if "igits" not in caption:
            faults.append(f"the caption of {label} does not say digits")
    return faults


def _printed(cell):
    if cell.cell_type == "markdown":
        return ""
    return "\n".join(str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs)


@pytest.fixture(scope="module")
def notebooks():
    return {path.stem: nbformat.read(path, as_version=nbformat.NO_CONVERT) for path in CHAPTERS}


@pytest.mark.parametrize("name", STREAM)
def test_a_chapter_has_the_shape_of_all(notebooks, name):
    assert find_faults(notebooks[name], STREAM[name]) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda cells: cells.insert(0, cells[-1]), "stands in ''"),
        (
            lambda cells: cells[0].update(source=cells[0].source.replace("## The claims", "## Claims")),
            "its sections are",
        ),
        (lambda cells: cells[0].update(source=cells[0].source.replace("{reads}", "{note}")), "bound to no verdict"),
    ],
)
def test_a_planted_fault_is_seen(notebooks, spoil, fault):
    stored = notebooks["08-split-cifar100"]
    cells = [nbformat.from_dict(dict(cell)) for cell in stored.cells if _printed(cell) or cell.cell_type == "markdown"]
    cells.append(next(cell for cell in cells if "figure digits" in _printed(cell)))
    spoil(cells)
    assert any(fault in each for each in find_faults(nbformat.from_dict({**stored, "cells": cells}), "split-cifar100"))


@pytest.fixture(scope="module")
def stored():
    return read_results()


def read_text(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def measure_seeds(experiment, arm, name, results):
    """Return a measure of one side in per cent by seed, over every stored reference run."""
    runs = overview.find_runs(experiment, arm, results).values()
    return {run.seed: 100 * metric(run, name) for run in runs}


@pytest.mark.parametrize("name", STREAM)
def test_a_chapter_says_where_its_table_has_seeds_that_its_claims_have_not(notebooks, name, stored):
    stated = {
        seed
        for claim in claims.load()
        if claim.page == f"notebooks/{name}" and claim.source == "runs"
        for seed in claim.test.seeds
    }
    rows = [row for row in overview.list_rows(stored) if row.experiment == STREAM[name]]
    more = any(run.seed not in stated for row in rows for run in row.runs.values())
    assert ("A claim counts only the seeds that it stated" in read_text(notebooks[name])) == more


@pytest.mark.parametrize("name", STREAM)
def test_what_does_not_compete_is_named_where_it_is_in_the_table(notebooks, name, stored):
    methods = [row.method for row in overview.list_rows(stored) if row.experiment == STREAM[name]]
    text = read_text(notebooks[name])
    assert ("Joint and separate training, the two bounds" in text) == any(method.bound for method in methods)
    no_update = any(method.arm.strategy == "frozen-0" for method in methods)
    assert bool(re.search(r"no update (does not compete for it )?in forgetting", text)) == no_update


def test_the_papers_frozen_forgetting_lies_where_the_chapter_says(notebooks, stored):
    assert "lies between those of three and of four blocks here" in read_text(notebooks["08-split-cifar100"])
    three, four = (
        measure_seeds("split-cifar100", Arm("frozen", (f"trained={depth}",)), "forgetting", stored) for depth in (3, 4)
    )
    paper = reported_means("I", "split-cifar100", "forgetting")["frozen"]
    assert sum(three.values()) / len(three) < paper < sum(four.values()) / len(four)


def test_the_sixth_seed_of_split_cifar10_is_as_the_chapter_says(notebooks, stored):
    assert "At a sixth seed, run later, Algorithm 1 ends far lower" in read_text(notebooks["09-split-cifar10"])
    for name in ("avg_acc", "forgetting"):
        rule, all_moving = (
            measure_seeds("split-cifar10", Arm(side), name, stored) for side in ("adaptive", "initialized")
        )
        assert sorted(set(rule) & set(all_moving)) == list(range(6))
        interval = t_interval([rule[seed] - all_moving[seed] for seed in range(6)])
        assert interval.low < 0 < interval.high
        if name == "avg_acc":
            assert rule[5] < all_moving[5] - 5


@pytest.mark.parametrize("name", STREAM)
def test_every_figure_of_digits_names_them_in_its_drawing(notebooks, name):
    drawn = [
        output.data["image/svg+xml"]
        for cell in notebooks[name].cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "figure digits-" in str(output.get("data", {}).get("text/plain", ""))
    ]
    assert drawn
    assert all(re.search(r">digits\b", svg) for svg in drawn)
