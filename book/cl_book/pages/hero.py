"""``:::{hero} split-cifar100``: every method of a stream in one figure; where scripts run, of any other stream, with numbers.

The page shows the first stream's figure as any other. The figures of the other streams and a sentence for each mark come
with the page, hidden, for hero.js to show.
"""

import json
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from cl_book.claims import overview
from cl_book.claims.arms import PROFILE
from cl_book.figures.drawing import to_csv
from cl_book.figures.hero_figure import draw_hero, list_marks
from cl_book.pages.figure_nodes import data_link, draw, make_captioned_figure, name_data_file
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.runs.result_set import read_results


class other_streams(nodes.General, nodes.Element):
    """Figures of other streams, hidden; `streams` as (name in words, SVGs, sentences) of each, the shown one first and without SVGs."""


class Hero(SphinxDirective):
    """``:::{hero} split-cifar100 [CLAIM VERDICT]…``: what each method learns and forgets; its text is the caption."""

    required_arguments = 1
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure, or a sentence where too little was run; an unknown stream is an error."""
        first, *bound = self.arguments
        if first not in overview.STREAMS:
            raise self.error(f"there is no stream {first!r} on the page of results{suggest(first, overview.STREAMS)}")
        noted(self.env, f"{PROFILE}/*")
        results = read_results()
        streams: list[tuple[str, list[str], list[str]]] = []
        figure = make_captioned_figure(self, "fig-hero", bound)
        for experiment in (first, *(name for name in overview.STREAMS if name != first)):
            picture = draw_hero(experiment, results)
            if picture is None:
                if experiment == first:
                    return [
                        nodes.paragraph(text="Not run: there is no reference result to draw.", classes=["cl-evidence"])
                    ]
                continue
            name = f"hero-{experiment}"
            forms = draw(picture, name)
            sentences = [mark.describe() for mark in list_marks(experiment, results)]
            if experiment == first:
                figure.insert(0, forms)
                figure += data_link(csv=to_csv(picture.data), file=name_data_file(self.env.docname, name))
            svgs = [] if experiment == first else [form["svg"] for form in forms]
            streams.append((overview.STREAMS[experiment], svgs, sentences))
        figure.insert(2, other_streams(streams=streams))
        figure["classes"].append("cl-hero")
        return [figure]


def _visit(translator: HTML5Translator, node: other_streams) -> None:
    if translator.builder.name != "singlehtml":
        sentences = json.dumps([[title, each] for title, _, each in node["streams"]], ensure_ascii=False)
        body = "".join(f"<template>{svg}</template>" for _, svgs, _ in node["streams"] for svg in svgs)
        translator.body.append(
            f'<p class="cl-said" aria-live="polite"></p><div class="cl-streams" hidden data-streams="{escape(sentences)}">'
            f"{body}</div>\n"
        )
    raise nodes.SkipNode


def _skip(_translator: Any, _node: nodes.Node) -> None:
    raise nodes.SkipNode


def _load_script(app: Sphinx, pagename: str, _template: str, _context: Any, doctree: nodes.document | None) -> None:
    if doctree is not None and any(True for _ in doctree.findall(other_streams)):
        app.add_js_file("hero.js")


def setup(app: Sphinx) -> None:
    """Register the directive and its script."""
    app.add_node(other_streams, html=(_visit, None), latex=(_skip, None), text=(_skip, None))
    app.add_directive("hero", Hero)
    app.connect("html-page-context", _load_script)
