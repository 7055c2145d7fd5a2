"""Figures of a notebook on a page: the SVG itself, so that the theme colours it, with a caption and a link to its data.

A notebook stores a figure as SVG, CSV and text in one output. The Markdown cell after it holds
``:::{caption} fig-NAME`` with the sentence that says what the figure shows. Here the two become one ``<figure>``.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from matplotlib import pyplot as plt
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from cl_book.figures.drawing import to_svgs
from cl_book.figures.picture import Picture
from cl_book.figures.run_figures import STAND_IN
from cl_book.pages.claim_boxes import require

DATA = "data"
"""Folder of the built book that holds the CSV behind each figure."""

_LOGGER = logging.getLogger(__name__)


class drawing(nodes.General, nodes.Element):
    """An SVG to be set into the page as it is; `name` and `svg`, and `narrow` for one that a phone shows alone."""


class data_link(nodes.General, nodes.Element):
    """A link to the numbers that a figure draws; `file` (name in the data folder) and `csv` (its content)."""


def draw(picture: Picture, name: str) -> list[drawing]:
    """Return the drawings of `picture` for a wide page and for a phone, and close its figures."""
    wide, narrow = to_svgs(picture.figure, name=name, alt=picture.alt, narrow=picture.narrow)
    for figure in (picture.figure, picture.narrow):
        if figure is not None:
            plt.close(figure)
    return make_drawings(wide, narrow, name)


def make_drawings(wide: str, narrow: str, name: str) -> list[drawing]:
    """Return the nodes of two SVGs, of which a page shows one; without a narrow one the wide serves everywhere."""
    return [drawing(svg=wide, name=name), *([drawing(svg=narrow, name=name, narrow=True)] if narrow else [])]


class Caption(SphinxDirective):
    """``:::{caption} fig-NAME [CLAIM VERDICT]…``: the caption of a figure shown above, bound to verdicts."""

    required_arguments = 1
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a figure that still lacks its drawing; :class:`JoinFigures` puts it in."""
        label, *bound = self.arguments
        figure = make_captioned_figure(self, label, bound)
        figure["cl_label"] = label
        return [figure]


def make_captioned_figure(
    directive: SphinxDirective, label: str, bound: list[str], *, caption: Sequence[str] = ()
) -> nodes.figure:
    """Return a figure named `label` without a drawing; `caption`, or else the directive's text, is bound to verdicts."""
    require(directive, bound)
    if not caption:
        directive.assert_has_content()
    text = StringList(list(caption), source=directive.env.docname) if caption else directive.content
    # Several pages have the same figures of the stand-in; a name is unique in the book.
    own = label.startswith(f"fig-{STAND_IN}-")
    name = f"{label}-{PurePosixPath(directive.env.docname).name.partition('-')[0]}" if own else label
    figure = nodes.figure(classes=["cl-figure"], names=[name])
    directive.set_source_info(figure)
    body = nodes.Element()
    directive.state.nested_parse(text, directive.content_offset, body)
    first, *rest = body.children
    if not isinstance(first, nodes.paragraph):
        raise directive.error(f"the caption of {label} starts with no paragraph")
    figure += nodes.caption(first.rawsource, "", *first.children)
    if rest:
        figure += nodes.legend("", *rest)
    directive.state.document.note_explicit_target(figure)
    return figure


def name_data_file(docname: str, name: str) -> str:
    """Return what the data of the figure `name` on the page `docname` are called.

    Numbers of the stand-in never carry the name of a page's own images: ``08-digits-course.csv``.
    """
    page = PurePosixPath(docname).name
    return f"{page.partition('-')[0] if name.startswith(f'{STAND_IN}-') else page}-{name}.csv"


class JoinFigures(SphinxTransform):
    """Put each drawing, its caption and the link to its data together, at the place where the notebook shows it."""

    default_priority = 300

    def apply(self, **_kwargs: Any) -> None:
        """Join; a drawing without caption and a caption without drawing are warnings, which fail the build."""
        captions = {figure["cl_label"]: figure for figure in self.document.findall(_is_caption)}
        names: set[str] = set()
        for bundle in list(self.document.findall(is_bundle)):
            forms = list(bundle.findall(drawing))
            if not forms:
                continue
            shown = forms[0]
            label = f"fig-{shown['name']}"
            if label in names:
                _warn(f"figure {shown['name']!r} is shown twice on this page; give each its own name", bundle)
                continue
            names.add(label)
            figure = captions.pop(label, None)
            if figure is None:
                _warn(f"figure {shown['name']!r} has no caption; put `:::{{caption}} {label}` below it", bundle)
                continue
            figure.insert(0, forms)
            for link in bundle.findall(data_link):
                link["file"] = name_data_file(self.env.docname, shown["name"])
                figure += link.deepcopy()
            figure.parent.remove(figure)
            bundle.replace_self(figure)
        for label, figure in captions.items():
            _warn(f"the caption {label} has no figure of that name on this page", figure)


def _is_caption(node: nodes.Node) -> bool:
    return isinstance(node, nodes.figure) and "cl_label" in node


def is_bundle(node: nodes.Node) -> bool:
    """Tell whether `node` holds the forms of one output, of which a page shows one."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"


def _warn(message: str, node: nodes.Node) -> None:
    _LOGGER.warning(message, location=node, type="cl_book", subtype="figure")


def _visit_drawing(translator: HTML5Translator, node: drawing) -> None:
    kind = "cl-drawing cl-narrow" if node.get("narrow") else "cl-drawing"
    translator.body.append(f'<div class="{kind}">{node["svg"]}</div>\n')
    raise nodes.SkipNode


def _visit_data_link(translator: HTML5Translator, node: data_link) -> None:
    builder = translator.builder
    target = Path(builder.outdir) / DATA / node["file"]
    target.parent.mkdir(exist_ok=True)
    target.write_text(node["csv"], encoding="utf-8")
    page = builder.get_target_uri(translator.docnames[0])
    address = relative_uri(page, f"{DATA}/{node['file']}")
    label = f"Data of this figure (CSV): {node['file']}"
    translator.body.append(f'<p class="cl-data"><a href="{address}" download aria-label="{label}">data (CSV)</a></p>\n')
    raise nodes.SkipNode


def _skip(_translator: Any, _node: nodes.Node) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the figure's parts."""
    app.add_node(drawing, html=(_visit_drawing, None), latex=(_skip, None), text=(_skip, None))
    app.add_node(data_link, html=(_visit_data_link, None), latex=(_skip, None), text=(_skip, None))
    app.add_directive("caption", Caption)
    app.add_transform(JoinFigures)
