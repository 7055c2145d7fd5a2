"""The commands `run` and `data` of the command line; what they need is imported when they run."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cl_core.experiments.catalogue import CATALOGUE, PROFILES
from cl_core.experiments.settings import SETTINGS, Settings
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.setting_ranges import describe_range

if TYPE_CHECKING:
    from cl_core.experiments.plan import Plan

data = typer.Typer(
    help="The data sets: what is here, and how to get the rest.", no_args_is_help=True, rich_markup_mode=None
)
"""The command group `data`."""

ROUTE = "CL_DATA_ROUTE"
"""Name of the environment variable that stands for --data."""


def format_list(entries: Mapping[str, str]) -> str:
    """Return names and what they mean as a list that the command line's help leaves as it is."""
    width = max(map(len, entries))
    return "\b\n" + "\n".join(f"  {name:<{width}}  {text}" for name, text in entries.items())


RUN_HELP = "\n\n".join(
    [
        "Run one experiment under one strategy with one seed, and store what came of it.",
        "The result is one JSON file, results/PROFILE/EXPERIMENT/STRATEGY-SEED.json, written whole or not at all. A result "
        "that is there is shown, never computed again and never replaced. Killed at any moment, the same command goes on "
        "after the last finished task and ends with the same bits. Training reports its progress on stderr.",
        "Seeds 0 to 99 are scored on test images, for reference results; seeds from 100 on are scored on a tenth of the "
        "training images, held out, for development.",
        "Experiments (under profile smoke, one on real images runs its embedded stand-in, and says so):",
        format_list({e.name: e.summary + (f"; smoke: {e.stand_in}" if e.stand_in else "") for e in CATALOGUE.values()}),
        "Strategies (a control needs the finished run that it follows, of the same experiment, seed and settings):",
        format_list({s.name: s.describe() for s in STRATEGIES.values()}),
        "Your own strategy, stream or network needs no change here: write package.module:name, such as mine:Averaged for "
        "the class Averaged in a file mine.py of the working folder, in place of a strategy, an experiment or a network; "
        "an installed package may name one by an entry point. The digest of its source is part of the result.",
        "Profiles:",
        format_list({p.name: p.summary for p in PROFILES.values()}),
        "Settings for --set (a run reads those of its own network, strategy and stream, and refuses others; "
        "their values are in the book, page Protocol):",
        format_list(
            {name: f"{field.description} ({describe_range(Settings, name)})" for name, field in SETTINGS.items()}
        ),
        "Examples:",
        "\b\n  cl-core run split-cifar100 --strategy two-level --seed 100 --profile cpu\n"
        "  cl-core run permuted-mnist --strategy frozen --profile cpu --set trained=2 --data prepared\n"
        "  cl-core run digits-split --strategy mine:Averaged --out mine\n"
        "  cl-core repeat results/cpu/split-cifar100/two-level-0.json",
    ]
)
"""The manual of `cl-core run`."""

Route = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="ROUTE",
        envvar=ROUTE,
        help="Where the images come from: official (the archive; the default), prepared (a file of yours in "
        "$CL_DATA_DIR/prepared) or embedded.",
        show_default=False,
    ),
]


Network = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Another network than the experiment's own: resnet, mlp, or package.module:name. The same as EXPERIMENT@NAME.",
        show_default=False,
    ),
]


Claims = Annotated[
    Path | None,
    typer.Option(
        "--claims",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A YAML file of your own claims. Runs record what it states, so that a later change shows.",
        show_default=False,
    ),
]


