"""The paper's tables cell by cell: each number as printed, the claims that use it, and the page that computes ours."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.claim import Standing
from cl_book.claims.paper_table import PAPER, Reported
from cl_book.pages.claim_boxes import linked_badge, standings, table
from cl_book.pages.evidence_marks import make_mark
from cl_book.pages.implied_table import spell_stream
from cl_book.pages.numbers import reported
from cl_book.pages.status_pages import notebook_path, page_link
from cl_core.metric_table import MEASURES

OPEN_QUESTION = "book/open-question"
"""The page that holds all reported numbers against each other; for an experiment without a claim it is the only one."""


class PaperCells(SphinxDirective):
    """``:::{papercells} I``: a table of the paper, I, II or III; a row for each experiment and strategy of it.

    In each cell stand the number and the claims that use it; a row ends with the page and the command that computes ours.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; one that the paper does not have is an error."""
        self.env.note_dependency(str(Path(self.env.srcdir) / PAPER))
        numbers = {key: number for key, number in reported(self.env).items() if key.split("/")[0] == self.arguments[0]}
        if not numbers:
            raise self.error(f"the paper has no table {self.arguments[0]!r}; give I, II or III")
        rows = dict.fromkeys(tuple(key.split("/")[1:3]) for key in numbers)
        metrics = [name for name in MEASURES if any(key.endswith(f"/{name}") for key in numbers)]
        known = standings()
        body = []
        for experiment, strategy in rows:
            places = [f"{self.arguments[0]}/{experiment}/{strategy}/{metric}" for metric in metrics]
            body.append(
                [
                    [nodes.paragraph(text=f"{spell_stream(experiment)}, {strategy.replace('-', ' ')}")],
                    *(self._cell(place, numbers.get(place), known) for place in places),
                    self._page(experiment_page(experiment, known)),
                ]
            )
        return [table(["Row", *(MEASURES[name].title for name in metrics), "Taken up in, computed by"], body)]

    def _cell(self, place: str, number: Reported | None, known: dict[str, Standing]) -> list[nodes.Node]:
        if number is None:
            return [nodes.paragraph(text="—")]
        spread = f" ± {number.std}" if number.std else ""
        lines: list[nodes.Node] = [nodes.paragraph("", f"{number.mean}{spread} ", make_mark(number.mark))]
        lines += [
            nodes.paragraph("", "", linked_badge(self.env, known[claim], named=True))
            for claim in claims_of(place, known)
        ]
        return lines

    def _page(self, page: str) -> list[nodes.Node]:
        if page not in self.env.found_docs:
            return [nodes.paragraph(text="not run yet")]
        lines: list[nodes.Node] = [nodes.paragraph("", "", page_link(page))]
        if notebook_path(self.env.srcdir, page).is_file():
            lines.append(nodes.paragraph("", "", nodes.literal(text=f"cl-core rerun {page}.ipynb")))
        return lines


def claims_of(place: str, known: dict[str, Standing]) -> list[str]:
    """Return the claims that are held against a number, named as ``table/experiment/strategy/metric``."""
    return [
        name
        for name, standing in known.items()
        if standing.claim.test is not None and place in (standing.claim.test.paper or ())
    ]


def experiment_page(experiment: str, known: dict[str, Standing]) -> str:
    """Return the page of an experiment: that of its first claim on a cell of the paper, or the open question without one."""
    for standing in known.values():
        test = standing.claim.test
        if test is not None and test.experiment == experiment and test.paper:
            return standing.claim.page
    return OPEN_QUESTION


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("papercells", PaperCells)
