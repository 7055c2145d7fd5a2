"""One stored form for a notebook, so that the same computation gives the same file, line by line.

Times, random ids, paths of the machine and versions of its tools are removed. Results and the author's text stay.
"""

import hashlib
import re
from pathlib import Path

import nbformat

from cl_book.notebooks.notebook import METADATA, NARROW_FORM, SVG, Cell, Notebook, is_setup
from cl_core.imports import package_folder

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"}
_CELL_METADATA = ("tags", "mystnb")
_HIDING = ("cellView", "jupyter")
# Tried at the beginning of a word alone: from every letter of it, one long line would take quadratic time.
_KERNEL_FILE = re.compile(r"(?<![^\s\"'(])[^\s\"'(]*ipykernel_\d+[/\\]\d+\.py")


def normalise_notebook(notebook: Notebook) -> Notebook:
    """Return a copy of `notebook` in the one form, nbformat 4.5; a second time changes nothing."""
    result = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    result.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": _LANGUAGE})  # type: ignore[no-untyped-call]
    if METADATA in notebook.metadata:
        result.metadata[METADATA] = nbformat.from_dict(notebook.metadata[METADATA])  # type: ignore[no-untyped-call]
    result.cells = [_normalise_cell(cell) for cell in notebook.cells]
    _number(result.cells)
    result.nbformat_minor = 5
    return result


def to_text(notebook: Notebook) -> str:
    """Return the text of `notebook` as it stands in a file; raises nbformat's ValidationError."""
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook, version=nbformat.NO_CONVERT)) + "\n"  # type: ignore[no-untyped-call]


def _normalise_cell(cell: Cell) -> Cell:
    copy = nbformat.from_dict(cell)  # type: ignore[no-untyped-call]
    names = (*_CELL_METADATA, *_HIDING) if is_setup(cell) else _CELL_METADATA
    copy.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {key: cell.metadata[key] for key in names if cell.metadata.get(key)}
    )
    if cell.cell_type == "code":
        copy.outputs = [_normalise_output(output) for output in _join_streams(copy.outputs)]
    return copy


def _join_streams(outputs: list[Cell]) -> list[Cell]:
    """Join a cell's pieces of stdout, and of stderr: how a stream is cut is a matter of timing."""
    merged: list[Cell] = []
    streams: dict[str, tuple[Cell, list[str]]] = {}
    for output in outputs:
        if output.output_type != "stream":
            merged.append(output)
        elif output.name in streams:
            streams[output.name][1].append(output.text)
        else:
            streams[output.name] = (output, [output.text])
            merged.append(output)
    for first, pieces in streams.values():
        first.text = "".join(pieces)
    return merged


def _normalise_output(output: Cell) -> Cell:
    if output.output_type in ("display_data", "execute_result"):
        narrow = output.metadata.get(SVG, {}).get(NARROW_FORM)
        kept = {SVG: {NARROW_FORM: narrow}} if narrow else {}
        output.metadata = nbformat.from_dict(kept)  # type: ignore[no-untyped-call]
    elif output.output_type == "stream":
        output.text = _hide_paths(output.text)
    elif output.output_type == "error":
        output.evalue = _hide_paths(output.evalue)
        output.traceback = [_hide_paths(line) for line in output.traceback]
    return output


def _hide_paths(text: str) -> str:
    text = _KERNEL_FILE.sub("<cell>", text)
    for folder, sign in ((package_folder().parent, "…"), (find_home(), "~")):
        if folder is not None:
            text = _replace_folder(text, folder, sign)
    return text


def find_home() -> Path | None:
    """Return the user's home; None for a user that has none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _replace_folder(text: str, folder: Path, sign: str) -> str:
    """Return `text` with `sign` for `folder`, where a path begins with it and it ends or a ``/`` follows.

    Nothing is replaced for the root, for a relative folder and for one whose name has no letter: their names stand in
    text that means no path, such as ``1/2``.
    """
    if not folder.is_absolute() or not any(letter.isalpha() for letter in str(folder)):
        return text
    begins = r"(?:(?<![\w.~…)\]/-])|(?<=://))"
    ends = r"(?![\w~-]|\.+\w)"
    return re.sub(begins + re.escape(str(folder)) + ends, sign, text)


def _number(cells: list[Cell]) -> None:
    """Give each cell an id made from what it says, and each executed cell its place in the order."""
    seen: dict[str, int] = {}
    executed = 0
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        if cell.cell_type == "code" and cell.execution_count is not None:
            executed += 1
            cell.execution_count = executed
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = executed
