"""Faults in results: a deleted one takes its claims' verdicts back, a changed one turns the check red."""

import json
import re

import pytest

from cl_core.experiments import store

FORGETS_LESS, ENDS_HIGHER = "C04", "C03"
"""The claims on frozen against initialized that the made-up results decide."""


@pytest.fixture
def decided(copy, make_run, monkeypatch):
    """A copy whose made-up results of frozen and initialized on Split CIFAR-100 decide claims of the project's own."""
    copy.take("cl_core", "book/claims.yml", "book/paper.csv", "book/protocol.md")
    (copy.top / "notebooks").mkdir()
    monkeypatch.chdir(copy.top)
    for seed in range(10):
        for arm, forgetting in (("initialized", 25.0), ("frozen", 23.0 + 0.1 * (seed % 3))):
            run = make_run("split-cifar100", arm, seed, forgetting=forgetting)
            store.save(run, copy.top / f"results/cpu/split-cifar100/{arm}-{seed}.json")
    return copy


def standing(copy, *ids):
    done = copy.run("-m", "cl_book.cli", "claims", "--json", *ids)
    assert done.returncode == 0, done.stdout
    return {entry["id"]: (entry["verdict"], entry["evidence"]) for entry in json.loads(done.stdout)}


def test_a_deleted_result_takes_its_claims_back(decided):
    before = standing(decided)
    assert before[FORGETS_LESS][0] == before[ENDS_HIGHER][0] == "reproduced"
    (decided.top / "results/cpu/split-cifar100/frozen-7.json").unlink()
    after = standing(decided, FORGETS_LESS, ENDS_HIGHER)
    assert {verdict for verdict, _ in after.values()} == {"not run"}
    assert "frozen · seed 7" in after[FORGETS_LESS][1]


def test_a_changed_number_turns_the_check_red(decided):
    sound = decided.check()
    assert sound.returncode == 0, sound.stdout
    path = decided.top / "results/cpu/split-cifar100/frozen-7.json"
    path.write_text(re.sub("60000", "60001", path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    done = decided.check()
    assert done.returncode == 1
    assert "results/cpu/split-cifar100/frozen-7.json: stale" in done.stdout
    assert "it was edited" in done.stdout
    assert standing(decided, FORGETS_LESS)[FORGETS_LESS][0] == "not run"


def test_a_claim_changed_after_its_result_needs_a_reason(decided):
    old = "  tolerance: >-\n    δ is half a point, as the reported difference is less than a point."
    text = (decided.top / "book/claims.yml").read_text(encoding="utf-8")
    begin = text.index(f"- id: {FORGETS_LESS}")
    changed = text[begin:].replace(old, old.replace("half a point", "a quarter of a point"), 1)
    assert changed != text[begin:]
    (decided.top / "book/claims.yml").write_text(text[:begin] + changed, encoding="utf-8")
    done = decided.check()
    assert done.returncode == 1
    assert f"{FORGETS_LESS}: changed after its first result" in done.stdout
    reasoned = changed.replace("  source: runs\n", "  source: runs\n  amended: the tolerance was misprinted\n", 1)
    (decided.top / "book/claims.yml").write_text(text[:begin] + reasoned, encoding="utf-8")
    assert decided.check().returncode == 0
