"""The claims and where each stands: what is claimed stands in book/claims.yml, the verdict in what was computed.

The verdict on a claim of the theory is the line that its page's notebook printed; the verdict on a claim about runs is
derived from results/. No verdict is written by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from cl_book.claims.comparisons import PRIMARY_AT_MOST, Comparison
from cl_book.claims.stated import CLAIMS, safe_load
from cl_book.claims.statistics import Interval
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import stamps
from cl_book.notebooks.record import NOT_RUN
from cl_core import files

FILE = CLAIMS
"""The repository file that states the claims."""

STALE = "stale"
"""Stands in place of a verdict that was printed by code which is no longer the page's."""

_SOURCE_OF = {"T": "theory", "C": "runs"}


class ClaimError(ValueError):
    """A claim that does not exist, or a list of claims that does not hold together."""


class Claim(BaseModel):
    """One checkable statement, written down before it is tested."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[TC]\d\d$")
    title: str = Field(min_length=1)
    statement: str = Field(min_length=1)
    where: str = Field(min_length=1, description="where in the paper, or why it is asked")
    mark: Literal["P", "S", "D"] = Field(description="seen in the paper, from third parties, derived here")
    source: Literal["theory", "runs"]
    page: str = Field(min_length=1, description="the page that decides it, such as notebooks/02-bound")
    shows: str = Field(min_length=1, description="what would show it")
    tolerance: str = Field(min_length=1, description="how far off still counts, and why")
    test: Comparison | None = Field(default=None, description="runs only: the comparison that decides it")
    amended: str | None = Field(default=None, min_length=1, description="why it was changed after its first result")

    @model_validator(mode="after")
    def _source_fits(self) -> "Claim":
        if _SOURCE_OF[self.id[0]] != self.source:
            raise ValueError(f"{self.id} has source {self.source!r}; T ids are theory, C ids are runs")
        if (self.test is None) != (self.source == "theory"):
            raise ValueError(
                f"{self.id}: `test` says how runs decide a claim; theory claims have none, run claims need it"
            )
        return self


@dataclass(frozen=True)
class Standing:
    """Where a claim stands.

    `printed` is the verdict that its page shows (``not run`` if none), with its `evidence`; `stale` says why that page is
    no longer what its code would print, and is empty if it is. `labels` qualify a verdict on runs, such as ``smaller``;
    `interval` is what it rests on, in the claimed direction.
    """

    claim: Claim
    printed: str
    evidence: str = ""
    stale: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    interval: Interval | None = None

    @property
    def verdict(self) -> str:
        """The verdict that counts now: as printed, or ``stale``."""
        return STALE if self.stale else self.printed


Judge = Callable[[Claim], Standing]
"""Finds where one claim stands; each source of claims has one."""


def load() -> tuple[Claim, ...]:
    """Return the claims in their order; raises ClaimError where the file does not hold together, naming the claim."""
    entries = safe_load(files.read_text(FILE)) or []
    try:
        claims = TypeAdapter(tuple[Claim, ...]).validate_python(entries)
    except ValidationError as error:
        lines = [f"{_entry_name(entries, fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise ClaimError(f"{FILE}: " + "; ".join(lines)) from error
    doubled = {claim.id for claim in claims if [other.id for other in claims].count(claim.id) > 1}
    if doubled:
        raise ClaimError(f"{FILE}: {', '.join(sorted(doubled))} stands there twice; an id names one claim")
    primary = [claim.id for claim in claims if claim.test is not None and claim.test.primary]
    if len(primary) > PRIMARY_AT_MOST:
        raise ClaimError(f"{FILE}: {len(primary)} claims are primary ({', '.join(primary)}); at most {PRIMARY_AT_MOST}")
    return claims


def standings(judges: Mapping[str, Judge] | None = None, *, ids: Sequence[str] = ()) -> tuple[Standing, ...]:
    """Return where every claim stands, in the order of the claims; `judges` replaces the judge of a source.

    With `ids` only those, in the order given. Raises ClaimError for one that does not exist, with the nearest.
    """
    chosen = {**all_judges(), **(judges or {})}
    known = {claim.id: claim for claim in load()}
    for claim_id in ids:
        if claim_id not in known:
            near = get_close_matches(claim_id, known, n=3, cutoff=0.5) or list(known)[:1]
            raise ClaimError(f"there is no claim {claim_id!r}; of {len(known)}, {FILE} has {', '.join(near) or 'none'}")
    return tuple(chosen[known[each].source](known[each]) for each in dict.fromkeys(ids or known))


def standing(claim_id: str) -> Standing:
    """Return where the claim `claim_id` stands; raises ClaimError if there is none, with the nearest."""
    return standings(ids=[claim_id])[0]


def all_judges() -> dict[str, Judge]:
    """Return the judge of each source, which asks each page or result once in its life."""
    from cl_book.claims.run_claims import runs_judge

    return {"theory": theory_judge(), "runs": runs_judge()}


def theory_judge() -> Judge:
    """Return a judge that takes the verdict from the stored notebook of the claim's page.

    It raises ClaimError if that notebook printed two verdicts on the claim.
    """
    asked = cache(_printed_on)

    def judge(claim: Claim) -> Standing:
        lines, stale = asked(claim.page)
        own = [line for line in lines if line.claim == claim.id]
        if len(own) > 1:
            raise ClaimError(f"{claim.page} prints {len(own)} verdicts on {claim.id}; a claim has one")
        return Standing(claim, own[0].verdict, own[0].evidence, stale) if own else Standing(claim, NOT_RUN)

    return judge


def _printed_on(page: str) -> tuple[tuple[notebooks.Line, ...], tuple[str, ...]]:
    top = files.root()
    path = (top or Path()) / f"{page}.ipynb"
    if top is None or not path.exists():
        return (), ()
    return tuple(notebooks.verdict_lines(notebooks.load(path))), stamps.state(path)


def _entry_name(entries: object, place: tuple[int | str, ...]) -> str:
    """Name a claim by its id where it has one: a position alone is hard to find."""
    if isinstance(entries, list) and place and isinstance(place[0], int):
        entry = entries[place[0]]
        name = entry.get("id") if isinstance(entry, dict) else None
        return ".".join([str(name or f"entry {place[0] + 1}"), *(str(part) for part in place[1:])])
    return "the list of claims"
