"""All runs as one table beside the pages: written into the built book, and linked where results are shown."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from cl_book.pages.figure_nodes import DATA
from cl_book.result_table import make_table, write_csv
from cl_core.runs.result_set import read_results

FILE = f"{DATA}/results.csv"
"""Where the table lies in the built book."""


class results_link(nodes.General, nodes.Element):
    """A link to the table of all runs."""


def _visit(translator: HTML5Translator, _node: results_link) -> None:
    builder = translator.builder
    address = relative_uri(builder.get_target_uri(translator.docnames[0]), FILE)
    label = "All reference runs, one row a run (CSV)"
    translator.body.append(
        f'<p class="cl-data"><a href="{address}" download aria-label="{label}">all runs (CSV)</a></p>\n'
    )
    raise nodes.SkipNode


def _skip(_translator: Any, _node: nodes.Node) -> None:
    raise nodes.SkipNode


def _write(app: Sphinx, error: Exception | None) -> None:
    """Write the table once the pages stand; a book without results has none."""
    results = read_results()
    if error is None and app.builder.format == "html" and results.results:
        write_csv(make_table(results), Path(app.outdir) / FILE)


def setup(app: Sphinx) -> None:
    """Register the link and the table behind it."""
    app.add_node(results_link, html=(_visit, None), latex=(_skip, None), text=(_skip, None))
    app.connect("build-finished", _write)
