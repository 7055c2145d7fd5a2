"""A user's own claims: a file that states them, the runs that decide them, and where they stand by these runs.

The file is YAML: ``claims``, a list of entries with `id`, `title`, `statement` and `test`, and, if the user likes,
``profile``, that of the runs, and ``paper``, a file of reported numbers beside it with the columns table, experiment,
strategy, metric, mean and perhaps std. Verdicts come by the same rule as those of the book.
"""

import csv
import hashlib
import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from cl_book.claims.claim import PRIMARY_AT_MOST, Claim, ClaimError, Standing
from cl_book.claims.comparisons import Comparison
from cl_book.claims.paper_table import Reported
from cl_book.claims.repeat_command import list_options
from cl_book.claims.run_claims import STATED, own_judge
from cl_book.yaml_text import parse_yaml
from cl_core.experiments.catalogue import PROFILES
from cl_core.experiments.plan import Plan, digest_json
from cl_core.naming import require_name
from cl_core.parsing import decode_text, explain_unreadable

_KEYS = ("claims", "profile", "paper")
_COLUMNS = ("table", "experiment", "strategy", "metric", "mean")


class OwnClaim(Claim):
    """A statement of a user's own, about runs, written down before they are made."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,40}$")
    where: str = ""
    mark: Literal["D"] = "D"
    source: Literal["runs"] = "runs"
    page: str = ""
    test: Comparison
    tolerance: str = Field(default_factory=lambda stated: _state_tolerance(stated))

    @property
    def origin(self) -> Literal["paper", "ours"]:
        """Whose statement it is."""
        return "ours"

    @model_validator(mode="after")
    def _source_fits(self) -> "OwnClaim":
        return self


@dataclass(frozen=True)
class OwnClaims:
    """The claims of the file at `path`, whose content has the SHA-256 `digest`.

    `profile` is that of the runs where it was asked for and the file names none.
    """

    path: Path
    digest: str
    claims: tuple[OwnClaim, ...]
    profile: str | None = None

    def digests(self) -> dict[str, str]:
        """Return, by id, the first 8 digits of the digest of what each claims: its words, its test, δ and the effect."""
        return {
            claim.id: digest_json(
                {
                    **claim.model_dump(mode="json", include={"statement", "shows", "tolerance", "test"}),
                    "delta": claim.test.smallest,
                    "effect": claim.test.effect,
                }
            )[:8]
            for claim in self.claims
        }

    def record(self) -> dict[str, dict[str, str]]:
        """Return what a run made now records of the claims: ``stated``, their digests, and the file's among ``pages``."""
        return {STATED: self.digests(), "pages": {self.path.name: self.digest[:16]}}

    def choose(self, ids: Sequence[str]) -> tuple[OwnClaim, ...]:
        """Return the claims with these `ids`, or all. Raises ValueError for one that does not exist."""
        by_id = {claim.id: claim for claim in self.claims}
        for each in ids:
            require_name(f"claim in {self.path}", each, by_id)
        return tuple(by_id[each] for each in dict.fromkeys(ids or by_id))

    def list_runs(self, ids: Sequence[str] = ()) -> list[Plan]:
        """Return every run that the claims need, each once, what a control follows before it."""
        plans: dict[str, Plan] = {}
        for claim in self.choose(ids):
            for plan in claim.test.runs():
                for each in (plan.followed, plan):
                    if each is not None:
                        plans.setdefault(each.name, each)
        return list(plans.values())

    def stand(self, results: Path, ids: Sequence[str] = ()) -> tuple[Standing, ...]:
        """Return where the claims stand by the results in the folder `results`."""
        judge = own_judge(self.claims, results, self.digests())
        return tuple(judge(claim) for claim in self.choose(ids))

    def sweep_command(self, results: Path) -> str:
        """Return the command line that makes the runs of the claims in the folder `results`."""
        return f"cl-core sweep {self._options} --out {shlex.quote(str(results))}"

    def judge_command(self, results: Path) -> str:
        """Return the command line that says where the claims stand by the results in the folder `results`."""
        return f"cl-core claims {self._options} --results {shlex.quote(str(results))}"

    @property
    def _options(self) -> str:
        named = "" if self.profile is None else f" --profile {self.profile}"
        return f"--claims {shlex.quote(str(self.path))}{named}"

    def plan_lines(self, results: Path, ids: Sequence[str] = ()) -> list[str]:
        """Return what each claim needs, as sweeps, how much of it is in `results`, and the command for the rest."""
        lines = []
        for claim in self.choose(ids):
            runs = self.list_runs([claim.id])
            there = sum((results / plan.name).exists() for plan in runs)
            lines.append(f"{claim.id}  {claim.title}: {there} of {len(runs)} runs are there")
            lines += [f"     cl-core sweep {options}" for options in list_options(claim.test, claim.test.runs())]
        runs = self.list_runs(ids)
        missing = sum(not (results / plan.name).exists() for plan in runs)
        lines.append(f"{len(runs)} runs in all, {missing} to do: {self.sweep_command(results)}")
        return lines


