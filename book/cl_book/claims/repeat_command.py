"""The command that repeats what decides a claim: its runs, and then its verdict."""

from collections.abc import Mapping

from cl_book.claims.arms import PROFILE
from cl_book.claims.claim import Claim
from cl_book.claims.paired_differences import PairedComparison
from cl_core.experiments.plan import Plan
from cl_core.settings_base import Value


def command(claim: Claim) -> str:
    """Return the command line that computes a claim's runs anew, in a folder of their own, and prints its verdict.

    A claim of the theory is decided by its page's notebook, which the command runs anew.
    """
    if claim.test is None:
        return f"cl-core rerun {claim.page}.ipynb"
    try:
        return f"cl-core sweep {options(claim.test)} --out mine && cl-core claims {claim.id} --results mine"
    except ValueError:
        return f"cl-core claims {claim.id}"


def options(test: PairedComparison) -> str:
    """Return the options of ``cl-core sweep`` that name every run of `test`. Raises ValueError where there is no such run."""
    plans = test.runs()
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
