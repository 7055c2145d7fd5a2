"""The command that repeats what decides a claim: its runs, and then its verdict."""

from collections.abc import Mapping

from cl_book.claims.arms import PROFILE
from cl_book.claims.claim import Claim
from cl_book.claims.paired_differences import PairedComparison
from cl_core.experiments.plan import Plan
from cl_core.runs.grid import list_plans
from cl_core.settings_base import Value


def command(claim: Claim) -> str:
    """Return the command line that computes a claim's runs anew, in a folder of their own, and prints its verdict.

    A claim of the theory is decided by its page's notebook, which the command runs anew.
    """
    if claim.test is None:
        return f"cl-core rerun {claim.page}.ipynb"
    try:
        sweeps = [f"cl-core sweep {options} --out mine" for options in list_options(claim.test)]
        return " && ".join([*sweeps, f"cl-core claims {claim.id} --results mine"])
    except ValueError:
        return f"cl-core claims {claim.id}"


def list_options(test: PairedComparison) -> list[str]:
    """Return the options of each ``cl-core sweep`` that it takes to name the runs of `test`, and no others.

    One sweep does where the runs are every combination of its values; otherwise each way to train has one of its own.
    Raises ValueError where there is no such run.
    """
    plans = test.runs()
    own = {plan.name for run in plans for plan in (run, run.followed) if plan is not None}
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
        profile=PROFILE,
        choices={name: tuple(values) for name, values in _varied(plans).items()},
    )


def _options(test: PairedComparison, plans: tuple[Plan, ...]) -> str:
    strategies = dict.fromkeys(run.strategy.name for run in plans)
    words = [
        f"--experiments {test.experiment}",
        f"--strategies {','.join(strategies)}",
        f"--seeds {_ranges(sorted({run.seed for run in plans}))}",
        f"--profile {PROFILE}",
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
