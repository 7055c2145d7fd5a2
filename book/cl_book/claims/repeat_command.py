"""The command that repeats what decides a claim: its images, its runs, and then its verdict; and how long that takes."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from cl_book.claims.claim import Claim
from cl_book.claims.paired_differences import PairedComparison
from cl_book.notebooks.refresh import TIMINGS
from cl_core import files
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import format_duration
from cl_core.experiments.registry import find_experiment
from cl_core.parsing import parse_json
from cl_core.runs.designs import find_design
from cl_core.runs.grid import list_plans
from cl_core.runs.result_set import ResultSet
from cl_core.settings_base import Value
from cl_core.streams.splits import OWN_SPLITS

QUICK_SEEDS = 2
"""Seeds of the quick form: they tell in which direction a difference lies, and give no verdict."""


QUICK_PROTOCOLS = 3
"""Protocols of the quick form of a claim on a design."""


def command(claim: Claim, *, quick: bool = False) -> str:
    """Return the command line that computes a claim's runs anew, in a folder of their own, and prints its verdict.

    `quick` leaves out all but the first two of its seeds. Where the book's results are on a split of its own, the
    command makes that first; otherwise the images are those of the official archive. A claim of the theory is decided
    by its page's notebook, which the command runs anew.
    """
    if claim.design is not None:
        experiment = find_design(claim.design.name).experiment
        few = f" --protocols {QUICK_PROTOCOLS}" if quick else ""
        folder, dataset = "quick" if quick else "mine", find_experiment(experiment).definition.dataset
        before = f"cl-core data split {dataset} && " if dataset in OWN_SPLITS else ""
        return f"{before}cl-core sweep --design {claim.design.name}{few} --data {name_route(experiment)} --out {folder}"
    if claim.test is None:
        return f"cl-core rerun {claim.page}.ipynb"
    out = "quick" if quick else "mine"
    try:
        runs = _select_runs(claim.test, quick=quick)
        dataset = find_experiment(claim.test.experiment).definition.dataset
        route = name_route(claim.test.experiment)
        sweeps = [f"cl-core sweep {options} --data {route} --out {out}" for options in list_options(claim.test, runs)]
        first = [f"cl-core data split {dataset}"] if dataset in OWN_SPLITS else []
        return " && ".join([*first, *sweeps, f"cl-core claims {claim.id} --results {out}"])
    except ValueError:
        return f"cl-core claims {claim.id}"


def name_route(experiment: str) -> str:
    """Return the route by which a reader of the book gets the images of `experiment`, or the nearest ones."""
    return "prepared" if find_experiment(experiment).definition.dataset in OWN_SPLITS else "official"


def describe_time(claim: Claim, results: ResultSet, *, quick: bool = False) -> str:
    """Return how long the runs of a claim took on one core, such as ``2 h 5 min``, by the times that `results` record.

    For a claim of the theory it is the time of its notebook. Empty where a run, or that time, is not there.
    """
    if claim.design is not None:
        return ""
    if claim.test is None:
        path = files.locate(TIMINGS)
        entry = parse_json(path.read_bytes()).get(PurePosixPath(claim.page).name) if path else None
        return format_duration(entry["seconds"]) if entry else ""
    try:
        plans = _add_followed(_select_runs(claim.test, quick=quick))
    except ValueError:
        return ""
    runs = [results.get(plan) for plan in plans]
    times = [run.recorded["times"].get("total_s") for run in runs if run is not None and "times" in run.recorded]
    seconds = [time for time in times if time is not None]
    return format_duration(sum(seconds)) if len(seconds) == len(plans) else ""


def _select_runs(test: PairedComparison, *, quick: bool) -> tuple[Plan, ...]:
    """Return the runs of `test`; of the quick form, those at its first two seeds and those that something is picked on."""
    left_out = test.seeds[QUICK_SEEDS:] if quick else ()
    return tuple(plan for plan in test.runs() if plan.seed not in left_out)


def _add_followed(plans: Sequence[Plan]) -> list[Plan]:
    """Return `plans` and the runs that they follow, each once."""
    return list({plan.name: plan for run in plans for plan in (run, run.followed) if plan is not None}.values())


def list_options(test: PairedComparison, plans: tuple[Plan, ...]) -> list[str]:
    """Return the options of each ``cl-core sweep`` that it takes to name `plans`, runs of `test`, and no others.

    One sweep does where the runs are every combination of its values; otherwise each way to train has one of its own.
    Raises ValueError where there is no such run.
    """
    own = {plan.name for plan in _add_followed(plans)}
    if {plan.name for plan in _sweep(test, plans)} == own:
        return [_options(test, plans)]
    ways: dict[str, list[Plan]] = {}
    for run in plans:
        ways.setdefault(f"{run.strategy.name} {dict(run.overrides)}", []).append(run)
    return [_options(test, tuple(runs)) for runs in ways.values()]


def _sweep(test: PairedComparison, plans: tuple[Plan, ...]) -> list[Plan]:
    """Return what the one sweep over all values of `plans` runs."""
    return list_plans(
        experiments=[test.experiment],
        strategies=list(dict.fromkeys(run.strategy.name for run in plans)),
        seeds=sorted({run.seed for run in plans}),
        profile=test.profile,
        choices={name: tuple(values) for name, values in _varied(plans).items()},
    )


def _options(test: PairedComparison, plans: tuple[Plan, ...]) -> str:
    strategies = dict.fromkeys(run.strategy.name for run in plans)
    words = [
        f"--experiments {test.experiment}",
        f"--strategies {','.join(strategies)}",
        f"--seeds {_ranges(sorted({run.seed for run in plans}))}",
        f"--profile {test.profile}",
    ]
    words += [f"--set {name}={','.join(map(_text, values))}" for name, values in _varied(plans).items()]
    return " ".join(words)


def _varied(plans: tuple[Plan, ...]) -> Mapping[str, list[Value]]:
    """Return the settings that some run changes, each with every value that it takes in runs that read it."""
    names = dict.fromkeys(name for run in plans for name in run.overrides)
    return {
        name: list(dict.fromkeys(getattr(run.settings, name) for run in plans if name in run.config)) for name in names
    }


def _ranges(seeds: list[int]) -> str:
    parts: list[list[int]] = []
    for seed in seeds:
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
