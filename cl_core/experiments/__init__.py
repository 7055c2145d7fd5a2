"""Experiments: what is run (catalogue, plan), how (runner, sweep), and what came of it (store, staleness)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cl_core.experiments.catalogue import CATALOGUE, PROFILES, PROTOCOL
from cl_core.experiments.plan import make_plan
from cl_core.experiments.registry import NetworkInputs
from cl_core.experiments.store import Result, accuracies, metric
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.settings_base import Value
from cl_core.streams.manifest import Route

if TYPE_CHECKING:
    from cl_core.experiments.progress import Listener

__all__ = ["CATALOGUE", "PROFILES", "PROTOCOL", "STRATEGIES", "NetworkInputs", "Result", "accuracies", "metric", "run"]


def run(
    experiment: str,
    strategy: str,
    seed: int,
    profile: str,
    *,
    overrides: Mapping[str, Value] | None = None,
    route: Route | None = None,
    source: Result | None = None,
    listener: "Listener | None" = None,
    recorded: Mapping[str, Any] | None = None,
) -> Result:
    """Run one experiment, now and in memory, and return its result; nothing is written.

    Names are those of CATALOGUE, STRATEGIES and PROFILES, or a user's own, ``package.module:name``; under profile ``smoke`` an experiment on real images becomes
    its embedded stand-in, and the result carries the stand-in's name. `seed` from 100 on scores on validation images.
    `overrides` change settings, `route` says where the images come from, a control needs the run that it follows as `source`,
    and `listener` hears how far the run is; `recorded` is kept with the result and decides nothing. Needs torch.
    Raises ValueError for what does not fit, before anything runs.
    """
    from cl_core.experiments.progress import silent
    from cl_core.experiments.runner import execute

    plan = make_plan(experiment, strategy, seed, profile, overrides=overrides)
    return execute(plan, route=route, source=source, listener=listener or silent, recorded=recorded)
