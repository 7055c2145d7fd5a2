"""All runs as one tidy table: a row a run, a column a quantity, as CSV that any tool reads."""

import csv
import gzip
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.provenance import code_digest
from cl_core.experiments.store import Result
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

Cell = str | int | float | bool | None


def make_table(results: ResultSet) -> list[dict[str, Cell]]:
    """Return one row a run, by name; every row has the same columns, with None where a run has no such quantity.

    Measures are fractions from 0 to 1, or -1 to 1. Settings keep their names, with ``set_`` before them; ``overrides`` lists those that were
    changed from the profile's own. ``state`` is current, unconfirmed or stale.
    """
    rows = [_row(name, result, results.states[name].word) for name, result in results.results.items()]
    settings = sorted({column for row in rows for column in row if column.startswith(_SETTING)})
    columns = [*dict.fromkeys(column for row in rows for column in row if not column.startswith(_SETTING)), *settings]
    return [{column: row.get(column) for column in columns} for row in rows]


def format_csv(table: list[dict[str, Cell]]) -> str:
    """Return the table as CSV text (RFC 4180, UTF-8, lines end in a newline); None is an empty cell."""
    text = io.StringIO()
    if table:
        writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return text.getvalue()


def write_csv(table: list[dict[str, Cell]], path: Path) -> None:
    """Write the table to `path`, compressed where its name ends in ``.gz``. The same table gives the same bytes."""
    data = format_csv(table).encode("utf-8")
    files.write_bytes(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


_SETTING = "set_"


def _row(name: str, result: Result, state: str) -> dict[str, Cell]:
    recorded = result.recorded
    machine: Mapping[str, Any] = recorded.get("machine", {})
    versions: Mapping[str, Any] = recorded.get("versions", {})
    later = [magnitude for magnitude in result.magnitudes[1:] if magnitude is not None]
    return {
        "experiment": result.experiment,
        "strategy": result.strategy,
        "seed": result.seed,
        "profile": result.profile,
        "overrides": " ".join(f"{key}={value}" for key, value in sorted(result.overrides.items())),
        "state": state,
        "tasks": result.tasks,
        "blocks": len(result.block_parameters),
        **{measure: _number(store.metric(result, measure)) for measure in MEASURES},
        "mean_magnitude": sum(later) / len(later) if later else None,
        "data": result.data.get("label"),
        "route": result.data.get("route"),
        "follows": result.source and result.source["name"],
        "protocol": result.protocol,
        "seconds": recorded.get("times", {}).get("total_s"),
        **{key: machine.get(key) for key in ("processor", "system", "cores", "device", "threads")},
        **{f"version_{key}": versions.get(key) for key in ("python", "numpy", "torch")},
        "code": code_digest(recorded.get("files", {})),
        "digest": result.digest,
        "file": name,
        **{f"{_SETTING}{key}": value for key, value in result.config.items()},
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
