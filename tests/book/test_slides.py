"""The talk: twelve slides on one page that needs no network, each held to the verdicts that it was written for."""

import re
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from cl_book import slides
from cl_book.claims import report
from cl_book.pages.claim_boxes import bound
from cl_book.pages.prose import find_bare_numbers

from cl_core.runs.result_set import read_results

BOUND = [(slide, pair) for slide in slides.SLIDES for pair in bound(slide.reads.split())]
STANDS = {claim: SimpleNamespace(printed=verdict, claim=SimpleNamespace(test=None)) for _, (claim, verdict) in BOUND}


@pytest.fixture(scope="module")
def page():
    patch = pytest.MonkeyPatch()
    patch.setattr(report, "tally", lambda _: ["two claims: both hold"])
    text = slides.write_slides(slides.SLIDES, read_results(), STANDS)
    patch.undo()
    return text


@pytest.mark.slow
def test_there_are_twelve_slides_and_those_with_a_figure_have_it(page):
    sections = BeautifulSoup(page, "html.parser").select("section")
    assert len(sections) == len(slides.SLIDES) == 12
    for section, slide in zip(sections, slides.SLIDES, strict=True):
        assert slide.title in section.get_text()
        assert (section.select_one("svg[role=img] desc") is not None) == (slide.draw is not None)


@pytest.mark.slow
def test_nothing_is_asked_of_a_network(page):
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*|url\((?!#)[^)]*|@import""", page) == []


def test_a_slide_names_the_claims_that_it_is_held_to_and_no_typed_number():
    for slide in slides.SLIDES:
        said = set(re.findall(r"\bC\d{2,3}\b", " ".join(slide.lines))) - {"C03"}
        assert said == {claim for claim, _ in bound(slide.reads.split())} - {"C03"}, slide.title
        assert find_bare_numbers(" ".join(slide.lines).replace("2602.20796", "")) == []


@pytest.mark.parametrize(("slide", "pair"), BOUND, ids=[claim for _, (claim, _) in BOUND])
def test_a_verdict_that_turns_stops_the_talk(slide, pair):
    claim, _ = pair
    turned = {**STANDS, claim: SimpleNamespace(printed="stale")}
    with pytest.raises(ValueError, match=f"written for {claim}"):
        slides.check_verdicts([slide], turned)
