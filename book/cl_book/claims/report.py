"""Where claims stand, in lines for a terminal and as data."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cl_book.claims.claim import Standing
from cl_book.claims.decision_rule import expected_false
from cl_book.claims.repeat_command import command
from cl_book.claims.run_claims import EXPLORATORY
from cl_book.notebooks.record import NOT_RUN


def lines(found: Sequence[Standing]) -> list[str]:
    """Return each claim with its verdict, labels and evidence, and last how many stand where."""
    told = []
    for one in found:
        printed = f" (was {one.printed})" if one.stale else ""
        told.append(f"{one.claim.id}  {one.verdict + printed:<16}  {one.claim.source:<6}  {one.claim.title}")
        said = "; ".join([*one.labels, *([one.evidence] if one.evidence and one.evidence not in one.labels else [])])
        if said:
            told.append(f"     {said}")
    if len(found) == 1:
        told.append(f"     {command(found[0].claim)}")
    counts = Counter(one.verdict for one in found)
    told.append(
        f"{len(found)} claim{'' if len(found) == 1 else 's'}: "
        + ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    )
    if chance := by_chance(found):
        told.append(chance)
    return told


def by_chance(found: Sequence[Standing]) -> str:
    """Return how many exploratory verdicts to expect by chance, in a sentence; empty where there is none."""
    decided = [one for one in found if EXPLORATORY in one.labels and one.verdict != NOT_RUN]
    if not decided:
        return ""
    many = f"{len(decided)} exploratory claims were" if len(decided) > 1 else "1 exploratory claim was"
    return (
        f"{many} decided, each at its own level: if no effect were there at all, "
        f"{expected_false(len(decided)):.1f} would come out reproduced by chance"
    )


def entry(one: Standing) -> dict[str, Any]:
    """Return where a claim stands as plain data; the interval is in the claimed direction, in the claim's unit."""
    test, found = one.claim.test, one.interval
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
        "difference": None if found is None else round(found.mean, 6),
        "interval": None if found is None else [round(found.low, 6), round(found.high, 6)],
        "seeds": None if found is None else found.seeds,
        "unit": None if test is None else test.unit,
        "delta": None if test is None else test.smallest,
        "reported": None if test is None else test.effect,
        "command": command(one.claim),
    }
