"""An experiment's reference results as a table, beside the paper's row: read from results/ when the book is built."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import table
from cl_book.errors import nearest
from cl_book.marks import mark
from cl_book.numbers import Reported, reported
from cl_core.companion import readings, summaries
from cl_core.companion.comparisons import PROFILE
from cl_core.companion.summaries import Row
from cl_core.experiments import store
from cl_core.experiments.catalogue import CATALOGUE

_TITLES = {"avg_acc": "Avg.Acc", "task_acc": "Task.Acc", "forgetting": "Forgetting", "lost_share": "Lost share"}


class Reference(SphinxDirective):
    """``:::{reference} split-cifar100``: each strategy's reference results beside the paper's row, and how they were made.

    ``:over: overlap`` also takes runs that change that setting alone, a row for each of its values. Where nothing was
    run it says so.
    """

    required_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = {"over": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown experiment is an error."""
        name = self.arguments[0]
        if name not in CATALOGUE:
            raise self.error(f"there is no experiment {name!r}{nearest(name, CATALOGUE)}")
        over = self.options.get("over")
        results = shelf()
        for file in store.stored(f"{PROFILE}/{name}/*"):
            self.env.note_dependency(str(Path(self.env.srcdir) / file))
        paper = {key: found for key, found in reported(self.env).items() if key.split("/")[1] == name}
        rows = summaries.rows(name, results, over=over)
        return [
            *self._table(rows, paper, over),
            *_about(name, results, ran=bool(rows), paper=bool(paper)),
        ]

    def _table(self, rows: list[Row], paper: dict[str, Reported], over: str | None) -> list[nodes.Node]:
        """Return the rows that ran, and behind them the paper's of strategies that did not."""
        own = {(metric, strategy): found for metric, strategy, found in _by_place(paper)}
        reported_alone = dict.fromkeys(
            strategy for _, strategy in own if strategy not in {row.strategy for row in rows}
        )
        if not rows and not own:
            return []
        lines = [self._line(row, own, over) for row in rows]
        lines += [self._line(Row(strategy, None, (), {}), own, over) for strategy in reported_alone]
        head = ["Strategy", *([over] if over else []), *_TITLES.values(), "Seeds"]
        return [table(head, lines, wordy=False)]

    def _line(self, row: Row, own: dict[tuple[str, str], Reported], over: str | None) -> list[list[nodes.Node]]:
        cells: list[list[nodes.Node]] = [[nodes.paragraph(text=row.strategy)]]
        if over:
            cells.append([nodes.paragraph(text="—" if row.value is None else f"{row.value:g}")])
        for metric in _TITLES:
            found = row.measures.get(metric)
            cell: list[nodes.Node] = [nodes.paragraph(text="—" if found is None else str(found))]
            if (metric, row.strategy) in own and not row.changed:
                cell.append(_reported(own[metric, row.strategy]))
            cells.append(cell)
        return [*cells, [nodes.paragraph(text=str(len(row.seeds)) if row.seeds else "not run")]]


def _by_place(paper: dict[str, Reported]) -> list[tuple[str, str, Reported]]:
    """Return metric, strategy and number of the paper's rows; differences between strategies are left out."""
    made = []
    for key, found in paper.items():
        _, _, strategy, metric = key.split("/")
        if "-minus-" not in strategy:
            made.append((metric, strategy, found))
    return made


def _reported(found: Reported) -> nodes.paragraph:
    text = f"reported {found.mean}" + (f" ± {found.std} " if found.std else " ")
    return nodes.paragraph("", "", nodes.Text(text), mark(found.mark), classes=["cl-quiet"])


def _about(name: str, results: readings.Shelf, *, ran: bool, paper: bool) -> list[nodes.Node]:
    facts = summaries.circumstances(name, results)
    said = "; ".join(facts)
    text = f"Reference results in per cent, mean ± standard deviation over seeds: {said}. "
    if not ran:
        text = "Not run: there is no reference result of this experiment. "
    elif not facts:
        text = "Reference results in per cent, mean ± standard deviation over seeds. "
    text += "The paper's numbers are of another width and of choices that are not known." if paper else ""
    left_out = summaries.stale(name, results)
    if left_out:
        text += f" Stale and left out: {', '.join(left_out)}."
    return [nodes.paragraph(text=text.strip(), classes=["cl-evidence"])]


@lru_cache(maxsize=1)
def shelf() -> readings.Shelf:
    """Return every result that holds; read once a build."""
    return readings.shelf()


def setup(app: Sphinx) -> None:
    """Register the directive, and ask anew for each build."""
    app.connect("builder-inited", lambda _app: shelf.cache_clear())
    app.add_directive("reference", Reference)
