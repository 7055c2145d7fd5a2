"""Faults in results: a deleted one takes its claims' verdicts back, a changed one turns the check red."""

import json
import re

import pytest

from cl_core.experiments import store

FORGETS_LESS, ENDS_HIGHER = "C04", "C03"
"""The claims on frozen against initialized that the made-up results decide."""


@pytest.fixture
def decided(copy, make_run, own_code, monkeypatch):
    """A copy, stood in, whose made-up results of frozen and initialized on Split CIFAR-100 decide claims."""
    copy.take("book/claims.yml", "book/paper.csv", "book/protocol.md")
    (copy.top / "notebooks").mkdir()
    monkeypatch.chdir(copy.top)
    for seed in range(10):
        for arm, forgetting in (("initialized", 25.0), ("frozen", 23.0 + 0.1 * (seed % 3))):
            result = make_run("split-cifar100", arm, seed, forgetting=forgetting)
            store.save(result, copy.top / f"results/cpu/split-cifar100/{arm}-{seed}.json")
    return copy


@pytest.fixture
def standing(run):
    """Return verdict and evidence of the claims with the given ids, as the command line prints them."""

    def of(*ids):
        code, out, err = run("claims", "--json", *ids)
        assert code == 0, err
        return {entry["id"]: (entry["verdict"], entry["evidence"]) for entry in json.loads(out)}

    return of


@pytest.mark.slow
def test_a_deleted_result_takes_its_claims_back(decided, standing):
    before = standing(FORGETS_LESS, ENDS_HIGHER)
    assert before[FORGETS_LESS][0] == before[ENDS_HIGHER][0] == "reproduced"
    (decided.top / "results/cpu/split-cifar100/frozen-7.json").unlink()
    after = standing(FORGETS_LESS, ENDS_HIGHER)
    assert {verdict for verdict, _ in after.values()} == {"not run"}
    assert "frozen · seed 7" in after[FORGETS_LESS][1]


@pytest.mark.slow
def test_a_changed_number_turns_the_check_red(decided, run, standing):
    code, out, _ = run("check")
    assert code == 0, out
    path = decided.top / "results/cpu/split-cifar100/frozen-7.json"
    path.write_text(re.sub("60000", "60001", path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    code, out, _ = run("check")
    assert code == 1
    assert "results/cpu/split-cifar100/frozen-7.json: stale" in out
    assert "it was edited" in out
    assert standing(FORGETS_LESS)[FORGETS_LESS][0] == "not run"


@pytest.mark.slow
def test_a_claim_changed_after_its_result_needs_a_reason(decided, run):
    text = (decided.top / "book/claims.yml").read_text(encoding="utf-8")
    begin = text.index(f"- id: {FORGETS_LESS}")
    # The claim may have a reason for an earlier change.
    plain = re.sub(r"  amended: >-\n(?:    .*\n)+", "", text[begin:], count=1)
    changed = plain.replace("  source: runs\n", "  source: runs\n  tolerance: a quarter of a point\n", 1)
    assert changed != plain
    (decided.top / "book/claims.yml").write_text(text[:begin] + changed, encoding="utf-8")
    code, out, _ = run("check")
    assert code == 1
    assert f"{FORGETS_LESS}: changed after its first result" in out
    reasoned = changed.replace("  source: runs\n", "  source: runs\n  amended: the tolerance was misprinted\n", 1)
    (decided.top / "book/claims.yml").write_text(text[:begin] + reasoned, encoding="utf-8")
    assert run("check")[0] == 0
