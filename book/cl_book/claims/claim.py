"""A claim, as book/claims.yml states it, and where one stands: its verdict with what qualifies it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from cl_book.claims.comparisons import Comparison
from cl_book.claims.design_tests import DesignTest
from cl_book.claims.statistics import Interval
from cl_book.notebooks.record import in_words
from cl_book.yaml_text import parse_yaml
from cl_core import files
from cl_core.parsing import explain_unreadable

FILE = "book/claims.yml"
"""The repository file that states the claims."""

PRIMARY_AT_MOST = 8
"""Claims in the primary family; more would leave each too little power after Holm's correction."""

STALE = "stale"
"""Stands in place of a verdict that was printed by code which is no longer the page's."""

_SOURCES_OF = {"T": ("theory",), "P": ("theory",), "C": ("runs", "design")}


class ClaimError(ValueError):
    """A claim that does not exist, or a list of claims that does not hold together."""


class Claim(BaseModel):
    """One checkable statement, written down before it is tested."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[TPC]\d{2,3}$", description="T our theory, P an item of the paper, C runs")
    title: str = Field(min_length=1)
    statement: str = Field(min_length=1)
    item: str = Field(default="", description="P ids only: the paper's item and equations, such as Lemma IV.2 (3)")
    where: str = Field(min_length=1, description="where in the paper, or why it is asked")
    mark: Literal["P", "S", "D"] = Field(description="seen in the paper, from third parties, derived here")
    source: Literal["theory", "runs", "design"]
    page: str = Field(min_length=1, description="the page that decides it, such as notebooks/02-bound")
    test: Comparison | None = Field(default=None, description="runs only: the comparison that decides it")
    design: DesignTest | None = Field(default=None, description="design only: what of a design's table decides it")
    shows: str = Field(
        default_factory=lambda stated: _from_test(stated, "shows"),
        min_length=1,
        description="what would show it; without it, the comparison's own sentence",
    )
    tolerance: str = Field(
        default_factory=lambda stated: _from_test(stated, "tolerance"),
        min_length=1,
        description="how far off still counts, and why; without it, the comparison's rule",
    )
    added: str | None = Field(default=None, min_length=1, description="when and why it was added after first results")
    amended: str | None = Field(default=None, min_length=1, description="why it was changed after its first result")

    @property
    def heading(self) -> str:
        """The title, after the paper's item if the claim is one: ``Lemma IV.2 (3): frozen training forgets …``."""
        return f"{self.item}: {self.title}" if self.item else self.title

    @property
    def origin(self) -> Literal["paper", "ours"]:
        """Whose statement it is: the paper's are its items (P ids) and what it says of its runs; ours is all else."""
        return "paper" if self.id[0] == "P" or (self.id[0] == "C" and self.mark != "D") else "ours"

    @model_validator(mode="after")
    def _source_fits(self) -> "Claim":
        if self.source not in _SOURCES_OF[self.id[0]]:
            raise ValueError(f"{self.id} has source {self.source!r}; T and P ids are theory, C ids runs or design")
        if bool(self.item) != (self.id[0] == "P"):
            raise ValueError(f"{self.id}: `item` names an item of the paper; P ids need it, other ids have none")
        if self.id[0] == "P" and self.mark != "P":
            raise ValueError(f"{self.id} has mark {self.mark!r}; an item of the paper is seen in its text, mark P")
        if (self.test is None) != (self.source != "runs"):
            raise ValueError(
                f"{self.id}: `test` says how runs decide a claim; theory claims have none, run claims need it"
            )
        if (self.design is None) != (self.source != "design"):
            raise ValueError(
                f"{self.id}: `design` says how a design's table decides a claim; claims of source design need it, others "
                "have none"
            )
        for name in ("shows", "tolerance"):
            if not getattr(self, name):
                raise ValueError(f"{self.id} has no `{name}`, and no test that says it by a rule; state it")
        return self


@dataclass(frozen=True)
class Standing:
    """Where a claim stands.

    `printed` is the verdict that its page shows (``not run`` if none), with its `evidence`; `stale` says why that page is
    no longer what its code would print, and is empty if it is. `labels` qualify a verdict on runs, such as ``smaller``;
    `interval` is what it rests on, in the claimed direction. `condition` goes with the verdict ``holds when``.
    """

    claim: Claim
    printed: str
    evidence: str = ""
    stale: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    interval: Interval | None = None
    condition: str = ""

    @property
    def verdict(self) -> str:
        """The verdict that counts now: as printed, or ``stale``."""
        return STALE if self.stale else self.printed

    @property
    def words(self) -> str:
        """The verdict that counts now, with its condition if it has one."""
        return STALE if self.stale else in_words(self.printed, self.condition)


Judge = Callable[[Claim], Standing]
"""Finds where one claim stands; each source of claims has one."""


def load() -> tuple[Claim, ...]:
    """Return the claims in their order; raises ClaimError where the file does not hold together, naming the claim."""
    return parse_claims(files.read_bytes(FILE))


def parse_claims(text: str | bytes) -> tuple[Claim, ...]:
    """Return the claims that a YAML text lists. Raises ClaimError where they do not hold together, naming the claim."""
    entries = read_entries(text)
    try:
        claims = _claims_adapter().validate_python(entries)
    except ValidationError as error:
        lines = [
            f"{_entry_name(entries, fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
            if fault["type"] != "default_factory_not_called"
        ]
        raise ClaimError(f"{FILE}: " + "; ".join(lines)) from error
    doubled = [name for name, count in Counter(claim.id for claim in claims).items() if count > 1]
    if doubled:
        raise ClaimError(f"{FILE}: {', '.join(sorted(doubled))} stands there twice; an id names one claim")
    primary = [claim.id for claim in claims if claim.test is not None and claim.test.primary]
    if len(primary) > PRIMARY_AT_MOST:
        raise ClaimError(f"{FILE}: {len(primary)} claims are primary ({', '.join(primary)}); at most {PRIMARY_AT_MOST}")
    return claims


@cache
def _claims_adapter() -> TypeAdapter[tuple[Claim, ...]]:
    return TypeAdapter(tuple[Claim, ...])


@lru_cache(maxsize=1)
def read_entries(text: str | bytes) -> list[dict[str, Any]]:
    """Return the entries that a YAML text lists, each by its names. Raises ClaimError where it is no such list."""
    with explain_unreadable(FILE, "a list of claims", cure="mend it, or restore it from git", error=ClaimError):
        entries = parse_yaml(text)
        if entries is None:
            raise ValueError("it holds nothing; a list without a claim is []")
        if not isinstance(entries, list):
            raise ValueError(f"it holds one {type(entries).__name__}; begin each claim with `- id:`")
        for number, entry in enumerate(entries, start=1):
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                raise ValueError(f"entry {number} has no `id`")
        return entries


def _from_test(stated: Mapping[str, Any], name: Literal["shows", "tolerance"]) -> str:
    """Return the sentence of a claim's test, or of its design; empty where there is neither or it has none."""
    test = stated.get("test") or stated.get("design")
    return "" if test is None else str(getattr(test, name)())


def _entry_name(entries: object, place: tuple[int | str, ...]) -> str:
    """Name a claim by its id where it has one: a position alone is hard to find."""
    if isinstance(entries, list) and place and isinstance(place[0], int):
        entry = entries[place[0]]
        name = entry.get("id") if isinstance(entry, dict) else None
        return ".".join([str(name or f"entry {place[0] + 1}"), *(str(part) for part in place[1:])])
    return "the list of claims"
