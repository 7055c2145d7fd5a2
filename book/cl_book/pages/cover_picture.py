"""The picture on the first page, drawn by book/cl_book/cover.py and kept in book/_static."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.pages.figure_nodes import data_link, drawing

FOLDER = Path("book/_static")


class Cover(SphinxDirective):
    """``:::{cover}``: the picture as a figure; the directive's text is its caption."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure; an absent file is an error that says how to draw it."""
        self.assert_has_content()
        svg, numbers = (Path(self.env.srcdir) / FOLDER / name for name in ("cover.svg", "cover.csv"))
        if not (svg.is_file() and numbers.is_file()):
            raise self.error(f"{svg.name} is not there; run `python book/cl_book/cover.py`")
        self.env.note_dependency(str(svg))
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        caption = nodes.caption("", "", *body.children[0].children)
        figure = nodes.figure("", drawing(svg=svg.read_text(encoding="utf-8"), name="cover"), caption)
        figure["classes"] = ["cl-figure", "cl-cover"]
        figure += data_link(csv=numbers.read_text(encoding="utf-8"), file="cover.csv")
        return [figure]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("cover", Cover)
