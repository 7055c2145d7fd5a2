"""The numbers reported for the paper, each with its mark, as they stand in one file."""

import csv
import io
import re
from collections.abc import Mapping
from typing import NamedTuple

from cl_core import files
from cl_core.parsing import decode_text, explain_unreadable

PAPER = "book/paper.csv"
"""One number a row: table, experiment, strategy, metric, mean and std in per cent, and mark."""

_KEY = ("table", "experiment", "strategy", "metric")
_COLUMNS = (*_KEY, "mean", "std", "mark")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]+)?")


class Reported(NamedTuple):
    """A number of the paper's tables as printed: mean, standard deviation over seeds ('' if none), mark P, S or D."""

    mean: str
    std: str
    mark: str


def reported_rows() -> list[dict[str, str]]:
    """Return the rows of PAPER, in its order; read on record.

    Raises ValueError, with file and line, for a row that does not have its seven columns, a mean or a deviation that is
    no number, a mark that there is none of, or a second row for one number.
    """
    with explain_unreadable(PAPER, "the table of the paper's numbers", cure="mend it, or restore it from git"):
        return _parse_rows(decode_text(files.read_bytes(PAPER)))


def _parse_rows(text: str) -> list[dict[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    if next(reader, []) != list(_COLUMNS):
        raise ValueError(f"its first line is not {','.join(_COLUMNS)}")
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for cells in reader:
        if len(cells) != len(_COLUMNS):
            raise ValueError(f"line {reader.line_num} has {len(cells)} cells, not {len(_COLUMNS)}")
        row = dict(zip(_COLUMNS, cells, strict=True))
        for name in ("mean", "std"):
            if not _NUMBER.fullmatch(row[name]) and (row[name] or name == "mean"):
                raise ValueError(f"line {reader.line_num}: {name} {row[name]!r} is no number")
        if row["mark"] not in ("P", "S", "D") or not all(row[name] for name in _KEY):
            raise ValueError(f"line {reader.line_num}: a name is empty, or the mark {row['mark']!r} is not P, S or D")
        key = tuple(row[name] for name in _KEY)
        if key in rows:
            raise ValueError(f"line {reader.line_num} gives {'/'.join(key)} a second time")
        rows[key] = row
    return list(rows.values())


def reported() -> Mapping[str, Reported]:
    """Return the paper's numbers by ``table/experiment/strategy/metric``."""
    return {
        "/".join(row[key] for key in _KEY): Reported(row["mean"], row["std"], row["mark"]) for row in reported_rows()
    }


def reported_means(table: str, experiment: str, metric: str) -> dict[str, float]:
    """Return the means that `table` (I, II or III) reports of `experiment`, by strategy, in per cent.

    Raises ValueError where there is no such row.
    """
    wanted = {"table": table, "experiment": experiment, "metric": metric}
    means = {
        row["strategy"]: float(row["mean"]) for row in reported_rows() if all(row[key] == wanted[key] for key in wanted)
    }
    if not means:
        raise ValueError(f"{PAPER} has no {metric} of {experiment} in table {table}")
    return means
