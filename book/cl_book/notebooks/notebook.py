"""Stored notebooks as data: their paths, their code cells, and the verdicts and values in their outputs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cl_book.notebooks.record import VALUE_MIME, VERDICT_MIME
from cl_core import files

FOLDER = "notebooks"
"""The repository's folder of stored notebooks."""

METADATA = "cl_core"
"""Notebook metadata key under which this project keeps its own notes."""

SETUP = "setup-colab"
"""Tag of the cell that :mod:`cl_book.notebooks.colab` puts before a chapter, which is not part of it."""

Cell = Any
Notebook = Any
"""Nodes as nbformat has them: dictionaries whose keys are attributes too."""


class _Node(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"this part of a notebook has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


@dataclass(frozen=True)
class Line:
    """A verdict line that a notebook's stored outputs hold; `cell` counts code cells from 1."""

    claim: str
    verdict: str
    evidence: str
    cell: int
    condition: str = ""


def find_checkout() -> Path:
    """Return the checkout's top folder; raises ValueError outside of one."""
    folder = files.root()
    if folder is None:
        raise ValueError("this is no checkout of the repository; stored notebooks are kept only there")
    return folder


def list_stored() -> list[Path]:
    """Return the paths of the checkout's stored notebooks, sorted; raises ValueError outside a checkout."""
    return sorted((find_checkout() / FOLDER).glob("*.ipynb"))


def load(path: Path) -> Notebook:
    """Return the notebook at `path`; raises ValueError if there is none, or it is none of nbformat 4, naming the file.

    Read without nbformat, whose import takes seconds of a command that takes one.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"), object_hook=_Node)
    except FileNotFoundError:
        raise ValueError(f"there is no notebook {path}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not a notebook: {error}") from error
    if not isinstance(notebook, _Node) or notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise ValueError(f"{path} is not a notebook of nbformat 4; open and save it with a current Jupyter")
    for cell in notebook.cells:
        _join_lines(cell, "source")
        for output in cell.get("outputs", []):
            _join_lines(output, "text")
            for kind in [kind for kind in output.get("data", {}) if not kind.endswith("json")]:
                _join_lines(output.data, kind)
    return notebook


def _join_lines(node: _Node, key: str) -> None:
    """Undo how a file holds a text of several lines: as a list of them."""
    if isinstance(node.get(key), list):
        node[key] = "".join(node[key])


def select_code_cells(notebook: Notebook) -> list[Cell]:
    """Return the chapter's cells that hold code, in their order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not is_setup(cell)]


def is_setup(cell: Cell) -> bool:
    """Return whether `cell` is the one that installs the package on Colab."""
    return SETUP in cell.metadata.get("tags", [])


def read_verdicts(notebook: Notebook) -> list[Line]:
    """Return the verdicts that the stored outputs hold, in their order."""
    return [
        Line(entry["claim"], entry["verdict"], entry["evidence"], number, entry.get("condition", ""))
        for number, entry in _read_entries(notebook, VERDICT_MIME)
    ]


def read_values(notebook: Notebook) -> dict[str, str]:
    """Return the recorded values of the stored outputs, by name, as printed; raises ValueError if a name occurs twice."""
    texts: dict[str, str] = {}
    for number, entry in _read_entries(notebook, VALUE_MIME):
        if entry["name"] in texts:
            raise ValueError(f"the value {entry['name']!r} is recorded twice, again in code cell {number}; rename one")
        texts[entry["name"]] = entry["text"]
    return texts


def _read_entries(notebook: Notebook, mime: str) -> Iterator[tuple[int, Any]]:
    for number, cell in enumerate(select_code_cells(notebook), start=1):
        for output in cell.outputs:
            entry = output.get("data", {}).get(mime)
            if entry is not None:
                yield number, entry
