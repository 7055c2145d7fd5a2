"""Strategies renamed: stored results moved to the new name, nothing else in them changed, and the ledger told.

The rule with two levels was called ``adaptive`` until Algorithm 1 came to stand beside it. Its runs are not made
again for that: ``python -m cl_book.renaming`` gives each result of NAMES its new name and strategy, a control the new
name and digests of the run that it follows, and seals it anew. The ledger keeps old name and digest beside the new, and
for each claim the digest of its old text beside that of the new, so that a claim is not called amended for a name.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cl_book.claims import claim as claims
from cl_book.claims.stated import claim_digest, claim_digests
from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.store import RESULTS, Result
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs import ledger
from cl_core.runs.ledger import RenamedResult, Renaming

NAMES: Mapping[str, str] = {
    "adaptive": "two-level",
    "random": "two-level-random",
    "inverted": "two-level-inverted",
    "constant": "two-level-constant",
}
"""The strategies' new names, by the old ones."""


def rename_result(result: Result, names: Mapping[str, str], sources: Mapping[str, tuple[str, Result]]) -> Result:
    """Return `result` under the name that `names` gives its strategy, following the run that `sources` names instead.

    `sources` holds the new name and the renamed result of each run that was renamed, by its old name.
    """
    source = result.source
    if source is not None and source["name"] in sources:
        name, followed = sources[source["name"]]
        source = {"name": name, "digest": followed.digest, "outcome": followed.outcome}
    return replace(result, strategy=names.get(result.strategy, result.strategy), source=source).sealed()


def rename_stored(names: Mapping[str, str]) -> tuple[RenamedResult, ...]:
    """Rename the repository's results of the strategies in `names`, what is followed first; return what was renamed.

    Raises ValueError where a result would not be written again byte for byte but for the renaming.
    """
    top = files.base() / RESULTS
    old = {name.removeprefix(f"{RESULTS}/"): store.load(name) for name in store.stored()}
    chosen = {name: result for name, result in old.items() if result.strategy in names}
    done: dict[str, tuple[str, Result]] = {}
    for name, result in sorted(chosen.items(), key=lambda entry: entry[1].source is not None):
        path = top / name
        if store.dumps(result) != path.read_text(encoding="utf-8"):
            raise ValueError(f"{name} is not written as this version writes results; restore it from git")
        new_name = _new_name(name, result.strategy, names[result.strategy])
        renamed = rename_result(result, names, done)
        store.save(renamed, top / new_name)
        path.unlink()
        done[name] = (new_name, renamed)
    return tuple(
        RenamedResult(old=name, old_digest=old[name].digest, new=new_name, new_digest=renamed.digest)
        for name, (new_name, renamed) in sorted(done.items())
    )


def claims_as_before(names: Mapping[str, str]) -> dict[str, str]:
    """Return, for each claim on runs, the digest that it has with the old names in its text and its test."""
    text = files.read_text(claims.FILE)
    entries = {entry["id"]: entry for entry in claims.read_entries(text)}
    return {
        claim.id: claim_digest(
            _with_old_names({**entries[claim.id], "shows": claim.shows, "tolerance": claim.tolerance}, names)
        )
        for claim in claims.parse_claims(text)
        if claim.source == "runs"
    }


def main() -> None:
    """Rename the stored results and write the ledger; refused while the table has a strategy of an old name."""
    if both := sorted(set(NAMES) & set(STRATEGIES)):
        raise SystemExit(
            f"{', '.join(both)} names a strategy of today, whose results would be renamed; nothing was done"
        )
    now, before = claim_digests(), claims_as_before(NAMES)
    renamed = rename_stored(NAMES)
    if not renamed:
        raise SystemExit("no result has an old name; nothing was done")
    entry = Renaming(
        date=datetime.now(UTC).date().isoformat(),
        names=NAMES,
        results=renamed,
        claims={id: {before[id]: now[id]} for id in now if before[id] != now[id]},
    )
    ledger.add_renaming(entry)
    sys.stdout.write(f"{len(renamed)} results renamed, {len(entry.claims)} claims known by their old digests\n")


def _new_name(name: str, old: str, new: str) -> str:
    folder, _, stem = name.rpartition("/")
    return f"{folder}/{new}{stem.removeprefix(old)}"


def _with_old_names(content: Any, names: Mapping[str, str]) -> Any:
    if isinstance(content, Mapping):
        return {key: _with_old_names(value, names) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_old_names(value, names) for value in content]
    if not isinstance(content, str):
        return content
    # The longest first: the rule's name stands in its controls' names. "A two-level" was "an adaptive".
    for old, new in sorted(names.items(), key=lambda pair: -len(pair[1])):
        article = "an" if old[0] in "aeiou" else "a"
        content = re.sub(rf"\b([Aa]) {new}\b", rf"\g<1>{article[1:]} {old}", content)
        content = re.sub(rf"\b{new}\b", old, content)
        content = re.sub(rf"\b{new.capitalize()}\b", old.capitalize(), content)
    return content


if __name__ == "__main__":
    main()
