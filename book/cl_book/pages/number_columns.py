"""Numbers in tables: aligned in their column at the decimal points, by spaces as wide as a digit, and never broken."""

import re
from collections.abc import Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

DIGIT, POINT = "\u2007", "\u2008"
"""Spaces as wide as a digit and as a point; browsers keep both, and give them that width beside tabular figures."""

_ALONE = re.compile(r"\s*[+−-]?\d[\d.,]*\s*")
_NUMBER = re.compile(r"\s*([+−-]?)(\d+)(?:\.\d+)?(?=\s*(?:$|[(±%]))")


class AlignNumbers(SphinxTransform):
    """Pad the first number of each cell in a column of numbers on the left, so that points stand below one another.

    A cell that holds a number alone is marked, so that it stays in one line however narrow its column is.
    """

    default_priority = 820

    def apply(self, **_kwargs: Any) -> None:
        """Mark and pad; a column where some cell begins with a word is not padded, a dash or an empty cell is no word."""
        for cell in self.document.findall(nodes.entry):
            if _ALONE.fullmatch(cell.astext()):
                cell["classes"].append("cl-alone")
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
