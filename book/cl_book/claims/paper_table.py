"""The numbers reported for the paper, each with its mark, as they stand in one file."""

import csv
import io
from collections.abc import Mapping
from typing import NamedTuple

from cl_core import files

PAPER = "book/paper.csv"
"""One number a row: table, experiment, strategy, metric, mean and std in per cent, and mark."""

_KEY = ("table", "experiment", "strategy", "metric")


class Reported(NamedTuple):
    """A number of the paper's tables as printed: mean, standard deviation over seeds ('' if none), mark P, S or D."""

    mean: str
    std: str
    mark: str


def reported_rows() -> list[dict[str, str]]:
    """Return the rows of PAPER, in its order; read on record."""
    return list(csv.DictReader(io.StringIO(files.read_text(PAPER))))


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
