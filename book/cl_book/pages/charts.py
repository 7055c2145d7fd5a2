"""Figures of the reference results, drawn when the book is built."""

from collections.abc import Callable
from functools import partial

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.arms import PROFILE, Arm
from cl_book.claims.reference_runs import OVERLAPS, SEVERITIES
from cl_book.figures.algorithm_figures import draw_echo, draw_paths
from cl_book.figures.drawing import to_csv, to_svg
from cl_book.figures.forest_figure import draw_forest
from cl_book.figures.part_way_figures import draw_order, draw_pareto, draw_theory_and_network
from cl_book.figures.result_figures import Picture, draw_forgetting_by_distance, draw_gains_along
from cl_book.pages.figure_nodes import data_link, drawing, make_captioned_figure, name_data_file
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.runs.result_set import ResultSet, read_results

_GAINS = tuple(
    (Arm(strategy), Arm("initialized")) for strategy in ("frozen", "frozen-0", "adaptive", "two-level", "averaged")
)

CHARTS: dict[str, tuple[str, Callable[[str, ResultSet], Picture | None]]] = {
    "distance": ("split-cifar100", draw_forgetting_by_distance),
    "overlap": ("correlated-cifar100", partial(draw_gains_along, "overlap", OVERLAPS)),
    "forest-accuracy": ("*", lambda _, results: draw_forest(_GAINS, "avg_acc", results)),
    "forest-forgetting": ("*", lambda _, results: draw_forest(_GAINS, "forgetting", results)),
    "paths": ("split-cifar100", draw_paths),
    "echo": ("split-cifar100", draw_echo),
    "part-way": ("split-cifar100", draw_theory_and_network),
    "pareto": ("split-cifar100", draw_pareto),
    "order": ("split-cifar100", draw_order),
    "severity": ("corrupted-cub50", partial(draw_gains_along, "severity", SEVERITIES)),
}
"""Charts by name: the experiment whose results they read, and what draws them."""


class Chart(SphinxDirective):
    """``:::{chart} distance [CLAIM VERDICT]…``: a figure of reference results; its text is the caption, bound to verdicts."""

    required_arguments = 1
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure, or a sentence where no run is there; an unknown chart is an error."""
        chart, *bound = self.arguments
        if chart not in CHARTS:
            raise self.error(f"there is no chart {chart!r}{suggest(chart, CHARTS)}")
        experiment, draw = CHARTS[chart]
        noted(self.env, f"{PROFILE}/{experiment}/*")
        picture = draw(experiment, read_results())
        if picture is None:
            return [nodes.paragraph(text="Not run: there is no reference result to draw.", classes=["cl-evidence"])]
        name = f"results-{chart}"
        figure = make_captioned_figure(self, f"fig-{name}", bound)
        figure.insert(0, drawing(svg=to_svg(picture.figure, name=name, alt=picture.alt), name=name))
        figure += data_link(csv=to_csv(picture.data), file=name_data_file(self.env.docname, name))
        return [figure]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("chart", Chart)
