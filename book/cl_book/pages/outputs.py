"""Render a notebook's figures and verdicts on a page; myst-nb renders all other outputs."""

import re
from typing import Any, ClassVar

from docutils import nodes
from myst_nb.core import render as myst_nb_render
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from cl_book.notebooks.notebook import NARROW_FORM, SVG
from cl_book.notebooks.record import VALUE_MIME, VERDICT_MIME
from cl_book.pages.claim_boxes import printed_verdict
from cl_book.pages.figure_nodes import data_link, is_bundle, make_drawings

_FIGURE = re.compile(r'<svg[^>]*\bdata-figure="([a-z0-9-]+)"')


class StoredOutputs:
    """Takes figures, their data and verdicts out of a bundle, where myst-nb would make files of them and warnings."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int | None]]] = []

    @staticmethod
    def handle_mime(_renderer: Any, data: Any, inline: bool) -> list[nodes.Element] | None:
        """Return the nodes for one entry of a bundle, None to leave it to myst-nb."""
        if inline:
            return None
        if data.mime_type == SVG and (match := _FIGURE.search(data.string)):
            narrow = data.output_metadata.get(SVG, {}).get(NARROW_FORM, [])
            return list(make_drawings(data.string, "\n".join(narrow), match[1]))
        if data.mime_type == "text/csv":
            return [data_link(csv=data.string)]
        if data.mime_type == VERDICT_MIME:
            said = data.content
            return [printed_verdict(said["claim"], said["verdict"], said["evidence"], said.get("condition", ""))]
        # A mark, by which the page's transform finds the output and leaves it out.
        return [nodes.comment("", "a value for the text")] if data.mime_type == VALUE_MIME else None


class ShowVerdicts(SphinxTransform):
    """Keep only the page's own form of a verdict."""

    default_priority = 310

    def apply(self, **_kwargs: Any) -> None:
        """Replace each bundle that holds a verdict."""
        for bundle in list(self.document.findall(is_bundle)):
            own = [form for form in bundle.children if form["mime_type"] == VERDICT_MIME]
            if own:
                bundle.replace_self(own[0].children)


def setup(app: Sphinx) -> None:
    """Hand the renderer to myst-nb, which otherwise finds its plugins only among installed packages (it is pinned)."""
    installed = [plugin for plugin in myst_nb_render.load_mime_renders() if plugin is not StoredOutputs]
    myst_nb_render.load_mime_renders = lambda: [*installed, StoredOutputs]
    app.add_transform(ShowVerdicts)
