"""The book's own roles and directives, listed from their docstrings."""

import re

from docutils import nodes
from docutils.parsers.rst import directives, roles
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_LITERAL = re.compile(r"``(.+?)``(?!`)|(?<!`)`([^`]+)`(?!`)")


def list_markup() -> dict[str, str]:
    """Return the docstring of every role and directive that the book itself registers, by name; directives first."""
    own = {f":::{{{name}}}": kind for name, kind in directives._directives.items() if _is_own(kind)}
    own |= {f"{{{name}}}": type(role) for name, role in roles._roles.items() if _is_own(type(role))}
    return {name: " ".join((own[name].__doc__ or "").split()) for name in sorted(own)}


def _is_own(kind: type) -> bool:
    return str(getattr(kind, "__module__", "")).startswith("cl_book.")


def set_text(text: str) -> list[nodes.Node]:
    """Return `text` as nodes, with what stands in backticks as code."""
    parts: list[nodes.Node] = []
    end = 0
    for match in _LITERAL.finditer(text):
        parts += [nodes.Text(text[end : match.start()]), nodes.literal("", match[1] or match[2])]
        end = match.end()
    return [*parts, nodes.Text(text[end:])]


class Markup(SphinxDirective):
    """``:::{markup}``: the roles and directives of this book, each with what its docstring says of it."""

    def run(self) -> list[nodes.Node]:
        """Return one paragraph for each."""
        items = [nodes.list_item("", nodes.paragraph("", "", *set_text(text))) for text in list_markup().values()]
        return [nodes.bullet_list("", *items)]


def setup(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("markup", Markup)
