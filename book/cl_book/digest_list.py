"""The list of digests, ``results/DIGESTS``: each stored result's outcome, and what each claim of the theory claims.

It stands in git, so that a result that was edited and sealed again, or a claim whose tolerance was changed, differs
from what was listed; a commit that changes a line of it shows what changed. ``python -m cl_book.digest_list`` adds
what is new, and refuses to replace a line without ``--replace``.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from cl_book.claims import claim as claims
from cl_book.claims.stated import claim_digest
from cl_core import files
from cl_core.experiments.plan import digest_json
from cl_core.parsing import decode_text, explain_unreadable
from cl_core.runs.design_table import list_stored
from cl_core.runs.design_table import read_stored as read_table_of
from cl_core.runs.result_set import ResultSet, read_stored

LIST = "results/DIGESTS"
"""Name of the list in the repository: a line ``DIGEST  NAME`` each, sorted by name."""

_LINE = re.compile(r"([0-9a-f]{8,64})  (\S.*)")


def current_digests(results: ResultSet) -> dict[str, str]:
    """Return what is to be listed now: the outcome of each result, and the digest of each claim of the theory."""
    outcomes = {name: result.outcome for name, result in results.results.items()}
    entries = {entry["id"]: entry for entry in claims.read_entries(files.read_text(claims.FILE))}
    stated = {
        f"{claims.FILE} {claim.id}": claim_digest(
            {**entries[claim.id], "shows": claim.shows, "tolerance": claim.tolerance}
        )
        for claim in claims.load()
        if claim.source == "theory"
    }
    return {**outcomes, **_table_digests(), **stated}


def _table_digests() -> dict[str, str]:
    """Return one digest for each design's table: of its records' own digests, in their order."""
    tables = [Path(name).stem for name in list_stored()]
    return {f"designs/{name}.jsonl": digest_json([one.digest for one in read_table_of(name)]) for name in tables}


def listed_digests() -> dict[str, str] | None:
    """Return what the list holds, by name; None where there is no list. Raises ValueError for one that cannot be read."""
    path = files.locate(LIST)
    if path is None:
        return None
    with explain_unreadable(LIST, "a list of digests", cure="restore it from git"):
        digests: dict[str, str] = {}
        for number, line in enumerate(decode_text(path.read_bytes()).splitlines(), start=1):
            match = _LINE.fullmatch(line)
            if match is None or match[2] in digests:
                raise ValueError(f"line {number} is no digest and name, or a second one of that name")
            digests[match[2]] = match[1]
        return digests


def find_differences(listed: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """Return, a line each, what is not as it was listed, and what is listed and not there or there and not listed."""
    changed = [
        f"{name}: not as listed in {LIST}"
        for name in sorted(current)
        if name in listed and listed[name] != current[name]
    ]
    gone = [f"{name}: listed in {LIST}, and not there" for name in sorted(listed) if name not in current]
    return changed + gone + [f"{name}: not listed in {LIST}" for name in sorted(current) if name not in listed]


def write_list(*, replace: bool) -> list[str]:
    """Write today's list into the checkout and return what changed, a line each.

    Raises ValueError where a line would be replaced or taken out, unless `replace`.
    """
    listed, current = listed_digests() or {}, current_digests(read_stored())
    lines = find_differences(listed, current)
    lost = [line for line in lines if not line.endswith(f"not listed in {LIST}")]
    if lost and not replace:
        raise ValueError(
            f"{lost[0]}, and {len(lost) - 1} more; say why in the commit, and give --replace to list it anew"
        )
    files.write_text(files.base() / LIST, "".join(f"{current[name]}  {name}\n" for name in sorted(current)))
    return lines


def main() -> None:
    """Write the list, as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m cl_book.digest_list", description=__doc__)
    parser.add_argument("--replace", action="store_true", help="replace or take out lines that no longer hold")
    try:
        lines = write_list(replace=parser.parse_args().replace)
    except ValueError as error:
        sys.exit(f"digest_list: {error}")
    sys.stdout.write(f"{len(lines)} lines of {LIST} are new, replaced or gone\n")


if __name__ == "__main__":
    main()
