"""Where a claim of the theory stands: the verdict that its page's notebook printed, and whether that page is stale.

A wheel has no notebooks. It holds the verdicts that they had printed when it was built.
"""

import json
from functools import cache

from cl_book.claims.claim import Claim, ClaimError, Judge, Standing
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import stamps
from cl_book.notebooks.record import NOT_RUN
from cl_core import files

_SHIPPED = "book/verdicts.json"


def theory_judge() -> Judge:
    """Return a judge that takes the verdict from the stored notebook of the claim's page, read once.

    It raises ClaimError if that notebook printed two verdicts on the claim.
    """
    read_page = cache(_read_page)

    def judge(claim: Claim) -> Standing:
        lines, stale = read_page(claim.page)
        own = [line for line in lines if line.claim == claim.id]
        if len(own) > 1:
            raise ClaimError(f"{claim.page} prints {len(own)} verdicts on {claim.id}; a claim has one")
        if not own:
            return Standing(claim, NOT_RUN)
        line = own[0]
        return Standing(claim, line.verdict, line.evidence, stale, condition=line.condition)

    return judge


def _read_page(page: str) -> tuple[tuple[notebooks.Line, ...], tuple[str, ...]]:
    top = files.root()
    if top is None:
        entries = json.loads(files.read_text(_SHIPPED)).get(page, [])
        return tuple(notebooks.Line(**{"cell": 0, **entry}) for entry in entries), ()
    path = top / f"{page}.ipynb"
    if not path.exists():
        return (), ()
    return tuple(notebooks.read_verdicts(notebooks.load(path))), stamps.find_staleness(path)
