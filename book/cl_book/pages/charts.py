"""Figures of the reference results, drawn when the book is built."""

from dataclasses import dataclass
from functools import partial

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.arms import Arm
from cl_book.claims.overview import STREAMS
from cl_book.claims.reference_runs import OVERLAPS, PASSES, SEVERITIES, WIDTHS
from cl_book.figures.algorithm_figures import draw_echo, draw_paths
from cl_book.figures.budget_figure import draw_budget
from cl_book.figures.drawing import to_csv
from cl_book.figures.forest_figure import draw_forest
from cl_book.figures.inside import INSIDE, Draw
from cl_book.figures.paper_size_figure import draw_paper_size
from cl_book.figures.part_way_figures import draw_order, draw_pareto, draw_theory_and_network
from cl_book.figures.result_figures import draw_forgetting_by_distance, draw_gains_along, draw_scores_along
from cl_book.figures.scale_figures import draw_scale
from cl_book.pages.figure_nodes import data_link, draw, make_captioned_figure, name_data_file
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.runs.result_set import read_results

_GAINS = tuple(
    (Arm(strategy), Arm("initialized")) for strategy in ("frozen", "frozen-0", "adaptive", "two-level", "averaged")
)

_NO_UPDATE = (
    (Arm("frozen-0"), Arm("initialized")),
    (Arm("frozen-0"), Arm("frozen")),
    *(
        (careful, Arm("frozen-0"))
        for careful in (Arm("averaged"), Arm("slower", ("rate_factor=0.03",)), Arm("pulled", ("pull=0.3",)))
    ),
)


@dataclass(frozen=True)
class ChartKind:
    """A chart: the experiment whose results it reads, what draws it, its caption where a page gives none, and what is not run."""

    experiment: str
    draw: Draw
    caption: str = ""
    absent: str = "there is no reference result to draw"


_ABSENT = {"path": "Algorithm 1 has no reference result on this stream, so there is no path to draw"}


CHARTS: dict[str, ChartKind] = {
    "distance": ChartKind("split-cifar100", draw_forgetting_by_distance),
    "overlap": ChartKind("correlated-cifar100", partial(draw_gains_along, "overlap", OVERLAPS)),
    "overlap-scores": ChartKind("correlated-cifar100", partial(draw_scores_along, "overlap", OVERLAPS)),
    "forest-accuracy": ChartKind("*", lambda _, results: draw_forest(_GAINS, "avg_acc", results)),
    "forest-forgetting": ChartKind("*", lambda _, results: draw_forest(_GAINS, "forgetting", results)),
    "no-update": ChartKind("*", lambda _, results: draw_forest(_NO_UPDATE, "avg_acc", results)),
    "paths": ChartKind("split-cifar100", draw_paths),
    "echo": ChartKind("split-cifar100", draw_echo),
    "part-way": ChartKind("split-cifar100", draw_theory_and_network),
    "pareto": ChartKind("split-cifar100", draw_pareto),
    "order": ChartKind("split-cifar100", draw_order),
    "scale-width": ChartKind("split-cifar100", partial(draw_scale, "width", WIDTHS)),
    "scale-passes": ChartKind("split-cifar100", partial(draw_scale, "epochs", PASSES)),
    "budget": ChartKind("split-cifar100", draw_budget, absent="a strategy lacks runs with one of the budgets"),
    "paper-size": ChartKind(
        "split-cifar100", draw_paper_size, absent="the paper's width has no run with which to compare the book's size"
    ),
    "severity": ChartKind("corrupted-cub50", partial(draw_gains_along, "severity", SEVERITIES)),
    "severity-scores": ChartKind("corrupted-cub50", partial(draw_scores_along, "severity", SEVERITIES)),
    **{
        f"{experiment}-{kind}": ChartKind(experiment, draw, caption, _ABSENT.get(kind, ChartKind.absent))
        for experiment in STREAMS
        for kind, (draw, caption) in INSIDE.items()
    },
}
"""Charts by name."""


class Chart(SphinxDirective):
    """``:::{chart} distance [CLAIM VERDICT]…``: a figure of reference results; its text is the caption, bound to verdicts.

    Without a text a chart of one experiment, such as ``split-cifar100-course``, has the caption of its kind. What it found
    is said first, computed from the numbers drawn.
    """

    required_arguments = 1
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure, or a sentence where no run is there; an unknown chart is an error."""
        chart, *bound = self.arguments
        if chart not in CHARTS:
            raise self.error(f"there is no chart {chart!r}{suggest(chart, CHARTS)}")
        kind = CHARTS[chart]
        noted(self.env, f"*/{kind.experiment}/*")
        picture = kind.draw(kind.experiment, read_results())
        if picture is None:
            return [nodes.paragraph(text=f"Not run: {kind.absent}.", classes=["cl-evidence"])]
        name = f"results-{chart}"
        caption = [line for line in (picture.finding, *(self.content or [kind.caption])) if line]
        figure = make_captioned_figure(self, f"fig-{name}", bound, caption=caption)
        figure.insert(0, draw(picture, name))
        figure += data_link(csv=to_csv(picture.data), file=name_data_file(self.env.docname, name))
        return [figure]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("chart", Chart)
