import re
from pathlib import Path

import pytest
import yaml
from cl_book.pages.prose import find_bare_numbers, read_texts

TOP = Path(__file__).resolve().parents[3]


def test_no_number_is_typed_into_prose():
    typed = {place: found for place, text in read_texts(TOP).items() if (found := find_bare_numbers(text))}
    assert typed == {}, "use {value}, {paper}, {result}, or {given} for a setting"


def test_the_check_reads_something():
    assert len(read_texts(TOP)) > 5
    assert any(place.startswith("book/index") for place in read_texts(TOP))


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("accuracy rises by 3.2 points", ["3.2"]),
        ("it is −0.48 at most", ["−0.48"]),
        ("at 61 % of the points", ["61 %"]),
        ("at 61% of the points", ["61%"]),
        ("five per cent, 5 per cent", ["5 per cent"]),
        ("12 ± 3", ["±"]),
        ("within 1e-10", ["1e-10"]),
        ("a comma: 3,2", ["3,2"]),
        (":::{caption} fig-a T04 holds\nIt falls to 0.5.\n:::", ["0.5"]),
        ("costs $5 and 0.3 of $x$", ["0.3"]),
        ("| a | 0.25 |\n|---|---|", ["0.25"]),
    ],
)
def test_what_is_red(markdown, found):
    assert find_bare_numbers(markdown) == found


@pytest.mark.parametrize(
    "markdown",
    [
        "twenty tasks of 5 classes, n = 20",
        "$\\eta = 0.5$ and $$\\xi = 2.0$$ (eq-a)",
        "`threshold=0.1` and ``0.2``",
        "{value}`02-bound:largest_z`, {paper}`I/split-cifar100/frozen/avg_acc` and {given}`0.05`",
        "[arXiv 2602.20796](https://arxiv.org/abs/2602.20796)",
        "```python\nx = 0.5\n```",
        "~~~\n99.9 %\n~~~",
        ":::{prf:theorem} A statement\n:label: thm-1.2\n:::",
        "Theorem IV.4, Table I, T04",
    ],
)
def test_what_is_allowed(markdown):
    assert find_bare_numbers(markdown) == []


def test_every_chapter_is_in_the_table_of_contents():
    contents = (TOP / "book/_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"file: notebooks/(\S+)", contents)
    assert sorted(listed) == sorted(path.stem for path in (TOP / "notebooks").glob("*.ipynb"))


def test_the_book_goes_from_its_results_to_its_reasons():
    listed = re.findall(r"file: (?:book|notebooks)/(\S+)", (TOP / "book/_toc.yml").read_text(encoding="utf-8"))
    order = ["results", "surprise", "16-how-much-of-the-way", "sensitivity", "08-split-cifar100", "15-hybrid-rule"]
    order += [
        "01-setting",
        "02-bound",
        "explorer",
        "04-small-distances",
        "phase-map",
        "17-own-network",
        "rerun",
        "protocol",
    ]
    places = [listed.index(name) for name in order]
    assert places == sorted(places)


def test_every_prose_page_is_in_the_table_of_contents():
    toc = yaml.safe_load((TOP / "book/_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])}
    pages = {path.relative_to(TOP).with_suffix("").as_posix() for path in TOP.glob("book/**/*.md")}
    assert pages <= listed
