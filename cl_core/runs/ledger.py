"""The ledger of confirmed code, ``results/confirmed.json``: which code gives the results, and how that is known.

Code is known by one digest over the files that a run can reach. An entry says that with this code all golden runs came
out as stored, when and on what, and how stored results that were made again compared. A moved or edited file gives
another digest, and one ``cl-core confirm`` settles it. The file is a JSON object: ``version``, ``confirmed``, the
entries, newest last, and ``renamed``, which strategies got another name, with the results that were renamed for it;
whatever else it holds is kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cl_core import files
from cl_core.parsing import explain_unreadable, parse_json

LEDGER = "results/confirmed.json"
"""Name of the ledger in the repository."""

VERSION = 1

_Entry = TypeVar("_Entry")
_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Repetition:
    """A stored result made again: its name, whether it was identical to the bit, and by how much its measures differ.

    `largest` is the largest difference in points of accuracy; `same_machine` says whether processor and versions were
    those that made the stored one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    result: str
    identical: bool
    largest: float
    same_machine: bool


@dataclass(frozen=True)
class Confirmation:
    """One entry: the digest `code` was confirmed on `date` (ISO 8601) by `golden_runs` golden runs, all as stored.

    `golden` is a digest of the stored golden runs, `processor` and `versions` are what they were made again with.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    code: str
    date: str
    golden_runs: int
    golden: str
    processor: str
    versions: Mapping[str, str]
    repeated: tuple[Repetition, ...] = field(default=())


@dataclass(frozen=True)
class RenamedResult:
    """One result renamed: its name below the results folder and its digest, before and after."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    old: str
    old_digest: str
    new: str
    new_digest: str


@dataclass(frozen=True)
class Renaming:
    """Strategies that got another name on `date` (ISO 8601): `names` by the old ones, and the `results` renamed for it.

    `claims` holds, by claim, the new digest of each digest that a result may have recorded of its text before.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    date: str
    names: Mapping[str, str]
    results: tuple[RenamedResult, ...] = ()
    claims: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def confirmations() -> list[Confirmation]:
    """Return the entries of the repository's ledger, newest last; none where there is no ledger.

    Raises ValueError for a ledger that cannot be read.
    """
    return [_from_json(entry) for entry in _content()["confirmed"]]


def confirmation_of(code: str) -> Confirmation | None:
    """Return the newest entry for the code with this digest, None where it was never confirmed."""
    return next((entry for entry in reversed(confirmations()) if entry.code == code), None)


def add(entry: Confirmation) -> Path:
    """Append `entry` to the checkout's ledger and return the file; an older one of the same code is taken in.

    Of a result that was made again twice with the same code the newer comparison stays.
    Raises RuntimeError outside a checkout.
    """
    top = _checkout()
    content = _content()
    entries = confirmations()
    repeated = {one.result: one for old in entries if old.code == entry.code for one in old.repeated}
    repeated.update({one.result: one for one in entry.repeated})
    merged = replace(entry, repeated=tuple(repeated[name] for name in sorted(repeated)))
    content["confirmed"] = [asdict(one) for one in (*(old for old in entries if old.code != entry.code), merged)]
    return _write(top, content)


def renamings() -> tuple[Renaming, ...]:
    """Return the renamings in the repository's ledger, newest last; none where there is no ledger.

    Raises ValueError for a ledger that cannot be read.
    """
    return _parse_renamings(json.dumps(_content().get("renamed", [])))


def add_renaming(entry: Renaming) -> Path:
    """Append `entry` to the checkout's ledger and return the file. Raises RuntimeError outside a checkout."""
    top = _checkout()
    content = _content()
    content["renamed"] = [*content.get("renamed", []), asdict(entry)]
    return _write(top, content)


def repetitions(entries: Sequence[Confirmation]) -> dict[str, Repetition]:
    """Return the newest repetition of each result that was ever made again, by the result's name."""
    return {one.result: one for entry in entries for one in entry.repeated}


def _checkout() -> Path:
    top = files.root()
    if top is None:
        raise RuntimeError("a ledger is kept in a checkout alone, and there is none here; clone the repository")
    return top


def _write(top: Path, content: Mapping[str, Any]) -> Path:
    path = top / LEDGER
    files.write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def _content() -> dict[str, Any]:
    # Read past the record of reads: no page's numbers depend on it.
    path = files.locate(LEDGER)
    if path is None:
        return {"version": VERSION, "confirmed": []}
    with explain_unreadable(LEDGER, "JSON", cure="restore it from git"):
        content: dict[str, Any] = parse_json(path.read_bytes())
    if (
        not isinstance(content, dict)
        or content.get("version") != VERSION
        or not isinstance(content.get("confirmed"), list)
    ):
        raise ValueError(f"{LEDGER} is not a ledger of version {VERSION}; restore it from git")
    return content


def _from_json(entry: Mapping[str, Any]) -> Confirmation:
    with explain_unreadable(f"an entry of {LEDGER}", "a confirmation", cure="restore it from git"):
        return _parse_entry(Confirmation, entry)


@lru_cache(maxsize=1)
def _parse_renamings(text: str) -> tuple[Renaming, ...]:
    return tuple(_renaming(entry) for entry in json.loads(text))


def _renaming(entry: Mapping[str, Any]) -> Renaming:
    with explain_unreadable(f"an entry of {LEDGER}", "a renaming", cure="restore it from git"):
        return _parse_entry(Renaming, entry)


def _parse_entry(kind: type[_Entry], entry: Mapping[str, Any]) -> _Entry:
    try:
        # As JSON: an instance would be taken as it is, whatever it holds.
        return TypeAdapter(kind).validate_json(json.dumps(entry), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise ValueError(f"{place and f'{place}: '}{fault['msg']}") from None
