"""The command line, `cl-core`: each command says what it does, and imports what it needs only when it runs."""

import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cl_book import confirm
from cl_book.commands import results_command, run_command, sweep_command
from cl_core import __version__
from cl_core.extras import missing_extra

app = typer.Typer(
    name="cl-core",
    help="How much may a network move? Rerun the companion's notebooks, and check what they claim.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; an error that a user can mend is one line on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without Greek letters shows question marks.
            stream.reconfigure(errors="replace")
    try:
        app()
    except (ValueError, RuntimeError, OSError) as error:
        if os.environ.get("CL_TRACEBACK"):
            raise
        typer.echo(f"cl-core: {_describe(error)}", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        line = missing_extra(error)
        if line is None or os.environ.get("CL_TRACEBACK"):
            raise
        typer.echo(f"cl-core: {line}", err=True)
        sys.exit(2)


def _describe(error: Exception) -> str:
    """Return what an error says; for one that is the system's own, the file first and no number."""
    if isinstance(error, OSError) and error.errno is not None and str(error).startswith("[Errno"):
        return f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror}, at a file not named"
    return str(error) or type(error).__name__


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cl-core {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


# --- notebooks ------------------------------------------------------------------------------------------------------


class _PairsCommand(TyperCommand):
    """A command whose `-p name value` takes two words, as papermill's does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join each `-p name value` to one word before the ordinary parsing."""
        joined: list[str] = []
        rest = list(args)
        while rest:
            word = rest.pop(0)
            joined.append(word)
            if word in ("-p", "--parameter"):
                if rest and "=" in rest[0]:
                    joined.append(rest.pop(0))
                elif len(rest) > 1:
                    joined.append(f"{rest.pop(0)}={rest.pop(0)}")
        return super().parse_args(ctx, joined)


@app.command(cls=_PairsCommand, add_help_option=False)
def rerun(
    context: typer.Context,
    notebook: Annotated[
        Path | None, typer.Argument(metavar="NOTEBOOK", help="The notebook's file.", show_default=False)
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="NAME VALUE", help="Set one parameter; may be repeated."),
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="YAML file of parameters; -p wins over it.")] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="The size of the run: smoke for any notebook, to see it work; cpu or paper where it says so."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the executed notebook.")] = Path("build/rerun"),
    show_help: Annotated[
        bool, typer.Option("--help", "-h", help="Show this, and the parameters of NOTEBOOK if one is named.")
    ] = False,
) -> None:
    """Run a notebook with other parameters; the stored one stays as it is.

    Every parameter is checked before anything runs. If a cell fails, the notebook is kept as far as it came, the cell
    and its error are shown, and the exit code is 1.

    Example: cl-core rerun notebooks/02-bound.ipynb -p draws 5000 -p seed 7 --out mine
    """
    if notebook is None:
        typer.echo(context.get_help())
        if not show_help:
            raise typer.Exit(2)
        return
    from cl_book.notebooks import parameters
    from cl_book.notebooks import rerun as reruns

    if show_help:
        typer.echo(parameters.write_manual(parameters.read(notebook), title=notebook.name))
        return
    given = reruns.resolve(notebook, settings=_pairs(parameter or []), file=file, profile=profile)
    typer.echo(f"running {notebook.name}" + "".join(f", {name} = {value}" for name, value in given.items()))
    done = reruns.rerun(notebook, given=given, out=out)
    if done.failure:
        typer.echo(
            f"\ncode cell {done.failure.cell} failed:\n\n{done.failure.source}\n\n{done.failure.error}", err=True
        )
        typer.echo(f"\nkept, as far as it came: {done.path}", err=True)
        raise typer.Exit(128 + done.failure.signal if done.failure.signal else 1)
    for change in done.changes:
        typer.echo(f"  {change.name}: {change.stored} → {change.now}")
    if not done.changes:
        typer.echo("  every recorded value and verdict is as stored")
    typer.echo(f"written: {done.path}")


def _pairs(words: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"-p {word} has no value; write -p {word} VALUE")
        if name in pairs:
            raise ValueError(f"-p {name} is given twice")
        pairs[name] = value
    return pairs


@app.command()
def refresh(
    named: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[NOTEBOOK]...", help="Stored notebooks; all of them if none is named.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Execute also what is not stale.")] = False,
) -> None:
    """Execute the stored notebooks that are stale, and store what they print.

    A notebook is stale when its code, its parameters, a module that it can reach, a file that it read or its stored
    outputs changed since. An unchanged result leaves the file as it was, to the byte.
    """
    from cl_book.notebooks import notebook
    from cl_book.notebooks import refresh as refreshing

    executed = 0
    for done in refreshing.refresh(named or notebook.list_stored(), force=force):
        if done.reasons:
            executed += 1
            typer.echo(f"{done.path.name}: executed in {done.seconds:.1f} s, because {_and_more(done.reasons)}")
        else:
            typer.echo(f"{done.path.name}: fresh")
    typer.echo(f"{executed} executed")


