"""Set formulas in a claim's plain text, such as ‖q_2 − q_1‖ or R^{n×m}, with indices and powers."""

import re

from docutils import nodes

_SCRIPT = re.compile(
    r"(?P<base>(?<![A-Za-z_])(?:mean|max|min|sum|[A-Za-zΑ-Ωα-ω])|[0-9*)\]‖])"
    r"(?P<kind>[_^])"
    r"(?P<script>\{[^{}]*\}|[A-Za-z0-9]+\b)"
)
"""A letter (or what ends like one), then ``_`` or ``^``, then one word or what stands in braces.

Names such as ``rate_factor`` have more than one letter before the line and stay as they are.
"""


def set_formulas(text: str) -> list[nodes.Node]:
    """Return `text` as nodes, in which what follows ``_`` stands low and what follows ``^`` high."""
    parts: list[nodes.Node] = []
    end = 0
    for match in _SCRIPT.finditer(text):
        script = match["script"].strip("{}")
        parts.append(nodes.Text(text[end : match.start()] + match["base"]))
        parts.append((nodes.subscript if match["kind"] == "_" else nodes.superscript)("", script))
        end = match.end()
    return [*parts, nodes.Text(text[end:])]
