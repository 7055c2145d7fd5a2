"""A claim's evidence is taken apart into rows, and nothing of it is lost."""

import pytest
from cl_book.claims.standings import standings
from cl_book.pages.evidence_table import tabulate_evidence

RUNS = (
    "−1.85 points, 95 % interval −4.28 to +0.58, 10 seeds; δ 1.91; reported +3.81; frozen trained=2: Task.Acc 51.83, "
    "Avg.Acc 43.55, lost share 22 %; by number of trained blocks 0: −4.14, 1: −1.85; with each strategy's own best "
    "tuning (two-level epochs=2; frozen) +1.83 (−5.45 to +9.11, 3 seeds); amended: was one of the primary family"
)


def test_each_thing_measured_has_a_row_of_its_own():
    assert tabulate_evidence(RUNS) == [
        ("Difference", "−1.85 points"),
        ("95 % interval", "−4.28 to +0.58"),
        ("Seeds", "10"),
        ("Least difference that counts (δ)", "1.91"),
        ("Reported in the paper", "+3.81"),
        ("frozen trained=2", "Task.Acc 51.83, Avg.Acc 43.55, lost share 22 %"),
        ("By number of blocks that frozen trains", "0: −4.14, 1: −1.85"),
        (
            "Each strategy at its own best tuning",
            "(two-level epochs=2; frozen) +1.83 (−5.45 to +9.11, 3 seeds)",
        ),
        ("Amended", "was one of the primary family"),
    ]


@pytest.mark.parametrize("evidence", ["equal tasks: frozen forgets less in 234 of 3000 settings", "z 2"])
def test_what_has_one_part_stays_a_line(evidence):
    assert len(tabulate_evidence(evidence)) == 1


def test_missing_runs_stay_together():
    missing = (
        "8 of 10 seeds are complete; missing: a · seed 8; a · seed 9; so far +9.72 points over 8 seeds, as claimed"
    )
    assert tabulate_evidence(missing)[1:] == [
        ("Missing", "a · seed 8; a · seed 9"),
        ("So far", "+9.72 points over 8 seeds, as claimed"),
    ]


def test_seeds_that_are_left_out_have_a_row():
    told = "+1.51 points, 95 % interval −0.89 to +3.91, 9 seeds; left out: seed 5 of the 10 (one magnitude throughout)"
    assert tabulate_evidence(told)[3:] == [("Left out", "seed 5 of the 10 (one magnitude throughout)")]


@pytest.mark.slow
def test_every_number_of_every_claim_is_kept():
    for each in standings():
        # A strategy's settings are part of its name.
        shown = " ".join(map(" ".join, tabulate_evidence(each.evidence))).replace("95 % interval", "")
        dropped = set(filter(str.isdigit, each.evidence.replace("95 %", ""))) - set(filter(str.isdigit, shown))
        assert dropped == set(), each.claim.id
