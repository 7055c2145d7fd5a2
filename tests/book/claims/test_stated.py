"""What is recorded of the claims: a digest that changes with what a claim says, and with nothing else."""

import pytest
import yaml
from cl_book.claims.stated import claim_digest, claim_digests

TEST = {
    "kind": "difference",
    "experiment": "split-cifar100",
    "of": "two-level",
    "against": "frozen",
    "measure": "avg_acc",
    "direction": "more",
    "seeds": "0-4",
}
CLAIM = {
    "id": "C01",
    "title": "a",
    "statement": "b",
    "page": "notebooks/page",
    "source": "runs",
    "shows": "c",
    "tolerance": "d",
    "where": "e",
    "mark": "D",
    "test": TEST,
}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"title": "z", "page": "notebooks/other"}, True),
        ({"amended": "it was misprinted"}, True),
        ({"statement": "z"}, False),
        ({"shows": "z"}, False),
        ({"tolerance": "z"}, False),
        ({"test": {**TEST, "delta": 2}}, False),
    ],
)
def test_a_digest_changes_with_what_is_claimed(change, same):
    assert (claim_digest({**CLAIM, **change}) == claim_digest(CLAIM)) == same


def test_claims_on_runs_are_recorded_by_id(checkout):
    theory = {**CLAIM, "id": "T01", "source": "theory", "test": None}
    (checkout / "book/claims.yml").write_text(yaml.safe_dump([theory, CLAIM], sort_keys=False), encoding="utf-8")
    assert claim_digests() == {"C01": claim_digest(CLAIM)}
    # The order and layout of the file say nothing.
    (checkout / "book/claims.yml").write_text(yaml.safe_dump([CLAIM], default_flow_style=True), encoding="utf-8")
    assert claim_digests() == {"C01": claim_digest(CLAIM)}


def test_without_a_list_of_claims_nothing_is_recorded(checkout):
    (checkout / "book/claims.yml").unlink()
    assert claim_digests() == {}
