"""What the book had stated when a run was made: digests of its pages and claims, recorded with the run's result.

They tell what was stated before a run from what was stated or changed after it.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from cl_book.claims import claim as claims
from cl_core import files
from cl_core.experiments.plan import digest_json

PAGES = (claims.FILE, "book/protocol.md")
"""Pages whose digests a result records."""

DECIDES = ("statement", "shows", "tolerance", "test", "design")
"""What makes a claim on runs the claim that it is; another title or page does not change it."""


def statement_digests() -> dict[str, dict[str, str]]:
    """Return what a run that is made now records of the book: ``pages`` and ``claims``; both empty in a wheel."""
    return {"pages": page_digests(), "claims": claim_digests()}


def page_digests() -> dict[str, str]:
    """Return the first 16 digits of the SHA-256 of each of PAGES that this checkout has; empty in a wheel."""
    top = files.root()
    if top is None:
        return {}
    # Read past the record of reads: a page's numbers do not depend on these.
    present = [name for name in PAGES if (top / name).is_file()]
    return {name: hashlib.sha256((top / name).read_bytes()).hexdigest()[:16] for name in present}


def claim_digests() -> dict[str, str]:
    """Return, for each claim on runs that this checkout states, the first 8 digits of the digest of what it claims.

    A claim claims what the file states and what its test says for it. Empty in a wheel. Raises ClaimError where the
    list of claims does not hold together.
    """
    return _digests(lambda claim: claim.source == "runs")


def design_claim_digests(design: str) -> dict[str, str]:
    """Return the same for each claim on the runs of `design`."""
    return _digests(lambda claim: claim.design is not None and claim.design.name == design)


def _digests(chosen: Callable[[claims.Claim], bool]) -> dict[str, str]:
    top = files.root()
    if top is None or not (top / claims.FILE).is_file():
        return {}
    # Read past the record of reads, as the pages are.
    text = (top / claims.FILE).read_bytes()
    entries = {entry["id"]: entry for entry in claims.read_entries(text)}
    return {
        claim.id: claim_digest({**entries[claim.id], "shows": claim.shows, "tolerance": claim.tolerance})
        for claim in claims.parse_claims(text)
        if chosen(claim)
    }


def claim_digest(entry: Mapping[str, Any]) -> str:
    """Return the first 8 digits of the digest of what the claim `entry` claims, with its sentences whole."""
    return digest_json({name: entry.get(name) for name in DECIDES if name != "design" or name in entry})[:8]