@app.command()
def check(
    environment: Annotated[
        bool, typer.Option("--env", help="Look at the environment instead: versions, threads, disk, data.")
    ] = False,
    again: Annotated[
        int | None,
        typer.Option(
            "--rerun", metavar="K", min=1, help="Make K results drawn at random again instead.", show_default=False
        ),
    ] = None,
    streams: Annotated[
        bool, typer.Option("--streams", help="Draw every result's stream of tasks again instead, and compare.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="With --rerun, which are drawn. Default: another each time.", show_default=False)
    ] = None,
) -> None:
    """Say what is stale and why, and which claims have no verdict.

    The exit code is 1 if a page or a result is stale, or a claim was added or changed after its first result without a reason. A claim that was not run is listed, but no fault; so is a result
    made by code that differs from today's, until `cl-core confirm` has held today's against the golden runs (unconfirmed). With --env it is 1 if something needs mending.
    """
    if (environment, streams, again is not None).count(True) > 1:
        raise ValueError("--env, --streams and --rerun are three looks at different things; give one of them")
    if seed is not None and again is None:
        raise ValueError("--seed says which results --rerun K draws; give both")
    if environment:
        _check_environment()
        return
    from cl_book import check

    if again is not None or streams:
        with run_command.report_data_errors():
            if again is None:
                report = check.check_streams(tell=typer.echo)
            else:
                report = check.check_repeated(again, seed=seed, tell=typer.echo)
        if report.faults:
            raise typer.Exit(1)
        return

    report = check.check()
    for line in report.lines:
        typer.echo(line)
    if report.faults:
        typer.echo(f"{report.faults} to mend; `cl-core refresh` mends stale notebooks")
        raise typer.Exit(1)
    typer.echo("nothing is stale")


def _check_environment() -> None:
    from cl_book.environment import inspect_environment

    findings = inspect_environment()
    for finding in findings:
        typer.echo(f"{finding.about:<9} {finding.says}" + (f"\n{'':<9} → {finding.fix}" if finding.fix else ""))
    problems = sum(bool(finding.fix) for finding in findings)
    typer.echo(f"{problems} to mend" if problems else "nothing to mend")
    if problems:
        raise typer.Exit(1)


@app.command()
def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CLAIM]...", help="Ids such as C07; all of them if none is named.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of id, verdict, source and more.")] = False,
    results: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of results to decide from, instead of the repository's results/."
        ),
    ] = None,
    own: run_command.Claims = None,
    profile: Annotated[
        str | None,
        typer.Option(help="With --claims, the profile of the runs, where the file names none.", show_default=False),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="With --claims, list the runs that the claims need, and the commands for them."),
    ] = False,
) -> None:
    """List claims with their verdict, and count the paper's statements apart from our own.

    With --claims they are your own: stated in your file, decided by your results, by the same rule.

    Items of the paper hold as printed, hold when something more is given, or fail (P ids); our own theory holds or fails
    (T); runs are reproduced or not (C). Any may be inconclusive, not run, or stale: printed by code that has changed
    since. Source: the theory's notebooks, or runs. Differences are in the claimed direction: above zero speaks for the
    claim. The protocol page of the book has the rule.

    Examples: cl-core claims C04 C07 --results mine; cl-core claims --claims mine.yml --results mine
    """
    if own is not None:
        _show_own_claims(own, ids or (), results, profile, as_json=as_json, plan=plan)
        return
    if plan or profile is not None:
        raise ValueError(f"{'--plan' if plan else '--profile'} is for your own claims; give their file with --claims")
    from cl_book.claims.report import entry, lines
    from cl_book.claims.run_claims import runs_judge
    from cl_book.claims.standings import standings

    stood = standings({"runs": runs_judge(results)} if results else None, ids=ids or ())
    if as_json:
        typer.echo(json.dumps([entry(one) for one in stood], indent=1, ensure_ascii=False))
        return
    for line in lines(stood, beside=standings(ids=ids or ()) if results else ()):
        typer.echo(line)


def _show_own_claims(
    path: Path, ids: Sequence[str], results: Path | None, profile: str | None, *, as_json: bool, plan: bool
) -> None:
    from cl_book.claims.own_claims import read_own_claims
    from cl_book.claims.report import entry, own_lines
    from cl_core.runs.complete import locate_results

    claims, folder = read_own_claims(path, profile), results or locate_results()
    if plan:
        lines = claims.plan_lines(folder, ids)
    elif as_json:
        command = f"{claims.sweep_command(folder)} && {claims.judge_command(folder)}"
        found = [{**entry(one), "command": command, "quick_command": ""} for one in claims.stand(folder, ids)]
        lines = [json.dumps(found, indent=1, ensure_ascii=False)]
    else:
        lines = own_lines(claims.stand(folder, ids))
    for line in lines:
        typer.echo(line)


def _and_more(reasons: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(reasons) - most} more" if len(reasons) > most else ""
    return "; ".join(reasons[:most]) + more


# --- experiments ----------------------------------------------------------------------------------------------------

app.command(help=run_command.RUN_HELP)(run_command.run)
app.command(help=sweep_command.HELP)(sweep_command.sweep)
app.command()(run_command.repeat)
app.command()(results_command.results)
app.command("confirm")(confirm.command)
app.add_typer(run_command.data, name="data")


if __name__ == "__main__":
    main()