def read_own_claims(path: Path, profile: str | None = None) -> OwnClaims:
    """Return the claims that the file at `path` states; `profile` is that of the runs, where the file names none.

    Raises ClaimError, naming the file and the claim, where they do not hold together.
    """
    with explain_unreadable(path, "a file of claims", cure="mend it", error=ClaimError):
        content = path.read_bytes()
        stated = parse_yaml(content)
        parts: dict[str, Any] = {"claims": stated} if isinstance(stated, list) else stated
        if not isinstance(parts, dict) or not isinstance(parts.get("claims"), list):
            raise ValueError("it has no list `claims`; begin each claim with `- id:`")
        for key in parts:
            require_name("part of such a file", key, _KEYS)
        stated_profile = parts.get("profile")
        of_runs = _choose_profile(stated_profile, profile)
        cells = {} if parts.get("paper") is None else _read_table(path.parent / str(parts["paper"]))
        claims = _check_claims([_fill_profile(entry, of_runs) for entry in parts["claims"]], cells)
    return OwnClaims(path, hashlib.sha256(content).hexdigest(), claims, of_runs if stated_profile is None else None)


def _choose_profile(stated: Any, asked: str | None) -> str:
    if stated is not None and asked not in (None, stated):
        raise ValueError(f"it states profile {stated!r}, and --profile {asked} would decide it from other runs")
    profile = asked if stated is None else stated
    if profile is None:
        raise ValueError("it names no `profile` of its runs; write profile: smoke, cpu or paper, or give --profile")
    require_name("profile", profile, PROFILES)
    return str(profile)


def _fill_profile(entry: Any, profile: str) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("test"), dict):
        return entry
    return {**entry, "test": {"profile": profile, **entry["test"]}}


def _check_claims(entries: Sequence[Any], cells: Mapping[str, Reported]) -> tuple[OwnClaim, ...]:
    claims = []
    for number, entry in enumerate(entries, start=1):
        try:
            claim = TypeAdapter(OwnClaim).validate_python(entry, context={"cells": cells})
            claim.test.runs()
        except ValidationError as error:
            faults = [fault for fault in error.errors() if fault["type"] != "default_factory_not_called"]
            place = ".".join(str(part) for part in faults[0]["loc"])
            raise ValueError(f"{_name(entry, number)}{place and f', {place}'}: {faults[0]['msg']}") from None
        except ValueError as error:
            raise ValueError(f"{_name(entry, number)}: {error}") from None
        claims.append(claim)
    ids = [claim.id for claim in claims]
    if doubled := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"{', '.join(doubled)} stands there twice; an id names one claim")
    primary = [claim.id for claim in claims if claim.test.primary]
    if len(primary) > PRIMARY_AT_MOST:
        raise ValueError(f"{len(primary)} claims are primary ({', '.join(primary)}); at most {PRIMARY_AT_MOST}")
    return tuple(claims)


def _name(entry: Any, number: int) -> str:
    return str(entry["id"]) if isinstance(entry, dict) and entry.get("id") else f"claim {number}"


def _state_tolerance(stated: Mapping[str, Any]) -> str:
    test = stated.get("test")
    return "" if test is None else test.tolerance() or f"δ is {test.delta:g}, as stated."


def _read_table(path: Path) -> dict[str, Reported]:
    """Return the numbers of a table of the user's by ``table/experiment/strategy/metric``."""
    reader = csv.DictReader(io.StringIO(decode_text(path.read_bytes()), newline=""), strict=True)
    if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
        raise ValueError(
            f"{path} has no column {missing[0]!r}; its first line names {', '.join(_COLUMNS)}, and perhaps std"
        )
    cells: dict[str, Reported] = {}
    for row in reader:
        key = "/".join(str(row[name]) for name in _COLUMNS[:-1])
        _require_numbers([row["mean"]], path, reader.line_num)
        if key in cells:
            raise ValueError(f"{path}, line {reader.line_num}, gives {key} a second time")
        cells[key] = Reported(row["mean"], row.get("std") or "", "D")
    return cells


def _require_numbers(texts: Iterable[str | None], path: Path, line: int) -> None:
    for text in texts:
        try:
            float(text or "")
        except ValueError:
            raise ValueError(f"{path}, line {line}: mean {text!r} is no number") from None
