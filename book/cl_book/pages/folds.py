"""What a reader opens: a box behind its title, and ``:::{fold} TITLE``, which folds the rest of a section, cells and all."""

from collections.abc import Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx_design.shared import create_component


class fold_mark(nodes.Invisible, nodes.Element):
    """The place in a section from which its rest is folded; `title`."""


class Fold(SphinxDirective):
    """``:::{fold} TITLE``: the rest of the section, code and figures included, behind a title that opens."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the mark; :class:`FoldSections` does the folding."""
        return [fold_mark("", title=self.arguments[0])]


class FoldSections(SphinxTransform):
    """Put what follows a mark in its section into a box that opens; figures have their captions by then."""

    default_priority = 310

    def apply(self, **_kwargs: Any) -> None:
        """Fold the rest of each marked section."""
        for mark in list(self.document.findall(fold_mark)):
            section = mark.parent
            place = section.index(mark)
            rest = section[place + 1 :]
            del section[place:]
            section += make_fold(mark["title"], rest, name="cl-unfolds")


def make_fold(title: str, inside: Sequence[nodes.Node], *, unseen: str = "", name: str = "cl-fold") -> nodes.Element:
    """Return a box that is closed at first, of the class `name`; `unseen` goes on with the title for screen readers."""
    heading = nodes.rubric("", title)
    if unseen:
        heading += nodes.inline(text=unseen, classes=["cl-unseen"])
    attributes: dict[str, Any] = {
        **{"type": "dropdown", "opened": False, "has_title": True, "icon": None, "chevron": None},
        **{"container_classes": [name], "title_classes": [], "body_classes": []},
    }
    return create_component("dropdown", children=[heading, *inside], **attributes)


def setup(app: Sphinx) -> None:
    """Register the directive and what folds."""
    app.setup_extension("sphinx_design")
    app.add_node(fold_mark)
    app.add_directive("fold", Fold)
    app.add_transform(FoldSections)
