"""Claims on a design: no verdict before a slice has run, then the stated rule, and what was stated after the fact."""

from dataclasses import replace

import pytest
from cl_book.claims import design_claims
from cl_book.claims.claim import Claim, load
from cl_book.claims.design_claims import decide, share_of_claim
from cl_book.claims.design_tests import DesignTest
from cl_book.claims.repeat_command import command
from support.made_designs import make_table

from cl_core.runs.designs import find_design

SHARE = {
    "name": "split-cifar100",
    "kind": "share",
    "of": "adaptive",
    "against": "initialized",
    "measure": "avg_acc",
    "direction": "more",
}
ENTRY = {"id": "C650", "title": "t", "statement": "s", "where": "w", "mark": "D", "source": "design", "page": "p"}


def claim(**test):
    return Claim.model_validate(
        {**ENTRY, "design": {**SHARE, **test} if test.get("kind", "share") == "share" else test}
    )


def table(better, protocols=None):
    """Return a table in which adaptive is better in every protocol below `better`."""
    return make_table("split-cifar100", lambda n, _: {"adaptive": (51 if n < better else 49, 10)}, protocols)


@pytest.mark.parametrize(
    ("better", "direction", "verdict"),
    [
        (90, "more", "reproduced"),
        (60, "more", "not reproduced"),
        (75, "more", "inconclusive"),
        (60, "less", "reproduced"),
    ],
)
def test_a_share_is_held_against_one_half(better, direction, verdict):
    standing = decide(claim(direction=direction), table(better))
    holds = better if direction == "more" else 150 - better
    assert standing.printed == verdict
    assert f"holds in {holds} of 150 protocols" in standing.evidence


@pytest.mark.parametrize("protocols", [0, 3, 29])
def test_fewer_than_a_slice_give_no_verdict_and_say_how_many_ran(protocols):
    standing = decide(claim(), table(100, protocols))
    assert (standing.printed, standing.evidence) == ("not run", f"{protocols} of 150 protocols are there")


def test_a_design_that_ended_early_says_so():
    assert decide(claim(), table(100, 31)).evidence.endswith("31 of 150 protocols ran")


@pytest.mark.parametrize(
    ("kind", "verdict"), [("halves", "reproduced"), ("region", "not reproduced"), ("nearest", "not reproduced")]
)
def test_each_kind_is_decided(kind, verdict):
    standing = decide(claim(name="split-cifar100", kind=kind), make_table("split-cifar100", lambda *_: {}))
    assert standing.printed == verdict


def test_a_claim_that_was_changed_or_added_after_the_runs_says_so():
    then = {"claims": {"C650": "old"}}
    records = [replace(record, recorded=then) for record in table(90, 30)]
    assert "amended, and no reason is given" in decide(claim(), records, digest="new").labels
    assert decide(claim(), records, digest="old").labels == ()
    assert (
        "added, and no reason is given"
        in decide(
            claim(), [replace(record, recorded={"claims": {"C651": "x"}}) for record in records], digest="new"
        ).labels
    )
    reasoned = Claim.model_validate({**ENTRY, "design": SHARE, "added": "before the first run"})
    assert decide(reasoned, records, digest="old").labels == ("added: before the first run",)


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ({**SHARE, "name": "split"}, "no design 'split'"),
        ({**SHARE, "of": "ewc"}, "two of the roles"),
        ({**SHARE, "of": "initialized"}, "two of the roles"),
        ({"name": "split-cifar100", "kind": "share"}, "two of the roles"),
        ({**SHARE, "kind": "halves"}, "compares no two roles"),
    ],
)
def test_a_test_that_does_not_hold_together_is_refused(test, says):
    with pytest.raises(ValueError, match=says):
        DesignTest.model_validate(test)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"source": "runs"}, "run claims need it"),
        ({"source": "theory"}, "C ids runs or design"),
        ({"design": None}, "need it"),
    ],
)
def test_a_claim_on_a_design_needs_its_design_and_no_other_does(changed, says):
    with pytest.raises(ValueError, match=says):
        Claim.model_validate({**ENTRY, "design": SHARE, **changed})


