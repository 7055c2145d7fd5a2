"""Where claims stand, in lines for a terminal and as data."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cl_book.claims.claim import STALE, Claim, Standing
from cl_book.claims.decision_rule import expected_false
from cl_book.claims.repeat_command import command, describe_time
from cl_book.claims.run_claims import EXPLORATORY
from cl_book.notebooks.record import FAILS, HOLDS, HOLDS_AS_PRINTED, HOLDS_WHEN, NOT_RUN, VERDICTS
from cl_core.runs.result_set import ResultSet, read_results

_QUICK = {
    "runs": "quick form, two seeds and no verdict but the direction",
    "design": "quick form, three protocols and no verdict",
}
_ORDER = (*VERDICTS, STALE, NOT_RUN)
_ORIGINS = {
    "paper": ("statement of the paper", "statements of the paper"),
    "ours": ("claim of our own", "claims of our own"),
}
_COUNTED = {
    HOLDS_AS_PRINTED: ("holds as printed", "hold as printed"),
    HOLDS_WHEN: ("holds under a condition", "hold under a condition"),
    HOLDS: ("holds", "hold"),
    FAILS: ("fails", "fail"),
}
"""How one claim and several stand, where the word is a verb."""


def lines(standings: Sequence[Standing], *, beside: Sequence[Standing] = ()) -> list[str]:
    """Return each claim with its verdict, labels and evidence, and last how many stand where.

    `beside` are the same claims as the repository's own results decide them, told beside results of other runs. One
    claim alone is given with its command, and nothing is counted.
    """
    report = describe(standings, beside=beside)
    if len(standings) == 1:
        return [*report, *(f"     {line}" for line in describe_commands(standings[0].claim, read_results()))]
    report += tally(standings)
    if chance := by_chance(standings):
        report.append(chance)
    return report


def own_lines(standings: Sequence[Standing]) -> list[str]:
    """Return the same of a user's own claims."""
    report = describe(standings)
    if len(standings) > 1:
        report.append(_count([one.verdict for one in standings], "claim", "claims"))
    if chance := by_chance(standings):
        report.append(chance)
    return report


def describe(standings: Sequence[Standing], *, beside: Sequence[Standing] = ()) -> list[str]:
    """Return each claim with its verdict, and below it its labels and evidence."""
    stored = {one.claim.id: one for one in beside if one.claim.source == "runs"}
    report = []
    for one in standings:
        printed = f" (was {one.printed})" if one.stale else ""
        report.append(f"{one.claim.id}  {one.verdict + printed:<16}  {one.claim.source:<6}  {one.claim.heading}")
        condition = [f"{HOLDS_WHEN} {one.condition}"] if one.condition else []
        evidence = [one.evidence] if one.evidence and one.evidence not in one.labels else []
        details = "; ".join([*condition, *one.labels, *evidence])
        if details:
            report.append(f"     {details}")
        if one.claim.id in stored:
            report.append(f"     the stored results: {_summarise(stored[one.claim.id])}")
    return report


def _summarise(one: Standing) -> str:
    """Return the verdict of a claim on runs and the interval that it rests on; the evidence where there is none."""
    return f"{one.verdict}; {'; '.join(one.evidence.split('; ')[:2])}" if one.evidence else one.verdict


def describe_commands(claim: Claim, results: ResultSet) -> list[str]:
    """Return the command that repeats a claim and, for one on runs, its quick form; before each how long it takes.

    The times of runs are those that `results` record, on one core.
    """
    if claim.source == "theory":
        time = describe_time(claim, results)
        return [f"to decide it again{f', about {time}' if time else ''}:", command(claim)]
    lines = []
    for quick, what in (
        (False, "to decide it again"),
        (True, _QUICK[claim.source]),
    ):
        time = describe_time(claim, results, quick=quick)
        lines += [f"{what}{f', about {time} on one core' if time else ''}:", command(claim, quick=quick)]
    return lines


def tally(standings: Sequence[Standing]) -> list[str]:
    """Return how many of the paper's statements stand where, and how many claims of our own; a line of each that is there."""
    return [_count(own, *names) for origin, names in _ORIGINS.items() if (own := _of_origin(standings, origin))]


def _of_origin(standings: Sequence[Standing], origin: str) -> list[str]:
    return [one.verdict for one in standings if one.claim.origin == origin]


def _count(verdicts: Sequence[str], one: str, several: str) -> str:
    counts = sorted(Counter(verdicts).items(), key=lambda item: _ORDER.index(item[0]))
    parts = [f"{number} {_COUNTED.get(verdict, (verdict, verdict))[number > 1]}" for verdict, number in counts]
    return f"{len(verdicts)} {one if len(verdicts) == 1 else several}: {', '.join(parts)}"


def describe_readings(standings: Sequence[Standing]) -> str:
    """Return how many of the paper's statements name what the paper does not, in a sentence; empty where none does."""
    tests = [one.claim.test for one in standings if one.claim.origin == "paper" and one.claim.test is not None]
    rule = sum(any(arm.strategy.startswith("two-level") for arm in test.sides()) for test in tests)
    depth = sum(any(value.startswith("trained=") for arm in test.sides() for value in arm.settings) for test in tests)
    if not rule and not depth:
        return ""
    return (
        f"{rule} of the paper's statements {'is' if rule == 1 else 'are'} tested on our two-level rule in place of Algorithm 1, "
        f"and {depth} on frozen training of more than one block; the paper does not state the number"
    )


def by_chance(standings: Sequence[Standing]) -> str:
    """Return how many exploratory verdicts to expect by chance, in a sentence; empty where fewer than two were tested."""
    tested = [one for one in standings if EXPLORATORY in one.labels and one.verdict != NOT_RUN]
    if len(tested) < 2:
        return ""
    return (
        f"{len(tested)} exploratory claims were tested, each at its own level: if no effect were there at all, "
        f"{expected_false(len(tested)):.1f} would come out reproduced by chance"
    )


def entry(one: Standing) -> dict[str, Any]:
    """Return where a claim stands as plain data; the interval is in the claimed direction, in the claim's unit."""
    test, interval = one.claim.test, one.interval
    return {
        "id": one.claim.id,
        "verdict": one.verdict,
        "condition": one.condition,
        "source": one.claim.source,
        "item": one.claim.item,
        "title": one.claim.title,
        "mark": one.claim.mark,
        "page": one.claim.page,
        "printed": one.printed,
        "labels": list(one.labels),
        "evidence": one.evidence,
        "stale": list(one.stale),
        "difference": None if interval is None else round(interval.mean, 6),
        "interval": None if interval is None else [round(interval.low, 6), round(interval.high, 6)],
        "seeds": None if interval is None else interval.seeds,
        "unit": None if test is None else test.unit,
        "delta": None if test is None else test.smallest,
        "reported": None if test is None else test.effect,
        "command": command(one.claim),
        "quick_command": command(one.claim, quick=True),
    }
