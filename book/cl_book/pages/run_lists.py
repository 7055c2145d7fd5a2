"""A list of runs as a file beside the pages, and the link to it."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from cl_core import files


class run_list(nodes.Inline, nodes.TextElement):
    """A link to a list of runs; `file` is its place in the built book, `content` the list, `said` goes before its name."""


def _visit(translator: HTML5Translator, node: run_list) -> None:
    # The one page that the PDF is printed from has no files beside it.
    if translator.builder.name == "singlehtml":
        translator.body.append("<span>")
        return
    file = Path(node["file"])
    files.write_text(Path(translator.builder.outdir) / file, node["content"])
    address = relative_uri(translator.builder.get_target_uri(translator.docnames[0]), file.as_posix())
    label = f"{node.astext()}{node['said']}: {file.name}"
    translator.body.append(f'<a href="{address}" download aria-label="{label}">')


def _depart(translator: HTML5Translator, _node: run_list) -> None:
    translator.body.append("</span>" if translator.builder.name == "singlehtml" else "</a>")


def _pass(_translator: Any, _node: nodes.Node) -> None:
    return


def setup(app: Sphinx) -> None:
    """Register the link."""
    app.add_node(run_list, html=(_visit, _depart), latex=(_pass, _pass), text=(_pass, _pass))
