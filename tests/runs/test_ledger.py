"""The ledger: entries are kept newest last, small, and read back; a damaged file is one line."""

import json
import re

import pytest

from cl_core.experiments import store
from cl_core.runs import ledger
from cl_core.runs.ledger import LEDGER, RenamedResult, Renaming, Repetition


def test_there_may_be_no_ledger_yet(checkout):
    assert ledger.confirmations() == []
    assert ledger.confirmation_of("c" * 64) is None


def test_entries_are_kept_newest_last(checkout, make_confirmation):
    for code in "ab":
        ledger.add(make_confirmation(code=code * 64))
    assert [entry.code[0] for entry in ledger.confirmations()] == ["a", "b"]
    ledger.add(make_confirmation(code="a" * 64, date="2026-02-03"))
    assert [entry.code[0] for entry in ledger.confirmations()] == ["b", "a"]
    assert ledger.confirmation_of("a" * 64).date == "2026-02-03"


def test_results_made_again_are_kept_with_the_code_that_made_them(checkout, make_confirmation):
    one, other = (Repetition(f"results/cpu/x/y-{seed}.json", True, 0.0, True) for seed in (0, 1))
    later = Repetition(one.result, False, 0.5, False)
    ledger.add(make_confirmation(repeated=(one,)))
    ledger.add(make_confirmation(repeated=(other,)))
    assert ledger.confirmations()[-1].repeated == (one, other)
    ledger.add(make_confirmation(repeated=(later,)))
    assert ledger.confirmations()[-1].repeated == (later, other)
    ledger.add(make_confirmation(code="d" * 64, repeated=(one,)))
    assert ledger.repetitions(ledger.confirmations()) == {one.result: one, other.result: other}


def test_what_else_the_file_holds_is_kept(checkout, make_confirmation):
    (checkout / LEDGER).parent.mkdir(exist_ok=True)
    (checkout / LEDGER).write_text('{"version": 1, "confirmed": [], "more": {"a": "b"}}')
    ledger.add(make_confirmation())
    assert json.loads((checkout / LEDGER).read_text())["more"] == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "not a ledger of version 1"),
        ('{"version": 2, "confirmed": []}', "not a ledger of version 1"),
        ('{"version": 1, "confirmed": [{"code": "a", "repeated": []}]}', "is not a confirmation"),
    ],
)
def test_a_damaged_ledger_is_one_line(checkout, text, says):
    (checkout / LEDGER).parent.mkdir(exist_ok=True)
    (checkout / LEDGER).write_text(text)
    with pytest.raises(ValueError, match=says) as caught:
        ledger.confirmations()
    assert "\n" not in str(caught.value)


GIVEN = {
    "code": "c",
    "date": "2026-01-02",
    "golden_runs": 150,
    "golden": "a",
    "processor": "Some",
    "versions": {"torch": "2.0"},
    "repeated": [{"result": "results/x.json", "identical": True, "largest": 0, "same_machine": False}],
}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"code": 3}, "code: Input should be a valid string"),
        ({"golden_runs": "150"}, "golden_runs: Input should be a valid integer"),
        ({"versions": {"torch": 2}}, "versions.torch: Input should be a valid string"),
        (
            {"repeated": [{**GIVEN["repeated"][0], "identical": "no"}]},
            "repeated.0.identical: Input should be a valid bool",
        ),
        ({"repeated": [{**GIVEN["repeated"][0], "more": 1}]}, "repeated.0.more: Unexpected"),
        ({"more": 1}, "more: Unexpected"),
    ],
)
def test_an_entry_with_a_value_of_another_type_is_named(checkout, changed, says):
    (checkout / LEDGER).parent.mkdir(exist_ok=True)
    (checkout / LEDGER).write_text(json.dumps({"version": 1, "confirmed": [GIVEN]}))
    assert ledger.confirmations()[0].repeated[0].largest == 0.0
    (checkout / LEDGER).write_text(json.dumps({"version": 1, "confirmed": [{**GIVEN, **changed}]}))
    with pytest.raises(ValueError, match=re.escape(f"is not a confirmation: {says}")):
        ledger.confirmations()


def test_a_renaming_with_a_value_of_another_type_is_named(checkout):
    (checkout / LEDGER).parent.mkdir(exist_ok=True)
    renamed = [{"date": "2026-02-03", "names": {"a": 1}}]
    (checkout / LEDGER).write_text(json.dumps({"version": 1, "confirmed": [], "renamed": renamed}))
    with pytest.raises(ValueError, match=r"is not a renaming: names\.a: Input should be a valid string"):
        ledger.renamings()


def test_outside_a_checkout_nothing_is_written(tmp_path, monkeypatch, make_confirmation):
    monkeypatch.setattr(ledger.files, "root", lambda: None)
    with pytest.raises(RuntimeError, match="clone the repository"):
        ledger.add(make_confirmation())


def test_the_ledger_is_no_result(checkout, make_confirmation):
    ledger.add(make_confirmation())
    assert store.stored() == []


def test_a_renaming_is_kept_beside_the_entries_and_read_back(checkout, make_confirmation):
    assert ledger.renamings() == ()
    one = Renaming(
        "2026-02-03", {"a": "b"}, (RenamedResult("x/a-0.json", "0", "x/b-0.json", "1"),), {"C01": {"0": "1"}}
    )
    ledger.add_renaming(one)
    ledger.add(make_confirmation())
    assert ledger.renamings() == (one,)
    assert len(ledger.confirmations()) == 1


def test_a_renaming_that_does_not_fit_is_one_line(checkout):
    (checkout / LEDGER).parent.mkdir(exist_ok=True)
    (checkout / LEDGER).write_text('{"version": 1, "confirmed": [], "renamed": [{"date": "2026-02-03"}]}')
    with pytest.raises(ValueError, match=r"an entry of results/confirmed\.json is not a renaming"):
        ledger.renamings()