def test_a_claim_on_runs_says_in_how_many_protocols_its_difference_is_there(monkeypatch):
    monkeypatch.setattr(design_claims, "read_current", lambda _design: tuple(table(90)))
    by_id = {one.id: one for one in load()}
    plain = next(one for one in load() if str(getattr(one.test, "of", "")) == "adaptive" and _against_initialized(one))
    share = share_of_claim(plain)
    assert (share.count, share.of) == (90, 150)
    assert share_of_claim(by_id["C406"]) is None, "another setting than the protocol's"
    assert share_of_claim(by_id["T04"]) is None
    monkeypatch.setattr(design_claims, "read_current", lambda _design: ())
    assert share_of_claim(plain) is None


def _against_initialized(one):
    test = one.test
    return (str(test.against), test.measure, test.experiment) == ("initialized", "avg_acc", "split-cifar100")


def test_the_book_states_each_of_the_paper_s_orders_on_both_designs():
    from cl_book.claims.design_analysis import paper_orders

    for name in ("split-cifar100", "split-cifar10"):
        tests = [one.design for one in load() if one.design is not None and one.design.name == name]
        whole = [test for test in tests if test.kind == "share" and not test.of_part]
        stated = {(test.of, test.against, test.measure, test.sign) for test in whole}
        orders = paper_orders(find_design(name).experiment)
        assert {(order.of, order.against, order.measure, order.sign) for order in orders} <= stated
        assert {test.kind for test in tests} - {"contrast"} == {"share", "halves", "region", "nearest"}


def test_the_command_makes_the_design_s_runs():
    makes = "cl-core data split cifar100 && cl-core sweep --design split-cifar100"
    assert command(claim()) == f"{makes} --data prepared --out mine"
    assert "--protocols 3" in command(claim(), quick=True)


CONTRAST = {**SHARE, "kind": "contrast", "axis": "head", "level": "fitted for the rule"}
LONG = {**SHARE, "kind": "contrast", "of": "frozen-0", "setting": "epochs", "at_least": 4, "first": 12}


def contrast(**test):
    return Claim.model_validate({**ENTRY, "design": test})


def test_a_contrast_holds_two_shares_against_each_other():
    test = contrast(**CONTRAST).design
    levels = find_design("split-cifar100").draw()
    assert test.set_apart == tuple(n for n in range(150) if levels[n]["head"] == "fitted for the rule")
    assert test.protocols == tuple(range(150))
    better = {
        "more": set(test.set_apart),
        "alike": set(range(0, 150, 2)),
        "less": set(range(150)) - set(test.set_apart),
    }
    verdicts = {
        name: decide(
            contrast(**CONTRAST),
            make_table("split-cifar100", lambda n, _, own=own: {"adaptive": (51 if n in own else 49, 10)}),
        )
        for name, own in better.items()
    }
    assert {name: one.printed for name, one in verdicts.items()} == {
        "more": "reproduced",
        "alike": "inconclusive",
        "less": "not reproduced",
    }
    # Newcombe's interval of 50 of 50 against 0 of 100.
    assert "holds in 50 of 50, 0 of 100 of the others: +100 points of share (+92 to +100)" in verdicts["more"].evidence


def test_a_contrast_may_be_of_a_setting_and_counts_from_a_number_on():
    test = contrast(**LONG).design
    design = find_design("split-cifar100")
    assert set(test.protocols) == set(range(12, 150))
    epochs = {n: design.plan(n, "initialized").config["epochs"] for n in test.protocols}
    assert set(test.set_apart) == {n for n, value in epochs.items() if value >= 4}
    assert {epochs[n] for n in test.set_apart} == {4, 12}
    inside = set(test.set_apart)
    table = make_table("split-cifar100", lambda n, _: {"frozen-0": (51 if n in inside or n < 12 else 49, 10)})
    standing = decide(contrast(**LONG), table)
    assert standing.printed == "reproduced"
    assert f"holds in {len(inside)} of {len(inside)}, 0 of {138 - len(inside)} of the others" in standing.evidence
    early = [record for record in table if record.protocol < 41]
    assert (decide(contrast(**LONG), early).printed) == "not run", "29 of the protocols from 12 on"


