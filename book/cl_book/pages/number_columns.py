"""Align the numbers of a table's column at their decimal points, with spaces as wide as a digit."""

import re
from collections.abc import Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

DIGIT, POINT = "\u2007", "\u2008"
"""Spaces as wide as a digit and as a point; browsers keep both, and give them that width beside tabular figures."""

_NUMBER = re.compile(r"\s*([+−-]?)(\d+)(?:\.\d+)?(?=\s*(?:$|[(±%]))")


class AlignNumbers(SphinxTransform):
    """Pad the first number of each cell in a column of numbers on the left, so that points stand below one another."""

    default_priority = 820

    def apply(self, **_kwargs: Any) -> None:
        """Pad; a column where some cell begins with a word is left as it is, a dash or an empty cell is not a word."""
        for body in self.document.findall(nodes.tbody):
            rows = [list(row.findall(nodes.entry)) for row in body.findall(nodes.row)]
            if len({len(row) for row in rows}) == 1:
                for column in zip(*rows, strict=True):
                    _align(column)


def measure_padding(texts: Sequence[str]) -> list[int] | None:
    """Return how many digits' width each text lacks before its number, dashes and empty texts 0; None if one is a word."""
    widths: list[int | None] = []
    for text in texts:
        if text.strip() in {"", "—", "–"}:
            widths.append(None)
            continue
        if (found := _NUMBER.match(text)) is None:
            return None
        widths.append(len(found[1]) + len(found[2]))
    widest = max((width for width in widths if width is not None), default=0)
    return [0 if width is None else widest - width for width in widths]


def _align(column: Sequence[nodes.entry]) -> None:
    leaves = [next((leaf for leaf in cell.findall(nodes.Text) if leaf.strip()), None) for cell in column]
    if any(leaf is not None and isinstance(leaf.parent, nodes.literal) for leaf in leaves):
        return
    lacking = measure_padding(["" if leaf is None else str(leaf) for leaf in leaves])
    for leaf, digits in zip(leaves, lacking or [], strict=bool(lacking)):
        if leaf is not None and digits:
            leaf.parent.replace(leaf, nodes.Text(DIGIT * digits + leaf.lstrip()))


def setup(app: Sphinx) -> None:
    """Add the transform."""
    app.add_transform(AlignNumbers)
