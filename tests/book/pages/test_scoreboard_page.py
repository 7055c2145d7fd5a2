"""The scoreboard page leaves no claim out, whatever family it is corrected in."""

import re
from pathlib import Path

from cl_book.claims.claim import load

PAGE = Path(__file__).resolve().parents[3] / "book/scoreboard.md"


def selections():
    """Yield the options of each table on the page."""
    for block in re.findall(r":::\{scoreboard\}\n(.*?):::", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        yield dict(re.findall(r":(\w+): (.+)", block))


def family(claim):
    return (claim.test.corrected_with or "exploratory") if claim.test else ""


def test_every_claim_is_in_a_table_of_the_page():
    tables = list(selections())
    assert len(tables) > 5
    for claim in load():
        own = {"source": claim.source, "origin": claim.origin, "family": family(claim), "mark": claim.mark}
        assert any(all(own[name] == value for name, value in table.items()) for table in tables), claim.id