def test_a_contrast_with_a_small_side_is_open():
    few = contrast(**{**LONG, "setting": "epochs", "at_least": 12}).design.set_apart[:5]
    table = make_table("split-cifar100", lambda n, _: {"frozen-0": (51 if n in few else 49, 10)})
    others = set(contrast(**LONG).design.set_apart) - set(few)
    left = [record for record in table if record.protocol not in others]
    assert decide(contrast(**LONG), left).printed == "inconclusive"


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ({**CONTRAST, "setting": "epochs", "at_least": 4}, "either an axis and its level, or a setting"),
        ({**SHARE, "kind": "contrast"}, "either an axis and its level, or a setting"),
        ({**CONTRAST, "also": {"head": ["plain"]}}, "leave out also"),
        ({**CONTRAST, "level": "bare"}, "no choice 'head' has the level 'bare'"),
        ({**LONG, "setting": "epoch"}, "no run of frozen-0 in split-cifar100 has a number called 'epoch'"),
        ({**LONG, "setting": "schedule"}, "has a number called 'schedule'"),
        ({**LONG, "at_least": 1}, "138 of 138 are set apart"),
        ({**LONG, "at_least": 13}, "0 of 138 are set apart"),
        ({**SHARE, "setting": "epochs", "at_least": 4}, "share sets nothing apart"),
    ],
)
def test_a_contrast_that_does_not_hold_together_is_refused(test, says):
    with pytest.raises(ValueError, match=says):
        DesignTest.model_validate(test)


PART = {"axis": "budget", "level": "same", "first": 30}


def test_a_claim_on_a_part_counts_that_part_alone():
    own = claim(**PART).design.protocols
    levels = find_design("split-cifar100").draw()
    assert own == tuple(n for n in range(30, 150) if levels[n]["budget"] == "same")
    inside = make_table("split-cifar100", lambda n, _: {"adaptive": (51 if n in own else 49, 10)})
    standing = decide(claim(**PART), inside)
    assert standing.printed == "reproduced"
    assert standing.evidence.startswith(f"holds in {len(own)} of {len(own)} protocols")
    assert standing.evidence.endswith(f"{len(own)} of {len(own)} protocols ran")
    assert decide(claim(**{**PART, "level": "frozen-then-whole"}), inside).printed == "not reproduced"


def test_a_part_has_no_verdict_before_half_a_slice_of_it_ran():
    own = claim(**PART).design.protocols
    fourteen = decide(claim(**PART), table(150, own[14]))
    assert (fourteen.printed, fourteen.evidence) == ("not run", f"14 of {len(own)} protocols are there")
    assert decide(claim(**PART), table(150, own[14] + 1)).printed == "reproduced"


@pytest.mark.parametrize(
    ("test", "says"),
    [
        (
            {**SHARE, "axis": "budget", "level": "double"},
            "no choice 'budget' has the level 'double'.*frozen-then-whole",
        ),
        ({**SHARE, "axis": "steps", "level": "same"}, "no choice 'steps'"),
        ({**SHARE, "level": "same"}, "no choice ''"),
        ({**SHARE, "first": 150}, "no protocol from 150 on"),
        ({"name": "split-cifar100", "kind": "halves", "first": 30}, "about all protocols"),
    ],
)
def test_a_part_that_there_is_not_is_refused(test, says):
    with pytest.raises(ValueError, match=says):
        DesignTest.model_validate(test)


def test_a_part_may_be_of_several_choices():
    test = claim(**PART, also={"head": ["fitted", "plain"]}).design
    levels = find_design("split-cifar100").draw()
    assert test.protocols == tuple(
        n for n in range(30, 150) if levels[n]["budget"] == "same" and levels[n]["head"] in ("fitted", "plain")
    )
    assert "the budget same and the head fitted or plain from number 30 on" in test.shows()
    with pytest.raises(ValueError, match="no choice 'head' has the level 'bare'"):
        claim(also={"head": ["bare"]})


def test_a_part_is_named_in_what_would_show_the_claim():
    assert "design's protocols with the budget same from number 30 on" in claim(**PART).design.shows()
