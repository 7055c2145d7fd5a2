"""The numbers reported for the paper, each with its mark, as they stand in one file."""

import csv
import io

from cl_core import files

PAPER = "book/paper.csv"
"""One number a row: table, experiment, strategy, metric, mean and std in per cent, and mark."""


def reported_rows() -> list[dict[str, str]]:
    """Return the rows of PAPER, in its order; read on record."""
    return list(csv.DictReader(io.StringIO(files.read_text(PAPER))))
