"""What the book had stated when a run was made: digests of its pages and claims, recorded with the run's result.

They tell what was stated before a run from what was stated or changed after it.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from cl_core import files
from cl_core.experiments.plan import digest_json

CLAIMS = "book/claims.yml"

PAGES = (CLAIMS, "book/protocol.md")
"""Pages whose digests a result records."""

DECIDES = ("statement", "shows", "tolerance", "test")
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

    Empty in a wheel.
    """
    top = files.root()
    if top is None or not (top / CLAIMS).is_file():
        return {}
    return dict(_claim_digests((top / CLAIMS).read_text(encoding="utf-8")))


def claim_digest(entry: Mapping[str, Any]) -> str:
    """Return the first 8 digits of the digest of what the claim `entry`, as the file states it, claims."""
    return digest_json({name: entry.get(name) for name in DECIDES})[:8]


def safe_load(text: str) -> Any:
    """Return what a YAML text holds, read by the safe loader in C where there is one: it is ten times faster."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


@lru_cache(maxsize=1)
def _claim_digests(text: str) -> Mapping[str, str]:
    entries = safe_load(text) or []
    return {entry["id"]: claim_digest(entry) for entry in entries if entry.get("source") == "runs"}
