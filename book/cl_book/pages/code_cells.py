"""Code cells on a page: the parameters as a table with their code folded, and nothing of what only feeds the text.

A notebook calls ``record`` so that its prose can quote a number. That call and what it prints stay in the notebook that
is offered for download; the page, which has the number in its text, leaves both out.
"""

import ast
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from cl_book.notebooks import parameters
from cl_book.notebooks.parameters import Choices, Parameter
from cl_book.notebooks.record import VALUE_MIME
from cl_book.pages.claim_boxes import table
from cl_book.pages.figure_nodes import is_bundle

RECORD = "record"
"""The function whose calls only feed the text."""

PROMPTS = {"prompt_show": "Show the cell that sets them", "prompt_hide": "Hide the cell that sets them"}
"""What the fold over a notebook's parameters says."""


class PrepareCells(SphinxTransform):
    """Turn the parameters into a table, and leave out what only feeds the text."""

    default_priority = 305

    def apply(self, **_kwargs: Any) -> None:
        """Change each code cell of the page."""
        for bundle in list(self.document.findall(is_bundle)):
            if any(form["mime_type"] == VALUE_MIME for form in bundle.children):
                bundle.parent.remove(bundle)
        for cell in list(self.document.findall(_is_code_cell)):
            if f"tag_{parameters.TAG}" in cell["classes"]:
                _show_parameters(cell)
            elif (code := next(iter(cell.findall(nodes.literal_block)), None)) is not None and _is_source(code):
                _leave_out_records(code)


def strip_records(source: str) -> str:
    """Return a cell's code without its calls of `record`, and without loops and branches that hold nothing else."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return source
    lines = source.split("\n")
    for statement in reversed(statements):
        if _only_records(statement):
            del lines[statement.lineno - 1 : statement.end_lineno]
    return "\n".join(lines).strip("\n")


def tabulate_parameters(declared: tuple[Parameter, ...]) -> nodes.container:
    """Return parameters as a table: name, default, what is allowed and what each means."""
    rows: list[list[list[nodes.Node]]] = [
        [
            [nodes.paragraph("", "", nodes.literal(text=one.name))],
            [nodes.paragraph("", "", nodes.literal(text=write_value(one.default)))],
            [nodes.paragraph(text=_describe_range(one))],
            [nodes.paragraph(text=one.help)],
        ]
        for one in declared
    ]
    box = table(["Parameter", "Default", "Allowed", "Meaning"], rows, wordy=False)
    box["classes"].append("cl-parameters")
    return box


def write_value(value: parameters.Value) -> str:
    """Return a default as the command line takes it, a list in brackets."""
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, list) else str(value)


def _describe_range(one: Parameter) -> str:
    allowed = one.allowed
    if isinstance(allowed, Choices):
        words = ", ".join(map(str, allowed.values))
    else:
        low, high = (f"{end:g}".replace("-", "−") for end in (allowed.low, allowed.high))
        ends = ["" if inside else " excluded" for inside in (allowed.low_in, allowed.high_in)]
        words = f"{low}{ends[0]} to {high}{ends[1]}"
    return f"list, each {words}" if one.is_list else words


def _show_parameters(cell: nodes.container) -> None:
    source = next(iter(cell.findall(nodes.literal_block)))
    declared = parameters.parse_cell(source.astext())
    if not declared:
        return
    cell["hide_mode"] = "input"
    for name, words in PROMPTS.items():
        cell[name] = words
    heading = nodes.paragraph("", "", nodes.strong(text="Parameters"), nodes.Text(" of this chapter. "))
    heading += nodes.Text("Each can be set from the command line or in the cell below.")
    place = cell.parent.index(cell)
    cell.parent.insert(place, [heading, tabulate_parameters(declared)])


def _leave_out_records(code: nodes.literal_block) -> None:
    shown = strip_records(code.astext())
    if shown == code.astext():
        return
    if not shown:
        code.parent.parent.remove(code.parent)
        return
    code.rawsource = shown
    code.children[:] = []
    code += nodes.Text(shown)


def _only_records(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return isinstance(statement.value.func, ast.Name) and statement.value.func.id == RECORD
    if isinstance(statement, ast.For | ast.If):
        return all(map(_only_records, [*statement.body, *statement.orelse]))
    return False


def _is_code_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _is_source(code: nodes.literal_block) -> bool:
    return isinstance(code.parent, nodes.container) and code.parent.get("nb_element") == "cell_code_source"


def setup(app: Sphinx) -> None:
    """Add the transform."""
    app.add_transform(PrepareCells)
