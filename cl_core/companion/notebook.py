"""Stored notebooks as data: loading, their code cells, and what their outputs put on record."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from cl_core.companion.verdicts import VALUE_MIME, VERDICT_MIME

Cell = Any
Notebook = Any
"""nbformat's nodes: dictionaries whose keys are attributes too."""


@dataclass(frozen=True)
class Line:
    """A verdict line that a notebook's stored outputs hold; `cell` counts code cells from 1."""

    claim: str
    verdict: str
    evidence: str
    cell: int


def load(path: Path) -> Notebook:
    """Return the notebook at `path`; raises ValueError if it is none, naming the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"there is no notebook {path}") from None
    try:
        return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise ValueError(f"{path} is not a notebook that nbformat can read: {error}") from error


def code_cells(notebook: Notebook) -> list[Cell]:
    """Return the cells that hold code, in their order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def verdict_lines(notebook: Notebook) -> list[Line]:
    """Return the verdicts that the stored outputs hold, in their order."""
    return [
        Line(claim=entry["claim"], verdict=entry["verdict"], evidence=entry["evidence"], cell=number)
        for number, entry in _entries(notebook, VERDICT_MIME)
    ]


def values(notebook: Notebook) -> dict[str, str]:
    """Return the recorded values of the stored outputs, by name, as printed; raises ValueError if a name occurs twice."""
    found: dict[str, str] = {}
    for number, entry in _entries(notebook, VALUE_MIME):
        if entry["name"] in found:
            raise ValueError(f"the value {entry['name']!r} is recorded twice, again in code cell {number}; rename one")
        found[entry["name"]] = entry["text"]
    return found


def _entries(notebook: Notebook, mime: str) -> Iterator[tuple[int, Any]]:
    for number, cell in enumerate(code_cells(notebook), start=1):
        for output in cell.outputs:
            entry = output.get("data", {}).get(mime)
            if entry is not None:
                yield number, entry
