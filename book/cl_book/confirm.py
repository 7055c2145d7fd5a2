"""The command `confirm`: today's code held against the golden runs, and put into the ledger of results."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cl_core import files
from cl_core.runs.ledger import Confirmation, Repetition


class GoldenRunsDifferError(Exception):
    """A golden run comes out otherwise than stored, or is not stored."""


def confirm(repeat: Sequence[Path] = ()) -> Confirmation:
    """Compare all golden runs, make the results in `repeat` again, and return the entry that the ledger now holds.

    Raises GoldenRunsDifferError where a golden run differs, ValueError for a file to repeat that is no result of the
    repository, is stale, or comes to run on other images; nothing is written then. Needs torch.
    """
    from cl_book import golden
    from cl_core.experiments import machine, provenance
    from cl_core.runs import ledger

    provenance.require_own_code()
    names = [_repository_name(path) for path in repeat]
    folder = files.base() / golden.FOLDER
    runs = 0
    for group in golden.groups():
        stored = golden.load(folder / f"{group}.json")["runs"]
        different = golden.differences(stored, golden.compute(group))
        if different:
            raise GoldenRunsDifferError(
                f"not confirmed: golden run {group} differs ({different[0]}); mend the code, or, if the change is meant, "
                "raise PROTOCOL and write the golden runs anew"
            )
        runs += len(stored)
    entry = Confirmation(
        code=provenance.code_digest(),
        date=datetime.now(UTC).date().isoformat(),
        golden_runs=runs,
        golden=golden.digest(folder),
        processor=machine.processor(),
        versions=provenance.versions(),
        repeated=tuple(_repeat(name) for name in names),
    )
    ledger.add(entry)
    added = ledger.confirmation_of(entry.code)
    assert added is not None
    return added


def _repeat(name: str) -> Repetition:
    from cl_core.runs.repeat import repeat

    _, comparison = repeat(files.base() / name)
    if comparison.other:
        raise ValueError(f"--repeat {name}: {comparison.summary}; leave it out, or bring its own images here")
    return Repetition(name, comparison.identical, round(comparison.largest, 4), comparison.expected)


def _repository_name(path: Path) -> str:
    """Return the repository's name of the result at `path`."""
    from cl_core.experiments import store

    try:
        name = path.resolve().relative_to(files.base().resolve()).as_posix()
    except ValueError:
        name = ""
    if name not in store.stored():
        raise ValueError(f"--repeat {path} is no result of this repository; give a file such as {_example()}")
    return name


def _example() -> str:
    from cl_core.experiments import store

    return next(iter(store.stored()), "results/cpu/split-cifar100/two-level-0.json")


def command(
    repeat: Annotated[
        list[Path] | None,
        typer.Option(
            "--repeat",
            metavar="PATH",
            help="Also make this stored result again and record how the two compare; may be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Hold today's code against the golden runs, and write into results/confirmed.json that it gives the same.

    Whatever code file changes, `cl-core check` calls the stored results unconfirmed until this has been run. It takes
    about a minute and changes no result. If a golden run differs nothing is written, and the exit code is 1.

    Example: cl-core confirm --repeat results/cpu/split-cifar100/two-level-0.json
    """
    from cl_core.streams.errors import DataError

    try:
        entry = confirm(repeat or ())
    except GoldenRunsDifferError as error:
        typer.echo(f"cl-core: {error}", err=True)
        raise typer.Exit(1) from None
    except (DataError, FloatingPointError) as error:
        raise RuntimeError(str(error)) from error
    typer.echo(f"{entry.golden_runs} golden runs came out as stored: code {entry.code[:8]} is confirmed")
    for one in entry.repeated:
        compared = "identical to the bit" if one.identical else f"differs by {one.largest:.2f} points at most"
        typer.echo(f"  {one.result}, made again: {compared}")
