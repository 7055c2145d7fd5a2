"""One look over the repository: faults counted, what is only worth knowing listed."""

from dataclasses import replace

import pytest
import yaml
from cl_book import check, digest_list
from support.made_designs import make_record

from cl_core.runs.design_table import append, dumps, hold_table
from cl_core.runs.result_set import ResultSet
from cl_core.runs.staleness import State


@pytest.fixture(autouse=True)
def own_code(monkeypatch, checkout):
    monkeypatch.setattr(check, "require_own_code", lambda: None)


def test_nothing_there_is_no_fault():
    report = check.check()
    assert report.faults == 0
    assert report.lines == (
        "0 notebooks, 0 stale",
        "0 results, 0 stale, 0 unconfirmed",
        "0 claims, 0 not run",
    )


def test_stale_is_a_fault_and_unconfirmed_is_not(monkeypatch, write_page):
    states = {
        "a.json": State(stale=("protocol 1, now 2",), unconfirmed=("cl_core/x.py",)),
        "b.json": State(unconfirmed=("cl_core/x.py",)),
        "c.json": State(),
        "d.json": State(unconfirmed=("cl_core/x.py",)),
        "e.json": State(unconfirmed=("cl_core/x.py", "cl_core/y.py")),
    }
    monkeypatch.setattr(check, "read_stored", lambda: ResultSet({}, states))
    write_page("page", "1")
    report = check.check()
    assert report.faults == 2
    assert report.lines[:-1] == (
        "page.ipynb: stale, because",
        "  it was never refreshed",
        "1 notebooks, 1 stale",
        "results/a.json: stale, because",
        "  protocol 1, now 2",
        "results/b.json and 1 more: unconfirmed, made before a change of cl_core/x.py",
        "results/e.json: unconfirmed, made before a change of cl_core/x.py, cl_core/y.py",
        "5 results, 1 stale, 3 unconfirmed; `cl-core confirm` holds today's code against the golden runs",
    )


def test_a_notebook_that_cannot_be_read_is_stale_and_the_others_are_looked_at(checkout, write_page):
    write_page("page", "1")
    (checkout / "notebooks/broken.ipynb").write_text("{", encoding="utf-8")
    report = check.check()
    assert report.faults == 2
    assert report.lines[0] == "broken.ipynb: stale, because"
    assert "broken.ipynb is not a notebook" in report.lines[1]
    assert "page.ipynb: stale, because" in report.lines


@pytest.mark.parametrize(
    ("stated_then", "message"),
    [
        ({}, "C01: added after its first result; say when and why as `added` in book/claims.yml"),
        ({"C01": "00000000"}, "C01: changed after its first result; give the reason as `amended` in book/claims.yml"),
    ],
)
def test_a_claim_that_came_or_changed_after_its_results_needs_a_reason(checkout, keep, stated_then, message):
    test = {"kind": "difference", "experiment": "split-cifar100", "of": "frozen", "against": "initialized"}
    claim = {"id": "C01", "title": "a", "statement": "b", "where": "c", "mark": "S", "source": "runs", "page": "p"}
    entry = {**claim, "test": {**test, "measure": "forgetting", "direction": "less", "seeds": "0-4"}}
    (checkout / "book/claims.yml").write_text(yaml.safe_dump([entry]), encoding="utf-8")
    keep("split-cifar100", "frozen", 0, recorded={"files": {}, "claims": stated_then})
    report = check.check()
    assert message in report.lines
    assert report.faults == 1


def test_an_edited_record_of_a_design_is_named_and_a_table_that_is_none_too(checkout):
    table = checkout / "results" / "designs" / "split-cifar100.jsonl"
    sound = make_record("split-cifar100", 0, "frozen", 40.0, 20.0)
    append(table, sound)
    assert "1 records of designs, 0 at fault, 1 unconfirmed" in check.check().lines
    edited = replace(make_record("split-cifar100", 1, "adaptive", 40.0, 20.0), seed=3)
    table.write_text(f"{dumps(sound)}\n{dumps(edited)}\n", encoding="utf-8")
    report = check.check()
    assert "results/designs/split-cifar100.jsonl: protocol 1, adaptive, is stale, because" in report.lines
    assert "  its content does not match its own digest: it was edited" in report.lines
    assert report.faults == 1
    table.write_text("{\n", encoding="utf-8")
    (broken,) = [line for line in check.check().lines if "split-cifar100.jsonl, line 1" in line]
    assert "is not a record of a design" in broken


def test_a_protocol_of_a_design_on_different_images_is_named(checkout):
    table = checkout / "results" / "designs" / "split-cifar100.jsonl"
    elsewhere = {"name": "cifar100", "label": "CIFAR-100", "route": "official", "digest": "f" * 64}
    records = [make_record("split-cifar100", 0, "frozen", 40.0, 20.0)]
    records += [make_record("split-cifar100", 0, "adaptive", 40.0, 20.0, data=elsewhere)]
    table.parent.mkdir(parents=True)
    table.write_text("".join(f"{dumps(record)}\n" for record in records), encoding="utf-8")
    report = check.check()
    assert "results/designs/split-cifar100.jsonl: protocol 0, adaptive, is stale, because" in report.lines
    said = "  in its protocol the runs are on different images, cifar100 (6211666e) and CIFAR-100 (ffffffff)"
    assert said in report.lines
    assert report.faults == 2


def test_a_table_that_is_being_filled_is_no_fault(checkout):
    table = checkout / "results" / "designs" / "split-cifar100.jsonl"
    append(table, make_record("split-cifar100", 0, "frozen", 40.0, 20.0))
    digest_list.write_list(replace=False)
    with hold_table(table):
        assert check.check().faults == 0


def test_a_record_that_was_sealed_anew_differs_from_the_list(checkout):
    table = checkout / "results" / "designs" / "split-cifar100.jsonl"
    append(table, make_record("split-cifar100", 0, "frozen", 40.0, 20.0))
    digest_list.write_list(replace=False)
    assert check.check().faults == 0
    table.unlink()
    append(table, make_record("split-cifar100", 0, "frozen", 41.0, 20.0))
    report = check.check()
    assert report.faults == 1
    assert any("designs/split-cifar100.jsonl: not as listed" in line for line in report.lines)
