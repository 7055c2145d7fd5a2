"""The runs behind a claim's verdict, as a JSON file beside the pages: each with its file, seed, digest and measures."""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from cl_book.claims.claim import Standing
from cl_book.claims.paired_differences import PairedComparison
from cl_book.pages.figure_nodes import DATA
from cl_core import files
from cl_core.experiments.store import RESULTS, metric
from cl_core.runs.result_set import ResultSet

FOLDER = f"{DATA}/claims"
"""Where these files lie in the built book."""

_MEASURES = ("avg_acc", "task_acc", "forgetting")


class claim_runs(nodes.Inline, nodes.TextElement):
    """A link to the file of a claim's runs; `file` is its name below FOLDER, `json` its content."""


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
    link = claim_runs("", f"the {count} runs behind it (JSON)", file=f"{standing.claim.id}.json", json=text)
    return [nodes.paragraph("", "", link, classes=["cl-data"])]


def _visit(translator: HTML5Translator, node: claim_runs) -> None:
    # The one page that the PDF is printed from has no files beside it.
    if translator.builder.name == "singlehtml":
        translator.body.append("<span>")
        return
    files.write_text(Path(translator.builder.outdir) / FOLDER / node["file"], node["json"])
    address = relative_uri(translator.builder.get_target_uri(translator.docnames[0]), f"{FOLDER}/{node['file']}")
    translator.body.append(f'<a href="{address}" download aria-label="{node.astext()}: {node["file"]}">')


def _depart(translator: HTML5Translator, _node: claim_runs) -> None:
    translator.body.append("</span>" if translator.builder.name == "singlehtml" else "</a>")


def _pass(_translator: Any, _node: nodes.Node) -> None:
    return


def setup(app: Sphinx) -> None:
    """Register the link."""
    app.add_node(claim_runs, html=(_visit, _depart), latex=(_pass, _pass), text=(_pass, _pass))
