"""The book's own extensions to Sphinx: figures, verdicts and numbers from what notebooks store, never typed."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from cl_book import (
    api,
    charts,
    claims,
    cover,
    experiments,
    explorer,
    figures,
    footer,
    freshness,
    front,
    implied,
    launch,
    links,
    marks,
    numbers,
    offline,
    outputs,
    phasemap,
    proofs,
    reference,
    results,
    scoreboard,
    touch,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up every part."""
    for part in (
        offline,
        api,
        claims,
        figures,
        outputs,
        proofs,
        cover,
        marks,
        numbers,
        reference,
        results,
        experiments,
        charts,
        explorer,
        phasemap,
        touch,
        implied,
        scoreboard,
        freshness,
        footer,
        front,
        launch,
        links,
    ):
        part.setup(app)
    return {"version": "1", "env_version": _digest(), "parallel_read_safe": True, "parallel_write_safe": True}


def _digest() -> int:
    """Return a number that changes with these sources: pages that they made before are then made anew."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return int(sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8], 16)
