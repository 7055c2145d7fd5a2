"""One look over the repository: which pages and results are stale and why, and which claims have no verdict."""

import random
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cl_book import digest_list
from cl_book.claims.claim import FILE
from cl_book.claims.run_claims import ADDED_UNEXPLAINED, AMENDED_UNEXPLAINED
from cl_book.claims.standings import standings
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import stamps
from cl_book.notebooks.record import NOT_RUN
from cl_core import files
from cl_core.experiments.provenance import require_own_code
from cl_core.experiments.store import RESULTS, Result
from cl_core.runs.design_table import list_stored
from cl_core.runs.design_table import read_stored as read_table_of
from cl_core.runs.design_table import states as find_states
from cl_core.runs.plausibility import find_wrong_streams
from cl_core.runs.result_set import ResultSet, read_results, read_stored

Tell = Callable[[str], None]
"""Is given each line of a long check as it comes."""


@dataclass(frozen=True)
class Report:
    """What was found, a line each, and how many faults there are: stale pages and results, unexplained changes."""

    lines: tuple[str, ...]
    faults: int


def check() -> Report:
    """Return what is stale in the checkout that this stands in; raises ValueError where the code run is another one's."""
    require_own_code()
    results = read_stored()
    parts = (_notebooks(), _results(results), _designs(), _digests(results), _claims())
    return Report(lines=tuple(line for part in parts for line in part.lines), faults=sum(part.faults for part in parts))


def _notebooks() -> Report:
    states = {path.name: _find_reasons(path) for path in notebooks.list_stored()}
    stale = {name: reasons for name, reasons in states.items() if reasons}
    lines = [line for name, reasons in stale.items() for line in (f"{name}: stale, because", *_indented(reasons))]
    return Report((*lines, f"{len(states)} notebooks, {len(stale)} stale"), faults=len(stale))


def _find_reasons(path: Path) -> tuple[str, ...]:
    """Return why a notebook is stale; one that cannot be read is, and the others are looked at all the same."""
    try:
        return stamps.find_staleness(path)
    except ValueError as error:
        return (str(error),)


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


def _designs() -> Report:
    """Return what is wrong with the tables of designs; nothing is said where there is none."""
    lines: list[str] = []
    faults = count = unconfirmed = 0
    for name in list_stored():
        try:
            records = read_table_of(Path(name).stem)
            found = find_states(records)
        except (ValueError, FileNotFoundError) as error:
            faults += 1
            lines.append(f"{name}: {error}")
            continue
        count += len(records)
        unconfirmed += sum(bool(state.unconfirmed) for state in found.values())
        for (protocol, role), state in found.items():
            if state.stale:
                faults += 1
                lines += [f"{name}: protocol {protocol}, {role}, is stale, because", *_indented(state.stale)]
    if not lines and not count:
        return Report((), 0)
    return Report((*lines, f"{count} records of designs, {faults} at fault, {unconfirmed} unconfirmed"), faults)


def _digests(results: ResultSet) -> Report:
    listed = digest_list.listed_digests()
    if listed is None:
        return Report((), faults=0)
    differing = digest_list.find_differences(listed, digest_list.current_digests(results))
    lines = [f"{line}; `python -m cl_book.digest_list` lists what is meant" for line in differing]
    return Report((*lines, f"{len(listed)} digests listed, {len(differing)} to mend"), faults=len(differing))


def check_streams(*, tell: Tell = lambda line: None) -> Report:
    """Draw again the stream of tasks of every result whose images are here, and return which results saw another.

    A result that did is a fault, and so is having none to look at. `tell` is given each line as it comes.
    """
    require_own_code()
    results, here = read_stored().results, _list_images_here()
    held, absent = _split_by_images(results, here)
    if not held:
        return _tell_nothing(tell, len(results), absent)
    lines = list(absent)
    wrong = find_wrong_streams({name: results[name] for name in held}, here=here, tell=tell)
    lines += [f"{RESULTS}/{name}: {reason}" for name, reason in wrong.items()]
    lines += [f"{len(held) - len(wrong)} of {len(held)} results saw the stream that their settings and seed draw"]
    for line in lines:
        tell(line)
    return Report(tuple(lines), faults=len(wrong))


def check_repeated(count: int, *, seed: int | None = None, tell: Tell = lambda line: None) -> Report:
    """Make `count` results drawn at random again, from those whose images are here, and return how they compare.

    `seed` decides which (None: it is drawn, and said); `tell` is given each line as it comes. A repetition that does
    not confirm its result is a fault, and so is having none to draw from. Needs torch.
    """
    from cl_core.runs.repeat import repeat

    require_own_code()
    results = read_results().current
    names, absent = _split_by_images(results, _list_images_here())
    if not names:
        return _tell_nothing(tell, len(results), absent)
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = random.Random(seed).sample(names, min(count, len(names)))  # noqa: S311
    lines = [f"{len(drawn)} of {len(names)} results whose images are here, drawn with --seed {seed}", *absent]
    for line in lines:
        tell(line)
    faults = 0
    for name in drawn:
        try:
            _, comparison = repeat(files.base() / RESULTS / name)
            found, holds = comparison.summary, comparison.holds
        except (ValueError, RuntimeError, ArithmeticError) as error:
            found, holds = f"it cannot be made again: {error}", False
        faults += not holds
        lines.append(f"{RESULTS}/{name}, made again: {found}")
        tell(lines[-1])
    return Report(tuple(lines), faults)


def _tell_nothing(tell: Tell, count: int, absent: tuple[str, ...]) -> Report:
    line = f"0 of {count} results have their images here" + "".join(f": {one}" for one in absent)
    tell(line)
    return Report((line,), faults=1)


def _list_images_here() -> frozenset[tuple[str, str]]:
    """Return, by data set and route, the images that are here and what the manifest vouches for."""
    from cl_core.streams import list_available

    return frozenset((row.name, row.route) for row in list_available() if row.verified)


def _split_by_images(
    results: Mapping[str, Result], here: Collection[tuple[str, str]]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the names of the results whose images are here, and a line on the others where there are any."""
    images = {name: (result.data["name"], result.data["route"]) for name, result in results.items()}
    absent = Counter(pair for pair in images.values() if pair not in here)
    counted = ", ".join(f"{count} on {name} ({route})" for (name, route), count in sorted(absent.items()))
    line = f"left out, as their images are not here: {counted}; `cl-core data --help` says how to get them"
    return [name for name, pair in images.items() if pair in here], (line,) if absent else ()


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
