"""Stored notebooks as data: their paths, their code cells, and the verdicts and values in their outputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cl_book.notebooks.record import VALUE_MIME, VERDICT_MIME
from cl_core import files
from cl_core.parsing import explain_unreadable, parse_json

FOLDER = "notebooks"
"""The repository's folder of stored notebooks."""

METADATA = "cl_core"
"""Notebook metadata key under which this project keeps its own notes."""

SVG = "image/svg+xml"
NARROW_FORM = "narrow"
"""In the metadata of a stored figure, under its own type SVG: the lines of its form for a phone."""

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

    Read without nbformat, whose import takes seconds of a command that takes one; what the rest of this package reads
    of a notebook is checked here, so that a file that was made otherwise is one line, with its cell.
    """
    try:
        with explain_unreadable(path, "a notebook", cure="open and save it with a current Jupyter"):
            # An output may hold a number that is not finite, as Jupyter writes it.
            notebook = parse_json(path.read_bytes(), make_object=_Node, finite=False)
            if not isinstance(notebook, _Node) or notebook.get("nbformat") != 4 or "cells" not in notebook:
                raise ValueError("it is none of nbformat 4")
            _require(isinstance(notebook.get("metadata"), _Node), "its metadata are no object")
            _require(isinstance(notebook.cells, list), "its cells are no list")
            for number, cell in enumerate(notebook.cells, start=1):
                _read_cell(cell, f"cell {number}")
    except FileNotFoundError:
        raise ValueError(f"there is no notebook {path}") from None
    return notebook


def _read_cell(cell: Any, where: str) -> None:
    """Check what is read of a cell, and join its texts. Raises ValueError, with the place, where it has another form."""
    _require(isinstance(cell, _Node), f"{where} is no object")
    _require(isinstance(cell.get("cell_type"), str), f"{where} has no cell_type")
    _require(isinstance(cell.get("metadata"), _Node), f"{where} has no metadata")
    tags = cell.metadata.get("tags", [])
    _require(isinstance(tags, list) and all(isinstance(tag, str) for tag in tags), f"{where} has tags that are no list")
    _join_lines(cell, "source", where)
    _require(isinstance(cell.get("source"), str), f"{where} has no source")
    if cell.cell_type != "code":
        return
    count = cell.setdefault("execution_count", None)
    _require(count is None or type(count) is int, f"{where} has an execution_count that is no integer")
    _require(isinstance(cell.get("outputs"), list), f"{where} has no list of outputs")
    for number, output in enumerate(cell.outputs, start=1):
        _read_output(output, f"output {number} of {where}")


def _read_output(output: Any, where: str) -> None:
    _require(isinstance(output, _Node) and isinstance(output.get("output_type"), str), f"{where} has no output_type")
    _join_lines(output, "text", where)
    _require(isinstance(output.get("text", ""), str), f"{where} has a text that is none")
    _require(isinstance(output.get("data", _Node()), _Node), f"{where} has data that are no object")
    for kind in output.get("data", {}):
        if not kind.endswith("json"):
            _join_lines(output.data, kind, where)
            _require(isinstance(output.data[kind], str), f"{where} has no text as {kind}")
    if output.output_type == "stream":
        _require(isinstance(output.get("name"), str) and "text" in output, f"{where} has no name or text")
    if output.output_type == "error":
        lines = output.get("traceback")
        _require(isinstance(lines, list) and all(isinstance(line, str) for line in lines), f"{where} has no traceback")
        _require(all(isinstance(output.get(name), str) for name in ("ename", "evalue")), f"{where} names no error")
    for mime, names in ((VERDICT_MIME, ("claim", "verdict", "evidence")), (VALUE_MIME, ("name", "text"))):
        entry = output.get("data", {}).get(mime)
        texts = isinstance(entry, _Node) and all(isinstance(entry.get(name), str) for name in names)
        _require(entry is None or texts, f"{where} has no {', '.join(names)} as {mime}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _join_lines(node: _Node, key: str, where: str) -> None:
    """Undo how a file holds a text of several lines: as a list of them."""
    if isinstance(node.get(key), list):
        _require(all(isinstance(line, str) for line in node[key]), f"{where} has a line in {key} that is no text")
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
