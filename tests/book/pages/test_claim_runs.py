"""The runs behind a claim, as its file lists them."""

from types import SimpleNamespace

import pytest
from cl_book.claims import claim as claims
from cl_book.pages.claim_runs import describe_runs

from cl_core.experiments.store import metric
from cl_core.runs.result_set import read_results


@pytest.fixture(scope="module")
def stated():
    return {each.id: each for each in claims.load()}


def test_a_claims_file_lists_each_run_with_its_digest_and_measures(stated):
    results = read_results()
    described = describe_runs(SimpleNamespace(claim=stated["C03"], verdict="reproduced"), results)
    assert {run["strategy"] for run in described["runs"]} == {"frozen", "initialized"}
    assert {run["seed"] for run in described["runs"]} == set(stated["C03"].test.seeds)
    for run in described["runs"]:
        stored = results.current[run["file"].removeprefix("results/")]
        assert run["digest"] == stored.digest
        assert run["avg_acc"] == pytest.approx(100 * metric(stored, "avg_acc"), abs=1e-4)
    assert described["missing"] == []


def test_a_claim_on_theory_has_no_runs(stated):
    assert describe_runs(SimpleNamespace(claim=stated["T01"], verdict="holds"), read_results()) is None
