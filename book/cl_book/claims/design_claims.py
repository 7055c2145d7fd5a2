"""Where a claim on a design stands: its table read, the stated rule applied, and the evidence put into words."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from cl_book.claims import design_analysis as analysis
from cl_book.claims.claim import Claim, Judge, Standing
from cl_book.claims.design_analysis import Order, Region, Rows, Share
from cl_book.claims.design_tests import LEAST_REGION, MARGIN, NEAR, NEARLY, DesignTest
from cl_book.claims.run_claims import ADDED, ADDED_UNEXPLAINED, AMENDED, AMENDED_UNEXPLAINED
from cl_book.claims.stated import design_claim_digests
from cl_book.claims.statistics import Interval
from cl_book.notebooks.record import INCONCLUSIVE, NOT_REPRODUCED, NOT_RUN, REPRODUCED, format_signed
from cl_core.runs import design_table
from cl_core.runs.design_table import DesignRecord
from cl_core.runs.designs import DESIGNS, ROLES, find_design


def design_judge() -> Judge:
    """Return a judge that decides from the repository's tables of designs, read when it is first asked."""
    stated = cache(design_claim_digests)

    def judge(claim: Claim) -> Standing:
        assert claim.design is not None
        records = read_current(claim.design.name)
        return decide(claim, records, digest=stated(claim.design.name).get(claim.id))

    return judge


def read_current(design: str) -> tuple[DesignRecord, ...]:
    """Return the records of the repository's table of `design` that hold; none where it cannot be read: `check` says so."""
    try:
        return design_table.read_current(design)
    except ValueError:
        return ()


def decide(claim: Claim, records: Sequence[DesignRecord], *, digest: str | None = None) -> Standing:
    """Return where `claim` stands by the `records` of its design's table; `digest` is that of the claim as it is stated."""
    assert claim.design is not None
    test, total = claim.design, len(claim.design.protocols)
    rows = test.choose(design_table.complete_protocols(records))
    labels = tuple(_revisions(claim, digest, records))
    if len(rows) < test.least:
        return Standing(claim, NOT_RUN, f"{len(rows)} of {total} protocols are there", labels=labels)
    verdict, evidence = _judge(test, rows)
    return Standing(claim, verdict, f"{evidence}; {len(rows)} of {total} protocols ran", labels=labels)


def _judge(test: DesignTest, rows: Rows) -> tuple[str, str]:
    design = find_design(test.name)
    if test.kind == "share":
        d = analysis.effect(rows, Order(test.of, test.against, test.measure, test.sign))
        share = analysis.share_of(d > 0)
        verdict = REPRODUCED if share.low > 0.5 else NOT_REPRODUCED if share.high < 0.5 else INCONCLUSIVE
        diverged = int(np.isnan(d).sum())
        beside = f"; in {diverged} a run diverged" if diverged else ""
        return verdict, f"{describe_share(share)}, median {format_signed(float(np.nanmedian(d)), 1)} points{beside}"
    if test.kind == "contrast":
        return _judge_contrast(test, rows)
    if test.kind == "halves":
        compared = analysis.compare_halves(rows, analysis.paper_orders(design.experiment))
        apart = [one for one in compared if one[2] > 0 or one[3] < 0]
        widest = max(compared, key=lambda one: abs(one[1]))
        order = f"{widest[0].words} in {widest[0].measure}"
        evidence = (
            f"{len(compared) - len(apart)} of {len(compared)} intervals hold zero; the widest apart, {order}, by "
        )
        return NOT_REPRODUCED if apart else REPRODUCED, f"{evidence}{format_signed(100 * widest[1], 0)} points of share"
    if test.kind == "region":
        region, searched = analysis.search_region(rows, design.axes)
        alone = int(analysis.find_pattern(rows).sum())
        evidence = (
            f"{describe_region(region, searched)}; in single protocols the pattern is there in {alone} of {len(rows)}"
        )
        return (INCONCLUSIVE if not searched else judge_region(region)), evidence
    away = analysis.distances(rows, design.experiment)
    if np.isnan(away).all():
        return INCONCLUSIVE, "in every protocol a run diverged"
    nearest = float(np.nanmin(away))
    middle = float(np.nanmedian(away))
    return (
        REPRODUCED if nearest <= NEAR else NOT_REPRODUCED
    ), f"the nearest protocol is {nearest:.1f} points away, the middle one {middle:.1f}"


