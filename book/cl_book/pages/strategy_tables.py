"""The strategies as a table: what each does, what the field calls it, and the settings that it alone reads."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.pages.claim_boxes import table
from cl_core.experiments.strategy_table import STRATEGIES, Treatment


class StrategyTable(SphinxDirective):
    """``:::{strategies}``: every strategy with its kind, what it does, what the field calls it, and its own settings."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        head = ["Strategy", "Kind", "What moves", "Also known as", "Settings of its own"]
        return [table(head, [_list_cells(strategy) for strategy in STRATEGIES.values()])]


def _list_cells(strategy: Treatment) -> list[list[nodes.Node]]:
    kind = f"{strategy.kind}, follows {strategy.follows}" if strategy.follows else strategy.kind
    settings: list[nodes.Node] = []
    for name in strategy.reads:
        settings += [nodes.Text(", ")] * bool(settings) + [nodes.literal(text=name)]
    return [
        [nodes.paragraph("", "", nodes.literal(text=strategy.name))],
        [nodes.paragraph(text=kind)],
        [nodes.paragraph(text=strategy.summary)],
        [nodes.paragraph(text=strategy.also)],
        [nodes.paragraph("", "", *settings)],
    ]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("strategies", StrategyTable)
