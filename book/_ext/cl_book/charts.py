"""Figures of the reference results, drawn when the book is built."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import require
from cl_book.errors import nearest
from cl_book.experiments import shelf
from cl_book.figures import data_link, drawing
from cl_core.companion.comparisons import PROFILE
from cl_core.companion.figures import to_csv, to_svg
from cl_core.companion.readings import Shelf
from cl_core.companion.resultfigures import Picture, forgetting_by_distance, gains_along
from cl_core.experiments import store

CHARTS: dict[str, tuple[str, Callable[[Shelf], Picture | None]]] = {
    "distance": ("split-cifar100", forgetting_by_distance),
    "overlap": (
        "correlated-cifar100",
        lambda results: gains_along("correlated-cifar100", "overlap", (0, 0.25, 0.5, 0.75, 1), results),
    ),
    "severity": (
        "corrupted-cub50",
        lambda results: gains_along("corrupted-cub50", "severity", (0, 1, 2, 3, 4), results),
    ),
}
"""Charts by name: the experiment whose results they read, and what draws them."""


class Chart(SphinxDirective):
    """``:::{chart} distance [CLAIM VERDICT]…``: a figure of reference results; its text is the caption, bound to verdicts."""

    required_arguments = 1
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure, or a sentence where no run is there; an unknown chart is an error."""
        name, *bound = self.arguments
        if name not in CHARTS:
            raise self.error(f"there is no chart {name!r}{nearest(name, CHARTS)}")
        self.assert_has_content()
        experiment, draw = CHARTS[name]
        for file in store.stored(f"{PROFILE}/{experiment}/*"):
            self.env.note_dependency(str(Path(self.env.srcdir) / file))
        made = draw(shelf())
        if made is None:
            return [nodes.paragraph(text="Not run: there is no reference result to draw.", classes=["cl-evidence"])]
        require(self, bound)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        label = f"fig-results-{name}"
        figure = nodes.figure("", classes=["cl-figure"], names=[label])
        self.set_source_info(figure)
        figure += drawing(svg=to_svg(made.figure, name=f"results-{name}", alt=made.alt), name=f"results-{name}")
        figure += nodes.caption("", "", *body.children[0].children)
        figure += data_link(csv=to_csv(made.data), file=f"{PurePosixPath(self.env.docname).name}-results-{name}.csv")
        self.state.document.note_explicit_target(figure)
        return [figure]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("chart", Chart)
