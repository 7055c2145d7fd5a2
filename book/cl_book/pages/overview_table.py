"""``:::{overview}``: all streams and methods in one table, each row with the paper's numbers and a link to its runs."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import overview
from cl_book.claims.overview import OverviewRow
from cl_book.claims.paper_table import Reported
from cl_book.claims.summaries import summarise
from cl_book.pages.claim_boxes import table
from cl_book.pages.figure_nodes import DATA
from cl_book.pages.numbers import reported
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_book.pages.run_lists import run_list
from cl_book.result_table import format_csv, make_table
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet, read_results

FOLDER = f"{DATA}/runs"
"""Where the lists of a row's runs lie in the built book."""


SHOWN = ("avg_acc", "task_acc", "forgetting")
"""The measures of a table of one stream."""


class Overview(SphinxDirective):
    """``:::{overview} [EXPERIMENT]``: every stream and method in one table that can be sorted, the paper's numbers beside ours.

    With an experiment, its methods alone, without the column of streams.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, or a sentence where no run is there."""
        noted(self.env)
        reported(self.env)
        results = read_results()
        rows = list(overview.list_rows(results))
        if self.arguments:
            if self.arguments[0] not in overview.STREAMS:
                raise self.error(
                    f"there is no stream {self.arguments[0]!r}{suggest(self.arguments[0], overview.STREAMS)}"
                )
            rows = [row for row in rows if row.experiment == self.arguments[0]]
        if not rows:
            return [nodes.paragraph(text="Not run: there is no reference result.", classes=["cl-evidence"])]
        shown = SHOWN if self.arguments else overview.MEASURED
        measures = [name for name in shown if any(row.values(name) for row in rows)]
        best = {
            (experiment, name): _find_best([row for row in rows if row.experiment == experiment], name)
            for experiment in {row.experiment for row in rows}
            for name in measures
        }
        apart = [] if self.arguments else ["Stream"]
        head = [*apart, "Method", *(MEASURES[name].title for name in measures), "Runs"]
        lines = [
            [
                *([nodes.paragraph(text=overview.STREAMS[row.experiment])] for _ in apart),
                [nodes.paragraph(text=row.method.title)],
                *([_measure(row, name, best=best[row.experiment, name] is row)] for name in measures),
                [_link_runs(row, results)],
            ]
            for row in rows
        ]
        drawn = table(head, lines, wordy=False)
        drawn["classes"] += ["cl-results", "cl-overview", "cl-sortable"]
        drawn[0]["classes"].append("cl-cards")
        return [drawn]


def _measure(row: OverviewRow, name: str, *, best: bool) -> nodes.container:
    """Return a cell: the name of the measure, which phones show, the mean and its deviation, and the paper's number."""
    cell = nodes.container("", nodes.inline("", MEASURES[name].title, classes=["cl-label"]))
    values = row.values(name)
    if not values:
        cell += nodes.inline("", "—", classes=["cl-number"])
    else:
        spread = summarise(values)
        mean = nodes.inline("", f"{spread.mean:.1f}".replace("-", "−"), classes=["cl-number"])
        cell += nodes.strong("", "", mean) if best else mean
        if spread.std is not None:
            cell += nodes.inline("", f" ± {spread.std:.1f}", classes=["cl-deviation"])
    if name in row.paper:
        cell += _paper(row.paper[name])
    return nodes.container("", nodes.paragraph("", "", *cell.children), classes=["cl-cell"])


def _paper(number: Reported) -> nodes.inline:
    return nodes.inline("", f"paper {number.mean}", classes=["cl-quiet", "cl-paper"])


def _link_runs(row: OverviewRow, results: ResultSet) -> nodes.paragraph:
    label = nodes.inline("", "Runs", classes=["cl-label"])
    listed = format_csv(make_table(ResultSet(row.runs, results.states)))
    file = f"{FOLDER}/{name_list(row)}"
    link = run_list("", str(len(row.runs)), file=file, content=listed, said=" runs")
    return nodes.paragraph("", "", label, link)


def name_list(row: OverviewRow) -> str:
    """Return the name of the list of a row's runs."""
    return f"{row.experiment}-{str(row.method.arm).replace(' ', '-').replace('=', '-')}.csv"


def _find_best(rows: list[OverviewRow], name: str) -> OverviewRow | None:
    """Return the row that is best in a measure; bounds are left out, and so is a method that cannot forget."""
    means = [(summarise(row.values(name)).mean, row) for row in rows if row.values(name) and not row.method.bound]
    if name == "forgetting":
        means = [(mean, row) for mean, row in means if row.method.arm.strategy != "frozen-0"]
    if not means:
        return None
    choose = max if MEASURES[name].better == "more" else min
    return choose(means, key=lambda pair: pair[0])[1]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("overview", Overview)
