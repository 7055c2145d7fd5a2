"""Stamps: a stored notebook records what its outputs were made from, so that stale outputs are found.

A stamp holds SHA-256 digests of the notebook's code cells (not its prose), its parameters, every module of this package
that it can reach, every repository file that it read and every listing that it made, and its outputs. Times, versions
and hardware are recorded elsewhere and never compared.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import parameters
from cl_book.notebooks.notebook import METADATA, Notebook
from cl_core import files, imports
from cl_core.parsing import summarise_error

PACKAGES = ("cl_core", "cl_book")
"""The packages whose modules a page may stand on."""

FORM = 1
"""Form of the stamp itself; a stamp of another form is stale."""

Stamp = dict[str, Any]


def find_staleness(path: Path) -> tuple[str, ...]:
    """Return why the notebook at `path` is stale, each reason naming what changed; empty if it is not.

    Raises ValueError if there is no notebook.
    """
    notebook = notebooks.load(path)
    stored = notebook.metadata.get(METADATA)
    if not isinstance(stored, dict) or stored.get("form") != FORM:
        return ("it was never refreshed",)
    if not _is_whole(stored):
        return ("its stamp is not whole",)
    try:
        current = stamp(notebook, reads=[*stored["files"], *(files.LISTING + name for name in stored["listings"])])
    except (SyntaxError, parameters.ParameterError) as error:
        return (f"its code cannot be read: {summarise_error(error)}",)
    except (RecursionError, MemoryError):
        return ("its code cannot be read: it is nested too deeply",)
    except (ValueError, OSError) as error:
        return (f"what it read cannot be read: {summarise_error(error)}",)
    return (
        *_compare_parameters(stored["parameters"], current["parameters"]),
        *_compare_cells(stored["code"], current["code"], "the code of cell {}"),
        *_compare_names(stored["modules"], current["modules"], gone="is no longer imported", new="is now imported"),
        *_compare_names(stored["files"], current["files"]),
        *(f"the list of {name} has changed" for name in stored["listings"] if _differ(stored, current, name)),
        *_compare_cells(stored["outputs"], current["outputs"], "the stored output of cell {}"),
    )


def stamp(notebook: Notebook, *, reads: Iterable[str]) -> Stamp:
    """Return the stamp of `notebook` as it stands, its outputs included, given what it read when it ran.

    Cells count from 1, code cells only. Raises SyntaxError or ParameterError where its code cannot be read.
    """
    cells = notebooks.select_code_cells(notebook)
    reads = sorted(set(reads))
    names = [name for name in reads if not name.startswith(files.LISTING)]
    listings = [name.removeprefix(files.LISTING) for name in reads if name.startswith(files.LISTING)]
    sources = [cell.source for cell in cells]
    return {
        "form": FORM,
        "code": [digest(cell.source) for cell in cells],
        "parameters": {
            parameter.name: digest(repr(parameter.default))
            for cell in cells
            if parameters.TAG in cell.metadata.get("tags", [])
            for parameter in parameters.parse_cell(cell.source)
        },
        "modules": imports.digests(imports.reachable(imports.imported(sources, PACKAGES), PACKAGES)),
        "files": {name: _digest_file(name) for name in names},
        "listings": {pattern: digest("\n".join(files.names(pattern))) for pattern in listings},
        "outputs": [digest(_write_canonically(cell)) for cell in cells],
    }


def _is_whole(stored: Stamp) -> bool:
    lists = all(isinstance(stored.get(name), list) for name in ("code", "outputs"))
    return lists and all(isinstance(stored.get(name), dict) for name in ("parameters", "modules", "files", "listings"))


def digest_outputs(path: Path) -> str:
    """Return one digest over the stored outputs of the notebook at `path`, cell by cell."""
    return digest(
        "\n".join(digest(_write_canonically(cell)) for cell in notebooks.select_code_cells(notebooks.load(path)))
    )


def digest(text: str) -> str:
    """Return the SHA-256 of `text`, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _write_canonically(cell: notebooks.Cell) -> str:
    return json.dumps([cell.execution_count, cell.outputs], sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _digest_file(name: str) -> str:
    try:
        return hashlib.sha256(files.read_bytes(name)).hexdigest()
    except FileNotFoundError:
        return "absent"


def _differ(stored: Stamp, current: Stamp, pattern: str) -> bool:
    return bool(stored["listings"][pattern] != current["listings"][pattern])


def _compare_parameters(stored: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    reasons = [f"parameter {name} has changed" for name in stored if name in current and stored[name] != current[name]]
    reasons += [f"parameter {name} is gone" for name in stored if name not in current]
    return reasons + [f"parameter {name} is new" for name in current if name not in stored]


def _compare_cells(stored: list[str], current: list[str], what: str) -> list[str]:
    if len(stored) != len(current):
        # Said once, by the code; outputs of other cells cannot be matched.
        return [f"it has {len(current)} code cells, {len(stored)} when refreshed"] if "code" in what else []
    return [
        f"{what.format(number)} has changed"
        for number, (before, now) in enumerate(zip(stored, current, strict=True), start=1)
        if before != now
    ]


def _compare_names(
    stored: Mapping[str, str], current: Mapping[str, str], gone: str = "is gone", new: str = "is new"
) -> list[str]:
    reasons = [f"{name} has changed" for name in stored if name in current and stored[name] != current[name]]
    reasons += [f"{name} {gone}" for name in stored if name not in current]
    return reasons + [f"{name} {new}" for name in current if name not in stored]
