"""The numbers reported for the paper, each with its mark, as they stand in one file."""

import csv
import io
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from cl_core import files
from cl_core.experiments.catalogue import CATALOGUE
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.metric_table import MEASURES
from cl_core.naming import require_name
from cl_core.parsing import decode_text, explain_unreadable

PAPER = "book/paper.csv"
"""One number a row: table, experiment, strategy, metric, mean and std in per cent, and mark."""

_KEY = ("table", "experiment", "strategy", "metric")
_COLUMNS = (*_KEY, "mean", "std", "mark")
_TABLES = ("I", "II", "III")
_MARKS = ("P", "S", "D")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]+)?")


class Reported(NamedTuple):
    """A number of the paper's tables as printed: mean, standard deviation over seeds ('' if none), mark P, S or D."""

    mean: str
    std: str
    mark: str


def reported_rows() -> list[dict[str, str]]:
    """Return the rows of PAPER, in its order; read on record.

    Raises ValueError, with file and line, for a row that does not have its seven columns, a table, an experiment, a
    strategy, a metric or a mark that there is none of, a mean or a deviation that is no number of per cent, or a second
    row for one number.
    """
    with explain_unreadable(PAPER, "the table of the paper's numbers", cure="mend it, or restore it from git"):
        return list(_parse_rows(decode_text(files.read_bytes(PAPER))))


@lru_cache(maxsize=1)
def _parse_rows(text: str) -> list[dict[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    if next(reader, []) != list(_COLUMNS):
        raise ValueError(f"its first line is not {','.join(_COLUMNS)}")
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for cells in reader:
        if len(cells) != len(_COLUMNS):
            raise ValueError(f"line {reader.line_num} has {len(cells)} cells, not {len(_COLUMNS)}")
        row = dict(zip(_COLUMNS, cells, strict=True))
        try:
            _require_sound(row)
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from None
        key = tuple(row[name] for name in _KEY)
        if key in rows:
            raise ValueError(f"line {reader.line_num} gives {'/'.join(key)} a second time")
        rows[key] = row
    return list(rows.values())


def _require_sound(row: Mapping[str, str]) -> None:
    """Raise ValueError for a name that there is none of, or a number that is none of per cent."""
    require_name("table", row["table"], _TABLES)
    require_name("experiment", row["experiment"], CATALOGUE)
    for strategy in row["strategy"].split("-minus-"):
        require_name("strategy", strategy, STRATEGIES)
    require_name("metric", row["metric"], MEASURES)
    require_name("mark", row["mark"], _MARKS)
    for name, least in (("mean", -100), ("std", 0)):
        text = row[name]
        if not (_NUMBER.fullmatch(text) and least <= float(text) <= 100) and (text or name == "mean"):
            raise ValueError(f"{name} {text!r} is no number from {least} to 100")


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
