"""The evidence for a claim as a table: what was measured, one thing a row, in place of one long line."""

import re

from docutils import nodes

from cl_book.pages.claim_boxes import table
from cl_book.pages.formulas import set_formulas

_PARTS = re.compile(r"; (?![^()]*\))")
_DIFFERENCE = re.compile(r"(?P<mean>[+−]?[\d.]+ .+?), 95 % interval (?P<interval>.+), (?P<seeds>\d+) seeds")
_NAMED = (
    (re.compile(r"δ (.+)"), "Least difference that counts (δ)"),
    (re.compile(r"reported (.+)"), "Reported in the paper"),
    (re.compile(r"by number of trained blocks (.+)"), "By number of blocks that frozen trains"),
    (re.compile(r"with each strategy's own best tuning (.+)"), "Each strategy at its own best tuning"),
    (re.compile(r"corrected (p .+)"), "Corrected for the family"),
    (re.compile(r"left out: (.+)"), "Left out"),
    (re.compile(r"(\d+ seeds would have .+)"), "Power"),
    (re.compile(r"missing: (.+)"), "Missing"),
    (re.compile(r"so far (.+)"), "So far"),
)
_STRATEGY = re.compile(r"(?P<name>[a-z][\w= .-]*): (?P<measures>Task\.Acc .+)")
_LABEL = re.compile(r"(?P<name>[a-z]+): (?P<why>.+)")


def tabulate_evidence(evidence: str) -> list[tuple[str, str]]:
    """Return the parts of a claim's evidence as (what, value) pairs in their order; what has no name of its own gets "".

    A part that follows one without a name of its own and has none either is joined to it.
    """
    rows: list[tuple[str, str]] = []
    for part in _PARTS.split(evidence):
        if found := _DIFFERENCE.fullmatch(part):
            rows += [("Difference", found["mean"]), ("95 % interval", found["interval"]), ("Seeds", found["seeds"])]
        elif (named := _name(part)) is not None:
            rows.append(named)
        elif rows and rows[-1][0] in {"", "Missing"}:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]}; {part}")
        else:
            rows.append(("", part))
    return rows


def make_evidence(evidence: str) -> nodes.Element:
    """Return evidence as a table of two columns, or as a paragraph where it has one part alone."""
    rows = tabulate_evidence(evidence)
    if len(rows) == 1:
        return nodes.paragraph("", "", *set_formulas(evidence), classes=["cl-evidence"])
    lines: list[list[list[nodes.Node]]] = [
        [[nodes.paragraph(text=what)], [nodes.paragraph("", "", *set_formulas(value))]] for what, value in rows
    ]
    box = table(["Measured", "Value"], lines, wordy=False)
    box["classes"] += ["cl-evidence", "cl-evidence-table"]
    return box


def _name(part: str) -> tuple[str, str] | None:
    for pattern, title in _NAMED:
        if found := pattern.fullmatch(part):
            return title, found[1]
    if found := _STRATEGY.fullmatch(part):
        return found["name"], found["measures"]
    if found := _LABEL.fullmatch(part):
        return found["name"].capitalize(), found["why"]
    return None
