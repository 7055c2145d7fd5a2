"""The table of runs made twice: how far two machines part, and how much of a score is the task's own."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.retest import judge_score, measure_spread, pair_runs
from cl_book.pages.claim_boxes import table
from cl_book.pages.result_values import noted
from cl_core.experiments.catalogue import CATALOGUE
from cl_core.experiments.plan import make_plan
from cl_core.experiments.store import RETEST
from cl_core.runs.result_set import read_results, read_retest


class RetestTable(SphinxDirective):
    """``:::{retest}``: what the initialized runs that were made twice say of the score, an experiment a row.

    ``:::{retest} spread`` shows instead by how much each strategy's measures differ between the two makings.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown choice is an error."""
        tables = {"score": _list_scores, "spread": _list_spreads}
        choice = self.arguments[0] if self.arguments else "score"
        if choice not in tables:
            raise self.error(f"there is no table of runs made twice {choice!r}; there are score and spread")
        noted(self.env)
        noted(self.env, f"{RETEST}/*")
        return [tables[choice]()]


def _list_scores() -> nodes.container:
    first, again, rows = read_retest(), read_results(), []
    for experiment in CATALOGUE:
        pairs = pair_runs(experiment, "initialized", first, again)
        if pairs:
            threshold = make_plan(experiment, "two-level", 0, "cpu").settings.threshold
            found = judge_score(pairs, threshold)
            shares = [f"{100 * share:.0f} %" for share in (found.agree, found.chance, found.below)]
            scores = [f"{value:.2f}".replace("-", "−") for value in (found.retest, found.halves)]
            rows.append(_row(experiment, str(len(pairs)), str(found.arrivals), *scores, *shares))
    head = ["Experiment", "Runs", "Arrivals", "Made twice", "Halves", "Same decision", "By chance", "Below"]
    return table(head, rows, wordy=False)


def _list_spreads() -> nodes.container:
    first, again = read_retest(), read_results()
    kinds = dict.fromkeys((run.experiment, run.strategy) for run in first.current.values())
    rows = []
    for experiment, strategy in kinds:
        pairs = pair_runs(experiment, strategy, first, again)
        if pairs:
            rows.append(_row(experiment, strategy, str(len(pairs)), f"{measure_spread(pairs):.1f}"))
    return table(["Experiment", "Strategy", "Runs", "Points"], rows, wordy=False)


def _row(*cells: str) -> list[list[nodes.Node]]:
    return [[nodes.paragraph(text=text)] for text in cells]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("retest", RetestTable)
