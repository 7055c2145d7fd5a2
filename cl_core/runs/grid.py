"""Which runs a sweep is made of: the product of what was asked for, each run once, controls after what they follow."""

import itertools
from collections.abc import Mapping, Sequence

from cl_core.experiments.catalogue import PROFILES
from cl_core.experiments.plan import Plan, list_settings, make_plan
from cl_core.experiments.registry import find_experiment, find_strategy
from cl_core.experiments.settings import parse
from cl_core.naming import require_name
from cl_core.settings_base import Value

Choices = Mapping[str, Sequence[Value]]

MOST_SEEDS = 10_000
"""Seeds that one range may name."""

_DIGITS = 9


def list_plans(
    *, experiments: Sequence[str], strategies: Sequence[str], seeds: Sequence[int], profile: str, choices: Choices
) -> list[Plan]:
    """Return the runs of every experiment under every strategy with every seed and every combination of settings.

    A setting is applied to the runs that read it; runs that come out the same (stand-ins, settings not read) are
    listed once. The runs that controls follow are added where they are not asked for, and come before them. Raises ValueError for a wrong name or value, or a setting that no run reads.
    """
    for name in experiments:
        find_experiment(name)
    for name in strategies:
        find_strategy(name)
    require_name("profile", profile, PROFILES)
    plans: dict[str, Plan] = {}
    used: set[str] = set()
    for seed, experiment, strategy in itertools.product(seeds, experiments, strategies):
        entry = make_plan(experiment, strategy, seed, profile).experiment
        read = [name for name in choices if name in list_settings(entry, find_strategy(strategy))]
        used.update(read)
        for values in itertools.product(*(choices[name] for name in read)):
            plan = make_plan(experiment, strategy, seed, profile, overrides=dict(zip(read, values, strict=True)))
            source = plan.followed
            if source is not None:
                plans.setdefault(source.name, source)
            plans.setdefault(plan.name, plan)
    unused = [name for name in choices if name not in used]
    if unused:
        raise ValueError(
            f"{unused[0]} has no effect on any of these runs; leave it out or ask for a strategy that reads it"
        )
    return list(plans.values())


def parse_seeds(text: str) -> list[int]:
    """Return the seeds of a text such as ``0-2,7``, in its order, each once. Raises ValueError for another form."""
    seeds: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"--seeds {text!r} does not fit; write numbers and ranges, such as 0-2 or 100,105")
        if max(len(first), len(last)) > _DIGITS:
            raise ValueError(f"--seeds {part.strip()[:40]} does not fit; seeds have at most {_DIGITS} digits")
        begin, end = int(first), int(last or first)
        if end - begin >= MOST_SEEDS:
            raise ValueError(
                f"--seeds {text!r} names {end - begin + 1:,} seeds in one range; give at most {MOST_SEEDS:,}"
            )
        if end < begin:
            raise ValueError(f"--seeds {text!r} does not fit; the range {part.strip()} runs backwards")
        seeds.update(dict.fromkeys(range(begin, end + 1)))
    return list(seeds)


def parse_choices(words: Sequence[str]) -> dict[str, tuple[Value, ...]]:
    """Return the values of each ``name=value,value``, checked. Raises ValueError as :func:`cl_core.experiments.settings.parse` does."""
    choices: dict[str, tuple[Value, ...]] = {}
    for word in words:
        name, _, values = word.partition("=")
        parsed = [parse(f"{name}={value}") for value in values.split(",")]
        if parsed[0][0] in choices:
            raise ValueError(f"--set {parsed[0][0]} is given twice; write its values after one another, with commas")
        choices[parsed[0][0]] = tuple(dict.fromkeys(value for _, value in parsed))
    return choices
