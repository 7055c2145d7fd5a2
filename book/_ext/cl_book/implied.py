"""The paper's reported numbers held against each other, computed when the book is built."""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import table
from cl_core.companion.discrepancies import Reported, rows
from cl_core.companion.tables import PAPER

_NONE = "none"


class Implied(SphinxDirective):
    """``:::{implied} triples``: rows with Avg.Acc, Task.Acc and Forgetting, and the number of tasks that fits the three.

    ``:::{implied} pairs``: rows without Task.Acc, and the largest number of tasks that keeps it at 100 or below.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        kind = directives.choice(self.arguments[0], ("triples", "pairs"))
        self.env.note_dependency(str(Path(self.env.srcdir) / PAPER))
        found = [row for row in rows() if (row.task is None) == (kind == "pairs")]
        head, line = {"triples": (_TRIPLES, _triple), "pairs": (_PAIRS, _pair)}[kind]
        cells = [[[nodes.paragraph(text=text)] for text in line(row)] for row in found]
        return [table(head, cells, wordy=False)]


_TRIPLES = (
    "Row",
    "Avg.Acc",
    "Task.Acc",
    "Forgetting",
    "Forgetting that the first two imply",
    "Tasks at which all three fit",
    "Fewest tasks, if counted from the peak",
)
_PAIRS = ("Row", "Avg.Acc", "Forgetting", "Most tasks that they allow")


def _triple(row: Reported) -> list[str]:
    implied = f"{row.expected_forgetting:.2f} ({row.tasks} tasks)"
    fitting = _NONE if row.fitting is None else f"{row.fitting:.1f}"
    least = _NONE if row.least_from_peak is None else str(row.least_from_peak)
    return [_name(row), f"{row.average:.2f}", f"{row.task:.2f}", f"{row.forgetting:.2f}", implied, fitting, least]


def _pair(row: Reported) -> list[str]:
    return [
        _name(row),
        f"{row.average:.2f}",
        f"{row.forgetting:.2f}",
        "any number" if row.most is None else str(row.most),
    ]


def _name(row: Reported) -> str:
    return f"{row.experiment}, {row.strategy}"


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("implied", Implied)
