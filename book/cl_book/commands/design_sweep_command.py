"""What `cl-core sweep --design NAME` does: the runs of a design that its table lacks."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cl_core.runs.designs import Design, find_design

if TYPE_CHECKING:
    from cl_core.runs.design_table import DesignRecord


def sweep_named_design(
    name: str, *, protocols: int | None, out: Path | None, route: str | None, jobs: int | None, dry_run: bool
) -> None:
    """Do the missing runs of the design called `name`, of its first `protocols` or all; with `dry_run` list them.

    `out` is the folder of results whose ``designs`` the table lies in. Raises ValueError for what does not fit.
    """
    from cl_book.claims.stated import design_claim_digests
    from cl_book.commands.run_command import check_route, report_data_errors
    from cl_core.experiments.machine import count_cores
    from cl_core.runs import design_sweep
    from cl_core.runs.complete import locate_results
    from cl_core.runs.executors import open_executor

    design, taken = find_design(name), check_route(route)
    if protocols is not None and not 1 <= protocols <= design.protocols:
        raise ValueError(f"--protocols {protocols} does not fit; the design {name} has 1 to {design.protocols}")
    workers = count_cores() if jobs is None else jobs
    if workers < 1:
        raise ValueError(f"--jobs {workers} does not fit; give 1 or more")
    table = (out or locate_results()) / "designs" / f"{name}.jsonl"
    missing = design_sweep.list_missing(design, table, protocols=protocols, route=taken)
    if dry_run:
        _print_plan(design, missing, table)
        return

    def tell(record: "DesignRecord", count: int) -> None:
        end = f"diverged: {record.failure}" if record.failure else f"Avg.Acc {record.measure('avg_acc'):.1f}"
        seconds = record.recorded.get("seconds")
        took = "" if seconds is None else f", {seconds:.0f} s"
        typer.echo(f"{count} of {design.runs}: protocol {record.protocol}, {record.role}: {end}{took}")

    with report_data_errors(), open_executor(jobs=min(workers, max(1, len(missing)))) as executor:
        try:
            done = design_sweep.sweep_design(
                design,
                table,
                executor=executor,
                protocols=protocols,
                route=taken,
                recorded={"claims": design_claim_digests(name)},
                watcher=tell,
            )
        except KeyboardInterrupt:
            typer.echo("stopped; what is recorded stands, and the same command goes on with the rest", err=True)
            raise typer.Exit(130) from None
    typer.echo(f"{done} computed: {table}")


def _print_plan(design: Design, missing: list[tuple[int, str]], table: Path) -> None:
    from cl_book.commands.estimate import expect_device, name_recorded_device
    from cl_core.experiments.progress import format_duration
    from cl_core.runs.design_table import read_table

    plans = [(protocol, design.plan(protocol, role)) for protocol, role in missing]
    for protocol, plan in plans:
        typer.echo(f"  to do   protocol {protocol}, {plan.describe()}")
    devices = {expect_device(plan) for _, plan in plans}
    spent = [
        record.recorded["seconds"]
        for record in read_table(table)
        if "seconds" in record.recorded and name_recorded_device(record.recorded) in devices
    ]
    time = f", about {format_duration(len(missing) * sum(spent) / len(spent))} on one core" if spent else ""
    typer.echo(f"{design.runs - len(missing)} of {design.runs} runs there or not asked for, {len(missing)} to do{time}")
