"""One look over the repository: which pages and results are stale and why, and which claims have no verdict."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cl_book import digest_list
from cl_book.claims.claim import FILE
from cl_book.claims.run_claims import ADDED_UNEXPLAINED, AMENDED_UNEXPLAINED
from cl_book.claims.standings import standings
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import stamps
from cl_book.notebooks.record import NOT_RUN
from cl_core import files
from cl_core.experiments.provenance import require_own_code
from cl_core.experiments.store import RESULTS
from cl_core.runs.result_set import ResultSet, read_stored


@dataclass(frozen=True)
class Report:
    """What was found, a line each, and how many faults there are: stale pages and results, unexplained changes."""

    lines: tuple[str, ...]
    faults: int


def check() -> Report:
    """Return what is stale in the checkout that this stands in; raises ValueError where the code run is another one's."""
    require_own_code()
    results = read_stored()
    parts = (_notebooks(), _results(results), _digests(results), _claims())
    return Report(lines=tuple(line for part in parts for line in part.lines), faults=sum(part.faults for part in parts))


def _notebooks() -> Report:
    states = {path.name: stamps.find_staleness(path) for path in notebooks.list_stored()}
    stale = {name: reasons for name, reasons in states.items() if reasons}
    lines = [line for name, reasons in stale.items() for line in (f"{name}: stale, because", *_indented(reasons))]
    return Report((*lines, f"{len(states)} notebooks, {len(stale)} stale"), faults=len(stale))


def _results(results: ResultSet) -> Report:
    states = {f"{RESULTS}/{name}": state for name, state in results.states.items()}
    stale = {name: state.stale for name, state in states.items() if state.stale}
    lines = [line for name, reasons in stale.items() for line in (f"{name}: stale, because", *_indented(reasons))]
    unconfirmed: dict[tuple[str, ...], list[str]] = {}
    for name, state in states.items():
        if state.unconfirmed and not state.stale:
            unconfirmed.setdefault(state.unconfirmed, []).append(name)
    for code, names in unconfirmed.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"{names[0]}{more}: unconfirmed, made before a change of {_some(code)}")
    count = sum(map(len, unconfirmed.values()))
    cure = "; `cl-core confirm` holds today's code against the golden runs" if count else ""
    return Report((*lines, f"{len(states)} results, {len(stale)} stale, {count} unconfirmed{cure}"), faults=len(stale))


def _digests(results: ResultSet) -> Report:
    listed = digest_list.listed_digests()
    if listed is None:
        return Report((), faults=0)
    differing = digest_list.find_differences(listed, digest_list.current_digests(results))
    lines = [f"{line}; `python -m cl_book.digest_list` lists what is meant" for line in differing]
    return Report((*lines, f"{len(listed)} digests listed, {len(differing)} to mend"), faults=len(differing))


def check_repeated(count: int, *, seed: int | None = None, tell: Callable[[str], None] = lambda line: None) -> Report:
    """Make `count` results drawn at random again, from those whose images are here, and return how they compare.

    `seed` decides which (None: it is drawn, and said); `tell` is given each line as it comes. A repetition that does
    not confirm its result is a fault, and so is having none to draw from. Needs torch.
    """
    from cl_core.runs.repeat import repeat
    from cl_core.streams import list_available

    require_own_code()
    here = {(row.name, row.route) for row in list_available() if row.verified}
    names = [n for n, one in read_stored().current.items() if (one.data["name"], one.data["route"]) in here]
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = random.Random(seed).sample(names, min(count, len(names)))  # noqa: S311
    lines = [f"{len(drawn)} of {len(names)} results whose images are here, drawn with --seed {seed}"]
    tell(lines[0])
    faults = 0 if drawn else 1
    for name in drawn:
        _, comparison = repeat(files.base() / RESULTS / name)
        faults += not comparison.holds
        how = "identical to the bit" if comparison.identical else f"differs by {comparison.largest:.2f} points at most"
        lines.append(f"{RESULTS}/{name}, made again: {how}" + ("" if comparison.holds else ", which is too much"))
        tell(lines[-1])
    return Report(tuple(lines), faults)


def _claims() -> Report:
    stands = standings()
    not_run = [f"{one.claim.id}: not run ({one.claim.heading})" for one in stands if one.printed == NOT_RUN]
    unexplained = [
        f"{one.claim.id}: {what} after its first result; {cure} in {FILE}"
        for one in stands
        for label, what, cure in (
            (ADDED_UNEXPLAINED, "added", "say when and why as `added`"),
            (AMENDED_UNEXPLAINED, "changed", "give the reason as `amended`"),
        )
        if label in one.labels
    ]
    summary = f"{len(stands)} claims, {len(not_run)} not run"
    return Report((*not_run, *unexplained, summary), faults=len(unexplained))


def _indented(reasons: tuple[str, ...]) -> list[str]:
    return [f"  {reason}" for reason in reasons]


def _some(paths: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(paths) - most} more files" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
