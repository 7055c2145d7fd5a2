"""What a comparison says of itself: sentences that follow from it, so that a claim need not say its test again."""

import pytest
import yaml
from cl_book.claims import claim as claims
from cl_book.claims.claim import Claim, ClaimError
from cl_book.claims.comparisons import Comparison
from cl_book.claims.stated import claim_digests
from pydantic import TypeAdapter

BASE = {"experiment": "split-cifar100", "measure": "avg_acc", "direction": "more", "seeds": "0-4"}
PAIR = {"of": "two-level", "against": "frozen"}
ARMS = ["frozen", "frozen-0", "two-level", "initialized"]
AVERAGE = ["I/split-cifar100/adaptive/avg_acc", "I/split-cifar100/frozen/avg_acc"]
SMALL = ["I/split-cifar10/frozen/avg_acc", "I/split-cifar10/initialized/avg_acc"]
END = "seed by seed: its mean over 5 seeds with a 95 % interval."
OVER_SEEDS = "mean over the seeds with a 95 % interval."
STATED = {
    "id": "C01",
    "title": "a",
    "statement": "b",
    "where": "c",
    "mark": "S",
    "source": "runs",
    "page": "notebooks/page",
    "test": {**BASE, **PAIR, "kind": "difference"},
}


def comparison(kind="difference", **fields):
    return TypeAdapter(Comparison).validate_python({**BASE, "kind": kind, **fields})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (PAIR, f"Avg.Acc of two-level minus frozen, {END}"),
        (
            {**PAIR, "measure": "forgetting", "seeds": "0-9"},
            f"Forgetting of two-level minus frozen, {END}".replace("5", "10", 1),
        ),
        (
            {"of": "two-level", "against": "two-level-random"},
            f"Avg.Acc of two-level minus its random control, {END} Seeds at which two-level chose one magnitude throughout "
            "are left out.",
        ),
        (
            {"of": "within", "against": "frozen-0"},
            f"Avg.Acc of all blocks within frozen's distance minus frozen at magnitude zero, {END}",
        ),
        (
            {"of": "frozen overlap=1", "against": "initialized overlap=1"},
            f"Avg.Acc of frozen minus initialized at overlap 1, {END}",
        ),
        ({"of": "frozen trained=2", "against": "frozen"}, f"Avg.Acc of frozen trained=2 minus frozen, {END}"),
        (
            {**PAIR, "measure": "update_norm"},
            "The mean of ‖θ_t − θ_{t−1}‖ over the tasks from the second on, as a logarithm, of two-level minus frozen, "
            f"{END}",
        ),
        (
            {"kind": "trend", **PAIR, "over": "overlap", "values": [0, 0.25, 1]},
            "For each of 5 seeds a straight line is fitted to the difference in Avg.Acc over overlap 0, ¼ and 1. The "
            f"change of the line from end to end: {OVER_SEEDS}",
        ),
        (
            {"kind": "trend", "of": "frozen", "over": "trained", "values": [1, 2, 3]},
            "For each of 5 seeds a straight line is fitted to Avg.Acc of frozen over trained 1, 2 and 3. The "
            f"change of the line from end to end: {OVER_SEEDS}",
        ),
        (
            {"kind": "picked", "among": ["frozen", "frozen trained=2"], "against": "frozen-0", "picked_on": "5-7"},
            "Avg.Acc of the best of frozen and frozen trained=2 minus that of frozen at magnitude zero, picked on seeds "
            "5 to 7, on the 5 other seeds: mean and 95 % interval.",
        ),
        (
            {"kind": "schedules", "of": "two-level", "tasks": 5, "alike": False},
            f"At each of 5 seeds, Avg.Acc of two-level minus its mean over the other schedules: {OVER_SEEDS} Two-level's "
            "rank among the 16 is printed beside it.",
        ),
        (
            {"kind": "schedules", "of": "two-level", "tasks": 5, "alike": True},
            "At each of 5 seeds, Avg.Acc of two-level minus its mean over the other schedules with as many `many`: "
            f"{OVER_SEEDS} A seed at which there is no other such schedule compares nothing.",
        ),
        (
            {"kind": "association", "among": ARMS, "delta": 0.3},
            "At each of 5 seeds, the rank correlation over the 4 ways to train between the mean ‖θ_t − θ_{t−1}‖ and "
            f"Avg.Acc: {OVER_SEEDS}",
        ),
        (
            {"kind": "matched", "of": "averaged", "among": ["frozen", "initialized"], "measure": "forgetting"},
            "At each of 5 seeds, Forgetting of averaged minus what frozen and initialized would have of it at the same "
            f"Task.Acc, taken along straight lines between them: {OVER_SEEDS} A seed at which none learns as much, or none "
            "as little, is left out.",
        ),
        (
            {"kind": "echo", "of": "walk", "measure": "score", "direction": "less", "delta": 0.2},
            "At each of 5 seeds of walk, the rank correlation over the tasks from the third on between a task's score and "
            f"the number of blocks that the task before moved, times −1: {OVER_SEEDS}",
        ),
    ],
)
def test_what_would_show_a_claim(fields, sentence):
    assert comparison(**fields).shows() == sentence


HALF_A_POINT = "δ is half a point, as the paper reports no number to take half of"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"paper": AVERAGE},
            "δ is half of the reported difference. An effect of less than half that size would not carry "
            "the same conclusion.",
        ),
        ({}, f"{HALF_A_POINT}. Half a point is one standard error of an accuracy near one half on 10,000 test images."),
        (
            {"paper": SMALL},
            "δ is half a point, as the reported difference is less than a point. Half a point is one "
            "standard error of an accuracy near one half on 10,000 test images.",
        ),
        (
            {"experiment": "permuted-mnist"},
            f"{HALF_A_POINT}: the least that the rule allows, about three standard errors "
            "of an accuracy near one half on ten times 10,000 test images.",
        ),
        ({"experiment": "corrupted-cub200"}, f"{HALF_A_POINT}: the least that the rule allows."),
        (
            {"experiment": "split-cub50"},
            "δ is half a point, the rule's least. A CUB-50 task has few test images, so the "
            "verdict may well be inconclusive.",
        ),
        ({"delta": 2}, ""),
    ],
)
def test_how_far_off_still_counts(fields, sentence):
    assert comparison(**PAIR, **fields).tolerance() == sentence


def test_a_winner_is_said_not_to_be_tested_where_it_was_picked():
    picked = comparison("picked", among=["frozen"], against=["frozen-0"], picked_on="5-7")
    assert picked.tolerance().endswith(" The winner is not tested on the seeds that picked it.")


def test_a_claim_says_its_test_once(checkout):
    test = comparison(**PAIR)
    whole = {**STATED, "shows": test.shows(), "tolerance": test.tolerance()}
    assert Claim(**STATED) == Claim(**whole)
    written = []
    for entry in (STATED, whole, {**STATED, "shows": "otherwise"}):
        (checkout / "book/claims.yml").write_text(yaml.safe_dump([entry]), encoding="utf-8")
        written.append(claim_digests())
    assert written[0] == written[1] != written[2]


@pytest.mark.parametrize(
    "entry",
    [
        {**STATED, "test": {**STATED["test"], "delta": 2}},
        {**{k: v for k, v in STATED.items() if k != "test"}, "id": "T01", "source": "theory"},
    ],
)
def test_what_no_comparison_says_the_claim_has_to_say(checkout, entry):
    (checkout / "book/claims.yml").write_text(yaml.safe_dump([entry]), encoding="utf-8")
    with pytest.raises(ClaimError, match=f"{entry['id']} has no `(shows|tolerance)`"):
        claims.load()