def _judge_contrast(test: DesignTest, rows: Rows) -> tuple[str, str]:
    order, apart = Order(test.of, test.against, test.measure, test.sign), set(test.set_apart)
    sides = [{n: row for n, row in rows.items() if (n in apart) is inside} for inside in (True, False)]
    if not all(sides):
        return INCONCLUSIVE, "one side has no protocol"
    shares = [analysis.share_of(analysis.effect(side, order) > 0) for side in sides]
    difference, low, high = analysis.compare_shares(*shares)
    verdict = REPRODUCED if low > 0 else NOT_REPRODUCED if high < 0 else INCONCLUSIVE
    counts = ", ".join(f"{share.count} of {share.of}" for share in shares)
    points, *ends = (format_signed(100 * value, 0) for value in (difference, low, high))
    evidence = f"holds in {counts} of the others: {points} points of share ({ends[0]} to {ends[1]})"
    return verdict if min(share.of for share in shares) >= LEAST_REGION else INCONCLUSIVE, evidence


def judge_region(region: Region | None) -> str:
    """Return the verdict on the region that was picked, by its protocols of odd number."""
    if region is None:
        return NOT_REPRODUCED
    tested = region.tested
    if min(one.low for one in tested.intervals) > 0 and abs(tested.forgetting.mean) <= NEARLY:
        return REPRODUCED
    outside = tested.forgetting.low > NEARLY or tested.forgetting.high < -NEARLY
    if outside or min(one.high for one in tested.intervals) < MARGIN:
        return NOT_REPRODUCED
    return INCONCLUSIVE


def describe_region(region: Region | None, searched: int) -> str:
    """Return how many regions were searched, and what the picked one shows in either half."""
    if region is None:
        return f"of {searched} regions none has the pattern where it would be picked"
    parts = []
    for where, half in (("where it was picked", region.picked), ("where it is tested", region.tested)):
        gains = ", ".join(map(_describe_gain, half.intervals))
        parts.append(
            f"{where}, {half.protocols} protocols, adaptive gains {gains} points in Avg.Acc and Task.Acc over initialized and "
            f"frozen each, and frozen forgets {format_signed(half.forgetting.mean, 1)} against initialized"
        )
    return f"of {searched} regions the clearest is {region.words}: {'; '.join(parts)}"


def _describe_gain(gain: Interval) -> str:
    mean, low, high = (format_signed(value, 1) for value in (gain.mean, gain.low, gain.high))
    return f"{mean} ({low} to {high})"


def describe_share(share: Share) -> str:
    """Return ``holds in 61 of 150 protocols, 41 % (33 to 49)``."""
    ends = f"{100 * share.low:.0f} to {100 * share.high:.0f}"
    return f"holds in {share.count} of {share.of} protocols, {100 * share.value:.0f} % ({ends})"


def share_of_claim(claim: Claim) -> Share | None:
    """Return in how many protocols of its experiment's design the difference that a claim states is there.

    None where the claim compares something else than two roles as they are, or fewer than a slice of protocols ran.
    """
    if claim.design is not None:
        return _share_of_test(claim.design)
    test = claim.test
    if test is None or test.experiment not in DESIGNS or getattr(test, "kind", "") != "difference":
        return None
    of, against = test.sides()
    if of.settings or against.settings or test.measure not in analysis.MEASURES:
        return None
    if not {of.strategy, against.strategy} <= set(ROLES):
        return None
    stated = {"of": of.strategy, "against": against.strategy, "measure": test.measure, "direction": test.direction}
    return _share_of_test(DesignTest.model_validate({"name": test.experiment, "kind": "share", **stated}))


def _share_of_test(test: DesignTest) -> Share | None:
    rows = test.choose(design_table.complete_protocols(read_current(test.name)))
    if test.kind != "share" or len(rows) < test.least:
        return None
    return analysis.share_of(analysis.effect(rows, Order(test.of, test.against, test.measure, test.sign)) > 0)


def _revisions(claim: Claim, digest: str | None, records: Sequence[DesignRecord]) -> list[str]:
    """Return a label where the claim was added or amended after the first record; without a reason the label says so."""
    then = {record.recorded["claims"].get(claim.id) for record in records if record.recorded.get("claims")}
    labels = []
    if claim.added and records:
        labels.append(f"{ADDED}: {claim.added}")
    elif digest is not None and None in then:
        labels.append(ADDED_UNEXPLAINED)
    if claim.amended and records:
        labels.append(f"{AMENDED}: {claim.amended}")
    elif digest is not None and then - {None, digest}:
        labels.append(AMENDED_UNEXPLAINED)
    return labels
