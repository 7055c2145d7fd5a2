"""Executing stored notebooks again where they are stale, and writing them so that an unchanged result is no change."""

import json
import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cl_book.notebooks import colab, execution, stamps
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.normalise import normalise_notebook, to_text
from cl_book.notebooks.notebook import METADATA, Notebook
from cl_core import files
from cl_core.parsing import explain_unreadable, parse_json

TIMINGS = "notebooks/timings.json"
"""Where the times, versions and hardware of the stored notebooks are recorded, never compared."""

_FAILED = Path("build") / "failed"
_VERSIONS = ("numpy", "scipy", "matplotlib", "scikit-learn", "torch")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


class RefreshError(RuntimeError):
    """A notebook that failed, or whose outputs must not be stored."""


@dataclass(frozen=True)
class Refreshed:
    """What was done to one notebook: why it was executed (empty: it was not) and the seconds that took."""

    path: Path
    reasons: tuple[str, ...]
    seconds: float


def refresh(paths: Iterable[Path], *, force: bool = False) -> Iterator[Refreshed]:
    """Execute each stale notebook among `paths` (every one with `force`), write it and its stamp, and say what was done.

    What is fresh is brought to the written form but not executed. Raises RefreshError at the first notebook that fails,
    or whose file is changed while it runs; that file stays as it is, and the run is kept in build/failed.
    """
    for path in paths:
        reasons = stamps.find_staleness(path) or (("it was asked for",) if force else ())
        yield _refresh_one(path, reasons)


def make_stored_form(notebook: Notebook, page: str = "") -> Notebook:
    """Return `notebook` in the form in which it is stored: normalised, with the first cells if an address is set.

    `page` is its name without the ending, to which the first cell then links.
    """
    return normalise_notebook(colab.add_setup(notebook, colab.read_address(), page))


def _refresh_one(path: Path, reasons: tuple[str, ...]) -> Refreshed:
    read = path.read_bytes()
    notebook = notebooks.load(path)
    if not reasons:
        _write_if_changed(path, make_stored_form(notebook, path.stem))
        return Refreshed(path=path, reasons=(), seconds=0.0)
    before = stamps.stamp(execution.make_bare(notebook), reads=())
    run = execution.execute(notebook, folder=path.parent)
    if run.failure:
        place = _keep(path.name, run.notebook)
        raise RefreshError(
            f"{path.name}: code cell {run.failure.cell}: {run.failure.error}; the run is kept as {place}"
        )
    _require_storable(run.notebook, path.name)
    # What changed while the cells ran is not what they ran with: digests of code and modules are those from before.
    run.notebook.metadata[METADATA] = {
        **stamps.stamp(run.notebook, reads=run.reads),
        **{key: before[key] for key in ("code", "parameters", "modules")},
    }
    stored = make_stored_form(run.notebook, path.stem)
    if not path.exists() or path.read_bytes() != read:
        place = _keep(path.name, stored)
        raise RefreshError(
            f"{path.name} was changed while it ran, and is left as it is; the run is kept as {place}; refresh it again"
        )
    _write_if_changed(path, stored)
    _record_time(path.stem, run.seconds)
    return Refreshed(path=path, reasons=reasons, seconds=run.seconds)


def _write_if_changed(path: Path, notebook: Notebook) -> None:
    text = to_text(notebook)
    if path.read_text(encoding="utf-8") != text:
        files.write_text(path, text)


def _keep(name: str, notebook: Notebook) -> Path:
    """Write a run that is not stored to build/failed, and return where it is."""
    place = notebooks.find_checkout() / _FAILED / name
    files.write_text(place, to_text(notebook))
    return place


def _require_storable(notebook: Notebook, name: str) -> None:
    """Refuse outputs that another run or machine would not print alike."""
    for number, cell in enumerate(notebooks.select_code_cells(notebook), start=1):
        where = f"{name}: code cell {number}"
        for output in cell.outputs:
            if output.get("name") == "stderr":
                raise RefreshError(f"{where} wrote to stderr; mend the cause, a page stores no warnings: {output.text}")
            text = output.get("text", "") or str(output.get("data", {}).get("text/plain", ""))
            if _ADDRESS.search(text):
                raise RefreshError(f"{where} prints an address in memory, new at each run; print what it means: {text}")
            if "image/png" in output.get("data", {}):
                raise RefreshError(f"{where} left a figure open; end it with cl_book.figures.drawing.show")


def _record_time(name: str, seconds: float) -> None:
    from cl_core.experiments.machine import count_cores, processor

    path = notebooks.find_checkout() / TIMINGS
    with explain_unreadable(path, "a JSON object", cure="delete it or restore it from git"):
        timings = dict(parse_json(path.read_bytes())) if path.exists() else {}
    timings[name] = {
        "seconds": round(seconds, 1),
        "refreshed": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "versions": {package: number for package in _VERSIONS if (number := _find_version(package))},
        "hardware": {"machine": platform.machine(), "processor": processor(), "cores": count_cores()},
    }
    present = {notebook.stem for notebook in notebooks.list_stored()}
    entries: dict[str, Any] = {key: timings[key] for key in sorted(timings) if key in present}
    files.write_text(path, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
