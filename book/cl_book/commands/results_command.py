"""The command `results`: what is stored, by experiment, or all of it as one table."""

import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer


def results(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where --csv writes, .csv or .csv.gz.", show_default=False),
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Write a table with one row a run, to FILE or to the terminal.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--results",
            exists=True,
            file_okay=False,
            help="Folder of results, instead of the repository's results/.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Count the stored results by experiment and state, or write all of them as one table.

    The columns are explained in results/README.md. pandas reads the table in one line: pandas.read_csv("runs.csv").

    Example: cl-core results --csv runs.csv.gz
    """
    from cl_book.result_table import format_csv, make_table, write_csv
    from cl_core.runs.result_set import read_results

    if file is not None and not csv:
        raise ValueError(f"{file} is given without --csv; write cl-core results --csv {shlex.quote(str(file))}")
    if file is not None and not file.name.endswith((".csv", ".csv.gz")):
        raise ValueError(f"{file} names no table; give a name that ends in .csv or .csv.gz")
    stored = read_results(folder)
    if not csv:
        kinds = Counter(
            (f"{run.experiment}, {run.profile}", stored.states[name].word) for name, run in stored.results.items()
        )
        for (kind, state), count in sorted(kinds.items()):
            typer.echo(f"{count:>5} {state:<12} {kind}")
        typer.echo(f"{len(stored.results)} results")
        return
    table = make_table(stored)
    if file is None:
        sys.stdout.write(format_csv(table))
        return
    write_csv(table, file)
    typer.echo(f"written: {file}, {len(table)} runs")
