"""The command `sweep` of the command line; what it needs is imported when it runs."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cl_book.claims.reference_runs import RULES, STEPS
from cl_book.commands.design_sweep_command import sweep_named_design
from cl_book.commands.run_command import (
    Claims,
    Network,
    Route,
    check_route,
    format_list,
    name_network,
    record_statements,
    report_data_errors,
    tell_plugins,
)
from cl_core.experiments.catalogue import CATALOGUE, PROFILES
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs.designs import DESIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cl_book.commands.estimate import Pace
    from cl_core.experiments.plan import Plan
    from cl_core.experiments.store import Result
    from cl_core.runs.sweep import SweepState

HELP = "\n\n".join(
    [
        "Do every run of a set that is missing: experiments × strategies × seeds × settings, in parallel.",
        "A run that is there is never computed again. Stopped with Ctrl-C, or killed in any way, the same command goes on: "
        "finished runs stand, unfinished ones resume after their last finished task. A control waits for the run "
        "that it follows, which is added if it was not asked for. A run that fails is reported and the others go on; the "
        "exit code is then 1.",
        "Experiments:",
        format_list({e.name: e.summary for e in CATALOGUE.values()}),
        "Strategies:",
        format_list({s.name: s.describe() for s in STRATEGIES.values()}),
        "Your own, as `cl-core run --help` has it: package.module:name in place of an experiment, a strategy or a network.",
        "Steps for --reference, the runs that results/ is to hold (profile cpu; --seeds replaces their seeds, "
        "--experiments and --strategies leave out others):",
        format_list({step.name: step.summary for step in STEPS.values()}),
        "--design does the runs of a design, all protocols of it or the first --protocols, in its order, and records "
        "each in results/designs/NAME.jsonl; a run that diverges is recorded too. A table goes on by the route of its runs, "
        "and refuses another --data:",
        format_list(
            {
                design.name: f"{design.protocols} protocols on {design.experiment}, {design.runs} runs, profile {design.profile}"
                for design in DESIGNS.values()
            }
        ),
        "Without --cluster or --scheduler the runs go to processes on this machine, one thread each. With one of them they "
        "go to the workers of a Dask cluster (extra cluster), and the results come back here. Whoever "
        "reaches a scheduler's port can run code on its workers: use TLS or a private network.",
        "Profile paper computes on a GPU where there is one; CL_DEVICE=cuda has any run do so, CL_DEVICE=cpu none. Several "
        "processes share a GPU well (--jobs): one alone leaves most of it idle.",
        "Examples:",
        "\b\n  cl-core sweep --experiments digits-split,digits-permuted --seeds 100-102\n"
        "  cl-core sweep --experiments split-cifar100 --strategies two-level --seeds 100-104 --profile cpu "
        "--set threshold=0,0.1,0.2\n"
        "  cl-core sweep --profile cpu --seeds 0-9 --dry-run\n"
        "  cl-core sweep --claims mine.yml --out mine\n"
        "  cl-core sweep --reference primary,controls\n"
        "  cl-core sweep --design split-cifar100 --dry-run",
    ]
)
"""The manual of `cl-core sweep`."""


def sweep(
    experiments: Annotated[
        str | None,
        typer.Option(help="Names, with commas. Default: all of the profile whose data are here.", show_default=False),
    ] = None,
    strategies: Annotated[
        str | None,
        typer.Option(help="Names, with commas. Default: initialized,frozen,frozen-0,two-level.", show_default=False),
    ] = None,
    network: Network = None,
    seeds: Annotated[
        str | None, typer.Option(help="Numbers and ranges, such as 0-2,7. Default: 100.", show_default=False)
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="The size of the runs: smoke, cpu or paper. Default: smoke, with --reference cpu.", show_default=False
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE[,VALUE]",
            help="Try these values of a setting, in every run that reads it; may be repeated.",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="How the runs are trained, by name: companion (the book's, the default) or deng2025.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(metavar="STEP[,STEP]", help="Do these steps of the reference runs, or all.", show_default=False),
    ] = None,
    design: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Do the runs of this design that its table lacks.", show_default=False),
    ] = None,
    protocols: Annotated[
        int | None, typer.Option(help="With --design: its first protocols alone.", show_default=False)
    ] = None,
    claims: Claims = None,
    route: Route = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of results, instead of the repository's results/.", show_default=False)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Processes at a time. Default: one a core of this job.", show_default=False)
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="A running Dask scheduler, such as tcp://10.0.0.1:8786.", show_default=False
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="local:N", help="A Dask cluster of N workers on this machine.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and how long it will take.")] = False,
) -> None:
    """Do every run of a set that is missing (the manual is HELP)."""
    from cl_book.commands.estimate import learn_pace
    from cl_book.commands.sweep_display import SweepDisplay
    from cl_core.experiments.checkpoints import locate_cache
    from cl_core.experiments.machine import count_cores
    from cl_core.runs.complete import locate_results
    from cl_core.runs.executors import open_executor
    from cl_core.runs.sweep import survey_runs
    from cl_core.runs.sweep import sweep as do_sweep

    if design is not None:
        beside = (
            experiments,
            strategies,
            network,
            seeds,
            profile,
            settings,
            protocol,
            reference,
            claims,
            scheduler,
            cluster,
        )
        if any(each is not None and each != [] for each in beside):
            raise ValueError(
                "--design says all of its runs; give it with --protocols, --out, --data, --jobs or --dry-run alone"
            )
        sweep_named_design(design, protocols=protocols, out=out, route=route, jobs=jobs, dry_run=dry_run)
        return
    if protocols is not None:
        raise ValueError("--protocols goes with --design; leave it out")
    taken = check_route(route)
    results = out or locate_results()
    if claims is not None:
        asked = (experiments, strategies, network, seeds, settings, protocol, reference)
        if any(each is not None and each != [] for each in asked):
            raise ValueError("--claims takes the runs from the claims; give it with --profile, --out or --data alone")
        plans = _list_claimed(claims, profile)
    else:
        plans = _make_plans(
            experiments, strategies, network, seeds, profile, settings or [], protocol, reference, route
        )
    tell_plugins(plans)
    workers = count_cores() if jobs is None else jobs
    if workers < 1:
        raise ValueError(f"--jobs {workers} does not fit; give 1 or more")
    pace = learn_pace(_read_stored(results))
    if any(pace.seconds(plan) is None for plan in plans):
        for result in _read_alike(plans, locate_results()):
            pace.learn(result)
    if dry_run:
        surveyed = survey_runs(plans, results=results, route=taken)
        _print_plan(surveyed, pace, workers)
        _report_failures(surveyed)
        return
    with report_data_errors(), open_executor(jobs=workers, scheduler=scheduler, cluster=cluster) as executor:
        display = SweepDisplay(pace, executor.count_slots())
        try:
            with display:
                end = do_sweep(
                    plans,
                    results=results,
                    cache=locate_cache(),
                    executor=executor,
                    route=taken,
                    recorded=record_statements(claims, profile),
                    watcher=display,
                )
        except KeyboardInterrupt:
            typer.echo("stopped; what is finished stands, and the same command goes on with the rest", err=True)
            raise typer.Exit(130) from None
    typer.echo(f"{len(end.computed)} computed, {len(end.there)} were there, {len(end.failed)} failed: {results}")
    _report_failures(end)


def _report_failures(state: "SweepState") -> None:
    """Say which runs failed and why; end with exit code 1 where there are any."""
    for name, reason in state.failed.items():
        typer.echo(f"  failed: {name}: {reason}", err=True)
    if state.failed:
        raise typer.Exit(1)


def _list_claimed(claims: Path, profile: str | None) -> "list[Plan]":
    from cl_book.claims.own_claims import read_own_claims

    return read_own_claims(claims, profile).list_runs()


def _read_stored(results: Path) -> "Iterator[Result]":
    """Yield what stands in the folder `results`, and say what there is no result; below it alone, as in the repository."""
    from cl_core.experiments.store import load

    for path in sorted(results.glob("*/**/*.json")):
        try:
            yield load(path)
        except (ValueError, OSError) as error:
            typer.echo(f"passed over: {error}", err=True)


def _read_alike(plans: "list[Plan]", folder: Path) -> "Iterator[Result]":
    """Yield what stands in `folder` of the experiments of `plans`, whose times tell how long those will take."""
    from cl_core.experiments.store import load

    for place in dict.fromkeys(Path(plan.name).parent for plan in plans):
        for path in sorted((folder / place).glob("*.json")):
            with suppress(ValueError, OSError):
                yield load(path)


def _make_plans(
    experiments: str | None,
    strategies: str | None,
    network: str | None,
    seeds: str | None,
    profile: str | None,
    settings: list[str],
    protocol: str | None,
    reference: str | None,
    route: str | None,
) -> "list[Plan]":
    """Return the runs that these words ask for: steps of the reference runs, or a product of their own."""
    from cl_book.claims.reference_runs import plans
    from cl_core.experiments.protocols import COMPANION, protocol_settings
    from cl_core.runs import grid

    if reference is not None:
        if settings or protocol is not None or network is not None:
            option = "--set" if settings else "--network" if protocol is None else "--protocol"
            raise ValueError(f"{option} has no place beside --reference, whose steps have settings of their own")
        return plans(
            None if reference == "all" else _split_names(reference),
            profile="cpu" if profile is None else profile,
            seeds=None if seeds is None else grid.parse_seeds(seeds),
            experiments=None if experiments is None else _split_names(experiments),
            strategies=None if strategies is None else _split_names(strategies),
        )
    profile = "smoke" if profile is None else profile
    names = _list_present(profile, route) if experiments is None else _split_names(experiments)
    chosen = {
        "experiments": [name_network(name, network) for name in names],
        "strategies": list(RULES) if strategies is None else _split_names(strategies),
    }
    numbers = grid.parse_seeds("100" if seeds is None else seeds)
    plain = grid.list_plans(**chosen, seeds=numbers[:1], profile=profile, choices={})
    named = protocol_settings(COMPANION if protocol is None else protocol, plain)
    choices = {**{name: (value,) for name, value in named.items()}, **grid.parse_choices(settings)}
    return grid.list_plans(**chosen, seeds=numbers, profile=profile, choices=choices)


def _print_plan(state: "SweepState", pace: "Pace", workers: int) -> None:
    from cl_book.commands.sweep_display import describe_sweep_time_left
    from cl_core.experiments.progress import format_duration

    for plan in state.there:
        typer.echo(f"  there   {plan.describe()}")
    times = []
    for plan in state.waiting:
        seconds = pace.seconds(plan)
        times.append(seconds)
        typer.echo(f"  to do   {plan.describe()}" + (f"  ({format_duration(seconds)})" if seconds is not None else ""))
    unknown = sum(seconds is None for seconds in times)
    typer.echo(
        f"{len(state.there)} there, {len(times)} to do in {describe_sweep_time_left(times, workers)} with {workers} at a time"
        + (f"; {unknown} of them are unlike any stored run" if unknown else "")
    )


def _split_names(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ValueError(f"{text!r} names nothing; write names with commas between them, or leave the option out")
    return names


def _list_present(profile: str, route: str | None) -> list[str]:
    """Return the experiments of `profile` whose data are here, and say which are left out."""
    from cl_core.naming import require_name
    from cl_core.streams import DEFINITIONS
    from cl_core.streams.fetching import locate_official, locate_prepared
    from cl_core.streams.manifest import SOURCES

    require_name("profile", profile, PROFILES)
    present: list[str] = []
    absent: list[str] = []
    for experiment in CATALOGUE.values():
        if experiment.embedded != PROFILES[profile].embedded:
            continue
        source = SOURCES[DEFINITIONS[experiment.stream].dataset]
        path = locate_prepared(source) if route == "prepared" else locate_official(source)
        (present if experiment.embedded or path.exists() else absent).append(experiment.name)
    if absent:
        typer.echo(f"left out, as their data are not here (`cl-core data list`): {', '.join(absent)}", err=True)
    if not present:
        raise ValueError("no experiment's data are here; `cl-core data list` says what is, --experiments names some")
    return present
