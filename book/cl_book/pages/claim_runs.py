"""The runs behind a claim's verdict, as a JSON file beside the pages: each with its file, seed, digest and measures."""

import json
from typing import Any

from docutils import nodes

from cl_book.claims.claim import Standing
from cl_book.claims.paired_differences import PairedComparison
from cl_book.pages.figure_nodes import DATA
from cl_book.pages.run_lists import run_list
from cl_core.experiments.store import RESULTS, metric
from cl_core.runs.result_set import ResultSet

FOLDER = f"{DATA}/claims"
"""Where these files lie in the built book."""

_MEASURES = ("avg_acc", "task_acc", "forgetting")


def describe_runs(standing: Standing, results: ResultSet) -> dict[str, Any] | None:
    """Return the runs that a claim's comparison reads, measures in per cent, and those that are missing; None without any."""
    test = standing.claim.test
    if not isinstance(test, PairedComparison):
        return None
    plans = test.runs()
    found = {plan.name: run for plan in plans if (run := results.get(plan)) is not None}
    if not found:
        return None
    return {
        "claim": standing.claim.id,
        "statement": " ".join(standing.claim.statement.split()),
        "verdict": standing.verdict,
        "runs": [
            {
                "file": f"{RESULTS}/{name}",
                "strategy": run.strategy,
                "seed": run.seed,
                "digest": run.digest,
                **{measure: round(100 * metric(run, measure), 4) for measure in _MEASURES},
            }
            for name, run in found.items()
        ],
        "missing": [plan.name for plan in plans if plan.name not in found],
    }


def link_runs(standing: Standing, results: ResultSet) -> list[nodes.Node]:
    """Return a paragraph that links to the runs of a claim; nothing where it has none."""
    described = describe_runs(standing, results)
    if described is None:
        return []
    text = json.dumps(described, ensure_ascii=False, indent=1)
    count = len(described["runs"])
    file = f"{FOLDER}/{standing.claim.id}.json"
    link = run_list("", f"the {count} runs behind it (JSON)", file=file, content=text, said="")
    return [nodes.paragraph("", "", link, classes=["cl-data"])]
