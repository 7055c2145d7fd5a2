"""Where claims stand, in lines for a terminal and as data."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cl_book.claims.claim import Standing
from cl_book.claims.decision_rule import expected_false
from cl_book.claims.repeat_command import command
from cl_book.claims.run_claims import EXPLORATORY
from cl_book.notebooks.record import NOT_RUN


def lines(standings: Sequence[Standing]) -> list[str]:
    """Return each claim with its verdict, labels and evidence, and last how many stand where."""
    report = []
    for one in standings:
        printed = f" (was {one.printed})" if one.stale else ""
        report.append(f"{one.claim.id}  {one.verdict + printed:<16}  {one.claim.source:<6}  {one.claim.title}")
        details = "; ".join([*one.labels, *([one.evidence] if one.evidence and one.evidence not in one.labels else [])])
        if details:
            report.append(f"     {details}")
    if len(standings) == 1:
        report.append(f"     {command(standings[0].claim)}")
    counts = Counter(one.verdict for one in standings)
    report.append(
        f"{len(standings)} claim{'' if len(standings) == 1 else 's'}: "
        + ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    )
    if chance := by_chance(standings):
        report.append(chance)
    return report


def by_chance(standings: Sequence[Standing]) -> str:
    """Return how many exploratory verdicts to expect by chance, in a sentence; empty where there is none."""
    decided = [one for one in standings if EXPLORATORY in one.labels and one.verdict != NOT_RUN]
    if not decided:
        return ""
    many = f"{len(decided)} exploratory claims were" if len(decided) > 1 else "1 exploratory claim was"
    return (
        f"{many} decided, each at its own level: if no effect were there at all, "
        f"{expected_false(len(decided)):.1f} would come out reproduced by chance"
    )


def entry(one: Standing) -> dict[str, Any]:
    """Return where a claim stands as plain data; the interval is in the claimed direction, in the claim's unit."""
    test, interval = one.claim.test, one.interval
    return {
        "id": one.claim.id,
        "verdict": one.verdict,
        "source": one.claim.source,
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
    }
