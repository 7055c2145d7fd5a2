"""Where a claim on runs stands: its results read, the stated rule applied, and the evidence put into words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from cl_book.claims.caveats import caveats
from cl_book.claims.claim import Claim, Judge, Standing, load
from cl_book.claims.decision_rule import LEAST_SEEDS, Judgement, Ps, family_ps, judge_reading, raw_ps
from cl_book.claims.paired_differences import Reading
from cl_book.claims.stated import claim_digests
from cl_book.claims.statistics import MOST_SEEDS
from cl_book.notebooks.record import INCONCLUSIVE, NOT_RUN, format_signed
from cl_core.experiments.registry import find_experiment
from cl_core.experiments.store import Result
from cl_core.runs.ledger import renamings
from cl_core.runs.result_set import ResultSet, read_results

EXPLORATORY, PRIMARY = "exploratory", "primary"
DEGENERATE = "degenerate"
FAMILY = "corrected in the family"
ADDED, AMENDED = "added", "amended"
ADDED_UNEXPLAINED = "added, and no reason is given"
AMENDED_UNEXPLAINED = "amended, and no reason is given"
UNSTATED = "no record that it was stated before"

STATED = "stated"
"""Under which a result records the digests of a user's own claims, by id."""

UNAVAILABLE = {"cub200": "CUB-200"}
"""Data sets that the reference runs do without, by the name that readers know."""

_MOST_NAMED = 3


@dataclass(frozen=True)
class _Families:
    """The claims that are corrected together, by family, with their corrected p-values."""

    ps: Mapping[str, Mapping[str, Ps]]

    def of(self, claim: Claim) -> tuple[Ps | None, int]:
        family = self.ps.get(claim.test.corrected_with, {}) if claim.test else {}
        return (family[claim.id], len(family)) if claim.id in family else (None, 1)


def runs_judge(folder: Path | None = None) -> Judge:
    """Return a judge that decides from the repository's results, or those in `folder`, read once, when it is first asked."""
    results, stated = cache(lambda: read_results(folder)), cache(claim_digests)
    families = cache(lambda: _families(load(), results()))

    def judge(claim: Claim) -> Standing:
        return decide(claim, results(), family=families().of(claim), digest=stated().get(claim.id))

    return judge


def own_judge(claims: Iterable[Claim], folder: Path, digests: Mapping[str, str]) -> Judge:
    """Return a judge of a user's own `claims`, by the results in `folder`; `digests` are those of the claims as they are."""
    results = read_results(folder)
    families = _families(claims, results)

    def judge(claim: Claim) -> Standing:
        return decide(claim, results, family=families.of(claim), digest=digests[claim.id], recorded=STATED)

    return judge


def decide(
    claim: Claim,
    results: ResultSet,
    *,
    family: tuple[Ps | None, int] = (None, 1),
    digest: str | None = None,
    recorded: str = "claims",
) -> Standing:
    """Return where `claim` stands by `results`.

    `family` holds the p-values corrected for the claim's family and its size, for a claim in one; `digest` is that of
    the claim as it is stated now, held against the one that each result stored under `recorded`.
    """
    assert claim.test is not None
    own = f"{FAMILY} {claim.test.family}" if claim.test.family else EXPLORATORY
    labels = [PRIMARY if claim.test.primary else own]
    try:
        reading = claim.test.read(results)
    except ValueError as error:
        return Standing(claim, NOT_RUN, f"cannot be read: {error}", labels=tuple(labels))
    labels += _revisions(claim, digest, reading.used, recorded)
    reason = _undecided(reading)
    if reason:
        experiment = find_experiment(claim.test.experiment)
        needs = UNAVAILABLE.get(experiment.definition.dataset) if experiment.own_stream is None else None
        if needs and not reading.used:
            reason = f"needs {needs}"
            labels.append(reason)
        return Standing(claim, NOT_RUN, reason, labels=tuple(labels))
    if len(reading.differences) < LEAST_SEEDS:
        why = next(iter(reading.left_out.values()))
        evidence = f"{DEGENERATE}: at {len(reading.left_out)} of {len(claim.test.seeds)} seeds {why}"
        return Standing(claim, INCONCLUSIVE, evidence, labels=(DEGENERATE, *labels))
    judgement = judge_reading(reading, ps=family[0], family=family[1])
    numbers, qualified = _numbers(reading, judgement), caveats(reading, judgement)
    return Standing(
        claim,
        judgement.verdict,
        "; ".join([*numbers, *qualified.remarks]),
        labels=(*judgement.labels, *qualified.labels, *labels),
        interval=judgement.interval,
    )


