"""Where every claim stands: what is claimed is in book/claims.yml, the verdict in what was computed.

The verdict on a claim of the theory is the line that its page's notebook printed; the verdict on a claim about runs is
derived from results/. No verdict is written by hand.
"""

from collections.abc import Mapping, Sequence

from cl_book.claims.claim import FILE, ClaimError, Judge, Standing, load
from cl_book.claims.design_claims import design_judge
from cl_book.claims.run_claims import runs_judge
from cl_book.claims.theory_claims import theory_judge
from cl_core.naming import nearest


def standings(judges: Mapping[str, Judge] | None = None, *, ids: Sequence[str] = ()) -> tuple[Standing, ...]:
    """Return where every claim stands, in the order of the claims; `judges` replaces the judge of a source.

    With `ids` only those, in the order given. Raises ClaimError for one that does not exist, with the nearest.
    """
    chosen = {"theory": theory_judge(), "runs": runs_judge(), "design": design_judge(), **(judges or {})}
    claims = {claim.id: claim for claim in load()}
    for claim_id in ids:
        if claim_id not in claims:
            close = nearest(claim_id, claims, most=3) or list(claims)[:1]
            raise ClaimError(
                f"there is no claim {claim_id!r}; of {len(claims)}, {FILE} has {', '.join(close) or 'none'}"
            )
    return tuple(chosen[claims[each].source](claims[each]) for each in dict.fromkeys(ids or claims))


def standing(claim_id: str) -> Standing:
    """Return where the claim `claim_id` stands; raises ClaimError if there is none, with the nearest."""
    return standings(ids=[claim_id])[0]
