"""The list of digests: what was edited and sealed again, and a claim whose tolerance was raised, differ from it."""

from dataclasses import replace

import pytest
import yaml
from cl_book import check, digest_list

from cl_core.experiments import store

CLAIM = {
    "id": "T01",
    "title": "a",
    "statement": "b",
    "where": "c",
    "mark": "D",
    "source": "theory",
    "page": "notebooks/page",
    "shows": "d",
    "tolerance": "5 %",
}


@pytest.fixture
def listed(checkout, keep, monkeypatch):
    """A checkout with two results and a claim, listed."""
    monkeypatch.setattr(check, "require_own_code", lambda: None)
    (checkout / "book/claims.yml").write_text(yaml.safe_dump([CLAIM]), encoding="utf-8")
    paths = [keep("split-cifar100", "frozen", seed) for seed in (0, 1)]
    assert len(digest_list.write_list(replace=False)) == 3
    assert check.check().faults == 0
    return paths


def faults():
    report = check.check()
    return report.faults, [line for line in report.lines if "listed in" in line]


def test_a_result_edited_and_sealed_again_is_seen(listed):
    before = store.load(listed[0])
    listed[0].unlink()
    store.save(replace(before, correct=(*before.correct[:-1], (1, *before.correct[-1][1:]))).sealed(), listed[0])
    count, (line,) = faults()
    assert count == 1
    assert line.startswith("cpu/split-cifar100/frozen-0.json: not as listed in results/DIGESTS")


def test_a_validation_run_edited_and_sealed_again_is_seen(listed, checkout):
    apart = checkout / "results/validation" / listed[0].relative_to(checkout / "results")
    run = store.load(listed[0])
    listed[0].unlink()
    store.save(run, apart)
    digest_list.write_list(replace=True)
    assert faults()[0] == 0
    apart.unlink()
    store.save(replace(run, correct=(*run.correct[:-1], (1, *run.correct[-1][1:]))).sealed(), apart)
    count, (line,) = faults()
    assert count == 1
    assert line.startswith("validation/cpu/split-cifar100/frozen-0.json: not as listed in results/DIGESTS")


def test_what_is_only_recorded_is_not_listed(listed):
    before = store.load(listed[0])
    listed[0].unlink()
    store.save(replace(before, recorded={**before.recorded, "times": {"total_s": 5.0}}).sealed(), listed[0])
    assert faults()[0] == 0


@pytest.mark.parametrize("name", ["tolerance", "statement", "shows"])
def test_a_claim_of_the_theory_that_was_changed_is_seen(listed, checkout, name):
    changed = {**CLAIM, name: "95 %"}
    (checkout / "book/claims.yml").write_text(yaml.safe_dump([changed]), encoding="utf-8")
    count, (line,) = faults()
    assert (count, line.partition(":")[0]) == (1, "book/claims.yml T01")
    with pytest.raises(ValueError, match=r"book/claims\.yml T01: not as listed .* give --replace"):
        digest_list.write_list(replace=False)
    digest_list.write_list(replace=True)
    assert faults()[0] == 0


def test_what_is_gone_and_what_is_new_is_seen(listed, keep):
    listed[0].unlink()
    keep("split-cifar100", "frozen", 2)
    count, lines = faults()
    assert (count, [line.partition(":")[0].rpartition("/")[2] for line in lines]) == (
        2,
        ["frozen-0.json", "frozen-2.json"],
    )


@pytest.mark.parametrize("content", [b"\xff", b"no digest\n", b"0123456789  a\n0123456789  a\n"])
def test_a_list_that_cannot_be_read_is_one_line(listed, checkout, content):
    (checkout / digest_list.LIST).write_bytes(content)
    with pytest.raises(ValueError, match=r"^results/DIGESTS is not a list of digests: .*restore it from git$"):
        check.check()
