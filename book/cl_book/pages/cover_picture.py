"""The picture on the first page, drawn by book/cl_book/cover.py and kept in book/_static."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.pages.figure_nodes import data_link, make_drawings

FOLDER = Path("book/_static")


class Cover(SphinxDirective):
    """``:::{cover}``: the picture as a figure; the directive's text is its caption."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure; an absent file is an error that says how to draw it."""
        self.assert_has_content()
        files = [Path(self.env.srcdir) / FOLDER / name for name in ("cover.svg", "cover-narrow.svg", "cover.csv")]
        for file in files:
            if not file.is_file():
                raise self.error(f"{file.name} is not there; run `python book/cl_book/cover.py`")
            self.env.note_dependency(str(file))
        wide, narrow, numbers = (file.read_text(encoding="utf-8") for file in files)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        caption = nodes.caption("", "", *body.children[0].children)
        figure = nodes.figure("", *make_drawings(wide, narrow, "cover"), caption)
        figure["classes"] = ["cl-figure", "cl-cover"]
        figure += data_link(csv=numbers, file="cover.csv")
        return [figure]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("cover", Cover)