def _revisions(claim: Claim, digest: str | None, used: Iterable[Result], key: str) -> list[str]:
    """Return a label where the claim was added, and one where it was amended, after the first result that decides it.

    `digest` is that of the claim as it is stated now. A result that recorded the claims without this one is older than
    the claim; one that recorded another digest is older than a change, but for a change of a strategy's name alone. Without
    a reason the label says so.
    """
    runs = list(used)
    then = [run.recorded[key].get(claim.id) for run in runs if digest is not None and key in run.recorded]
    if any(each not in (None, digest) for each in then):
        renamed = {old: new for entry in renamings() for old, new in entry.claims.get(claim.id, {}).items()}
        then = [renamed.get(each, each) for each in then]
    labels = []
    if claim.added and runs:
        labels.append(f"{ADDED}: {claim.added}")
    elif None in then:
        labels.append(ADDED_UNEXPLAINED)
    if claim.amended and runs:
        labels.append(f"{AMENDED}: {claim.amended}")
    elif any(each not in (None, digest) for each in then):
        labels.append(AMENDED_UNEXPLAINED)
    if key == STATED and (unknown := sum(key not in run.recorded for run in runs)):
        labels.append(f"{UNSTATED} {unknown} of its {len(runs)} runs")
    return labels


def _undecided(reading: Reading) -> str:
    """Return why there is no verdict: runs that are missing, or stale; empty where there is one."""
    parts, seeds = [], reading.test.seeds
    if reading.stale:
        parts.append("stale: " + _some(f"{name} ({why})" for name, why in sorted(reading.stale.items())))
    if reading.missing and not reading.used:
        parts.append("none of its runs is there")
    elif reading.missing:
        there = len(reading.differences) + len(reading.left_out)
        parts.append(f"{there} of {len(seeds)} seeds are complete; missing: {_some(reading.missing)}")
        if reading.differences:
            parts.append(_direction(reading))
    if not parts and len(seeds) < LEAST_SEEDS:
        parts.append(f"{len(seeds)} seeds, and fewer than {LEAST_SEEDS} give no verdict")
    return "; ".join(parts)


def _direction(reading: Reading) -> str:
    """Return which way the seeds that are there point, which is no verdict."""
    mean = fmean(reading.differences.values())
    way = "as claimed" if mean > 0 else "against the claim" if mean < 0 else "neither way"
    over = f"{len(reading.differences)} seed{'s' if len(reading.differences) > 1 else ''}"
    return f"so far {format_signed(mean)} {reading.unit} over {over}, {way}; no verdict"


def _numbers(reading: Reading, judgement: Judgement) -> list[str]:
    """Return what the verdict rests on: the interval, δ, the reported effect, corrected p-values, seeds needed."""
    interval = judgement.interval
    parts = [
        f"{format_signed(interval.mean)} {reading.unit}, 95 % interval {format_signed(interval.low)} to {format_signed(interval.high)}, "
        f"{interval.seeds} seeds",
        f"δ {reading.delta:.2f}",
    ]
    if reading.effect is not None:
        parts.append(f"reported {format_signed(reading.effect)}")
    if reading.test.corrected_with:
        parts.append(f"corrected p {judgement.ps.zero:.2g} against zero, {judgement.ps.delta:.2g} against δ")
    if judgement.verdict == INCONCLUSIVE:
        needed = f"more than {MOST_SEEDS}" if judgement.needed is None else str(judgement.needed)
        parts.append(f"{needed} seeds would have 80 % power at δ")
    return parts


def _families(claims: Iterable[Claim], results: ResultSet) -> _Families:
    ps: dict[str, dict[str, Ps | None]] = defaultdict(dict)
    for claim in claims:
        if claim.test is None or not claim.test.corrected_with:
            continue
        of_family = ps[claim.test.corrected_with]
        try:
            reading = claim.test.read(results)
        except ValueError:
            of_family[claim.id] = None
            continue
        whole = not reading.missing and not reading.stale and len(reading.differences) >= LEAST_SEEDS
        of_family[claim.id] = raw_ps(reading.differences.values(), delta=reading.delta) if whole else None
    return _Families({family: family_ps(of_family) for family, of_family in ps.items()})


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return "; ".join(listed[:_MOST_NAMED]) + more