def run(
    experiment: Annotated[
        str | None, typer.Argument(metavar="EXPERIMENT", help="One of the experiments above.", show_default=False)
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="One of the strategies above.", show_default=False)] = None,
    network: Network = None,
    seed: Annotated[int, typer.Option(help="Decides class order, first weights and minibatches.")] = 100,
    profile: Annotated[str, typer.Option(help="The size of the run: smoke, cpu or paper.")] = "smoke",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change one setting; may be repeated.", show_default=False),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="How it is trained, by name: companion (the book's) or deng2025; --set comes after it.")
    ] = "companion",
    route: Route = None,
    claims: Claims = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of results, instead of the repository's results/.", show_default=False)
    ] = None,
    again: Annotated[
        Path | None,
        typer.Option(
            help="Older name of `cl-core repeat`: run the stored result in this file again, and compare.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run one experiment (the manual is RUN_HELP)."""
    if again is not None:
        beside = (experiment, strategy, network, claims, out)
        if settings or protocol != "companion" or any(each is not None for each in beside):
            raise ValueError("--again takes everything from the stored result; give it alone, or with --data")
        repeat(again, route)
        return
    if experiment is None or strategy is None:
        missing = "EXPERIMENT" if experiment is None else "--strategy"
        raise ValueError(f"{missing} is missing; `cl-core run --help` lists what there is")
    from cl_book.commands import run_summary
    from cl_book.commands.run_display import RunDisplay
    from cl_core.experiments.checkpoints import locate_cache
    from cl_core.experiments.plan import make_plan
    from cl_core.experiments.protocols import protocol_settings
    from cl_core.runs.complete import complete, locate_results

    experiment = name_network(experiment, network)
    named = protocol_settings(protocol, [make_plan(experiment, strategy, seed, profile)])
    plan = make_plan(experiment, strategy, seed, profile, overrides={**named, **parse_settings(settings or [])})
    notice = run_summary.describe_stand_in(plan)
    if notice:
        typer.echo(notice)
    tell_plugins([plan])
    with report_data_errors(), RunDisplay(plan.describe()) as display:
        done = complete(
            plan,
            results=out or locate_results(),
            cache=locate_cache(),
            route=check_route(route),
            listener=display,
            recorded=record_statements(claims, profile),
            waiting=lambda holder: typer.echo(f"process {holder} is computing this run; waiting for it", err=True),
        )
    typer.echo(plan.describe())
    for line in run_summary.summarise(done.result):
        typer.echo(f"  {line}")
    typer.echo(f"{'written' if done.computed else 'was there already'}: {done.path}")


def repeat(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The stored result's file.")],
    route: Route = None,
) -> None:
    """Run a stored result again and compare the two; write nothing.

    On the machine and with the versions that made it, the two must be identical to the bit; elsewhere training rounds
    differently, and a difference up to about two standard deviations between seeds is no fault. The exit code is 1 if
    the repetition does not confirm the result.

    Example: cl-core repeat results/cpu/split-cifar100/two-level-0.json
    """
    from cl_book.commands import run_summary
    from cl_book.commands.run_display import RunDisplay
    from cl_core.runs.repeat import repeat as repeat_result

    with report_data_errors(), RunDisplay(f"{path}, again") as display:
        after, comparison = repeat_result(path, route=check_route(route), listener=display)
    typer.echo(f"{path}, run again")
    for line in run_summary.summarise(after):
        typer.echo(f"  {line}")
    for difference in comparison.differences:
        typer.echo(f"  {difference}")
    where = "the same machine and versions" if comparison.expected else "another machine or other versions"
    if comparison.identical:
        typer.echo(f"identical to the bit, on {where}")
    elif comparison.other:
        typer.echo(f"not confirmed, as {comparison.summary}")
    else:
        typer.echo(
            f"not identical, on {where}; the largest difference is {comparison.largest:.2f} points, "
            f"{comparison.tolerance:g} are allowed elsewhere"
        )
    if not comparison.holds:
        raise typer.Exit(1)


@data.command("list")
def list_data() -> None:
    """List every data set and route: whether it is here, its size, whether it is the right one, its digest, its terms.

    The digest is the beginning of the one that a result stores as `data.digest` (for CUB-50 by the route official it is
    that of all 200 classes). Reads and checks every file that is here; fetches nothing.
    """
    from cl_core.streams import list_available, locate_data

    typer.echo(f"data folder: {locate_data()} ($CL_DATA_DIR)")
    for row in list_available():
        state = {True: "here, verified", False: "here, NOT what it should be", None: "not here"}[row.verified]
        if row.own is not None:
            state = f"here, your own, {row.own[:8]}"
        digest = (row.digest or "")[:16]
        typer.echo(
            f"  {row.name:<9} {row.route:<9} {state:<28} {_format_size(row.bytes):>9}  {digest:<16}  {row.licence}"
        )


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set of `cl-core data list`.")],
) -> None:
    """Fetch the official archive of a data set, check it, and store its images in the data folder.

    What is there already is kept. Without a network the error says which file to bring from where, and its digest.
    """
    from cl_core.streams import fetch as fetch_data

    with report_data_errors():
        typer.echo(f"{name} is here: {fetch_data(name)}")


@data.command()
def split(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set of `cl-core data list`; cifar100 has one.")],
) -> None:
    """Make the companion's own split of a data set from its official archive, for the route prepared.

    The images of both official parts are ordered by class and, within a class, by the SHA-256 digest of their pixels;
    the last of each class, as many as the official test part has, are for testing. So the archive's own order does not
    matter, and the digest says whether the images are those of the book's results.

    Example: cl-core data split cifar100, and then cl-core run split-cifar100 --strategy frozen --profile cpu --data prepared
    """
    from cl_core.streams import load, make_own_split
    from cl_core.streams.manifest import SOURCES

    with report_data_errors():
        path = make_own_split(name)
        made = load(name, "prepared")
    typer.echo(f"{path}: {len(made.x_train):,} training and {len(made.x_test):,} test images, digest {made.digest}")
    if made.digest in SOURCES[name].labels:
        typer.echo(f"these are the images of the book's results ({made.label}); --data prepared takes them")
    else:
        typer.echo("these are NOT the images of the book's results: the archive holds other ones")


def record_statements(claims: Path | None, profile: str | None) -> dict[str, dict[str, str]]:
    """Return what a run that is made now records of what is stated: the book's claims, and those of the user's file."""
    from cl_book.claims.stated import statement_digests

    recorded = statement_digests()
    if claims is None:
        return recorded
    from cl_book.claims.own_claims import read_own_claims

    own = read_own_claims(claims, profile).record()
    return {**recorded, **own, "pages": {**recorded["pages"], **own["pages"]}}


def name_network(experiment: str, network: str | None) -> str:
    """Return the name of `experiment` with `network`, if one is given. Raises ValueError where it names one already."""
    if network is None:
        return experiment
    if "@" in experiment:
        raise ValueError(f"{experiment} names its network already; leave out --network {network}")
    return f"{experiment}@{network}"


def tell_plugins(plans: "Sequence[Plan]") -> None:
    """Say on stderr what comes from outside, and which installed plugins have names that are this project's own."""
    from cl_core.plugins import list_installed

    lines = {plugin.describe(): None for plan in plans for plugin in plan.plugins.values()}
    for name in dict.fromkeys(plan.strategy.name for plan in plans if plan.strategy.plugin is None):
        for reference in list_installed("strategy").get(name, ()):
            lines[
                f"{name} is this project's own strategy; an installed package has one of that name too, {reference}"
            ] = None
    for line in lines:
        typer.echo(line, err=True)


def parse_settings(words: list[str]) -> dict[str, Any]:
    """Return the settings given as ``name=value``, parsed and checked. Raises ValueError for one given twice."""
    from cl_core.experiments.settings import parse

    values: dict[str, Any] = {}
    for name, value in map(parse, words):
        if name in values:
            raise ValueError(f"--set {name} is given twice")
        values[name] = value
    return values


def check_route(name: str | None) -> Any:
    """Return the route called `name`. Raises ValueError for one that does not exist."""
    from cl_core.naming import require_name
    from cl_core.streams.manifest import ROUTES

    if name is not None:
        require_name("route", name, ROUTES)
    return name


@contextmanager
def report_data_errors() -> Iterator[None]:
    """Turn what can go wrong with data or in training into an error that the command line shows as one line."""
    from cl_core.streams.errors import DataError

    try:
        yield
    except (DataError, FloatingPointError) as error:
        raise RuntimeError(str(error)) from error


def _format_size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count else "unknown"
