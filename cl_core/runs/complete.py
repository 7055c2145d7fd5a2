"""A run computed once and stored: found where it stands, else computed under its lock, saved, and cleared up after."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan
from cl_core.experiments.progress import Listener, silent
from cl_core.experiments.shared_prefixes import SharedPrefixes
from cl_core.experiments.store import Result
from cl_core.runs.staleness import state
from cl_core.streams.datasets import load as load_data
from cl_core.streams.fetching import locate_prepared
from cl_core.streams.manifest import SOURCES, Route


@dataclass(frozen=True)
class Completed:
    """A stored result, its file, and whether it was computed just now."""

    result: Result
    path: Path
    computed: bool


def locate_results() -> Path:
    """Return the folder of results: the checkout's, else ``results`` in the working folder."""
    return (files.root() or Path.cwd()) / store.RESULTS


def complete(
    plan: Plan,
    *,
    results: Path,
    cache: Path,
    route: Route | None = None,
    listener: Listener = silent,
    waiting: Callable[[str], None] = lambda holder: None,
    siblings: tuple[str, ...] = (),
    recorded: Mapping[str, Any] | None = None,
) -> Completed:
    """Return the result of `plan` in the folder `results`, computing it if it is not there.

    Two processes that ask for the same run compute it once: the second waits, after calling `waiting` with the first
    one's process id. `recorded` is kept with a result that is computed. The run that a control follows must stand in `results`. Raises ValueError where it does not, or where a
    result stands that is stale or was computed on other images than `route` asks for: no result is ever replaced.
    """
    path = results / plan.name
    source = find_source(plan, results, route=route)
    place = Checkpoint(plan.name, "", cache)
    with place.lock(waiting):
        if path.exists():
            place.clear()
            SharedPrefixes(plan, siblings, "", cache).clear(results)
            return Completed(load_existing(path, plan, route=route, source=source), path, computed=False)
        files.require_writable(path.parent, doing="store results in", remedy=store.REMEDY)
        from cl_core.experiments.runner import execute

        result = execute(
            plan, route=route, source=source, cache=cache, listener=listener, siblings=siblings, recorded=recorded
        )
        store.save(result, path)
        place.clear()
        SharedPrefixes(plan, siblings, "", cache).clear(results)
    return Completed(result, path, computed=True)


def find_source(plan: Plan, results: Path, *, route: Route | None = None) -> Result | None:
    """Return the finished run that a control follows, None for any other run.

    Raises ValueError where it is not there, with the command that makes it by `route`, and as :func:`load_existing` does.
    """
    wanted = plan.followed
    if wanted is None:
        return None
    path = results / wanted.name
    if not path.exists():
        raise ValueError(
            f"{plan.strategy.name} follows a finished {wanted.strategy.name} run, and {path} is not there; "
            f"run {wanted.command()}{_options(results, route)} first"
        )
    return load_existing(path, wanted, route=None, source=None)


def _options(results: Path, route: Route | None) -> str:
    """Return what a command needs to work in this folder, on images by this route."""
    data = "" if route is None else f" --data {route}"
    return data if results.absolute() == locate_results().absolute() else f"{data} --out {shlex.quote(str(results))}"


def load_existing(path: Path, plan: Plan, *, route: Route | None, source: Result | None) -> Result:
    """Return the result at `path`.

    Raises ValueError if it is stale, was computed by another route than `route`, or on other images than those that
    now stand where prepared ones do, or that a user's own stream now gives.
    """
    result = store.load(path)
    reasons = list(state(result, name=path.absolute().as_posix()).stale)
    if source is not None and result.source is not None and result.source["outcome"] != source.outcome:
        reasons.append("the run that it follows has changed")
    if reasons:
        raise ValueError(
            f"{path} is stale ({'; '.join(reasons)}); move it away, or give another folder (--out), to run "
            f"{plan.describe()} again"
        )
    if route is not None and result.data["route"] != route:
        raise ValueError(
            f"{path} was computed on {result.data['label']} by the route {result.data['route']!r}, not {route!r}; "
            "give another folder (--out) to have both"
        )
    _require_same_images(result, path)
    _require_same_tasks(result, path, plan)
    return result


def _require_same_tasks(result: Result, path: Path, plan: Plan) -> None:
    """Raise ValueError where a user's own stream now gives other data than a result was computed on."""
    if result.data["route"] != "given":
        return
    drawn = plan.draw_stream()
    if (drawn.data.digest, drawn.digest) != (result.data["digest"], result.data.get("stream", drawn.digest)):
        raise ValueError(
            f"{path} was computed on {result.data['label']}, and {plan.experiment.name} now gives other data; "
            "give another folder (--out) to have both"
        )


def _require_same_images(result: Result, path: Path) -> None:
    """Raise ValueError where the prepared file now holds other images than a result on a user's own was computed on."""
    if result.data["route"] != "prepared":
        return
    source = SOURCES[result.data["name"]]
    if result.data["digest"] in source.labels:
        return
    prepared = locate_prepared(source)
    if prepared.exists() and load_data(source.name, "prepared").digest != result.data["digest"]:
        raise ValueError(
            f"{path} was computed on {result.data['label']}, and {prepared} now holds other images; "
            "give another folder (--out) to have both"
        )
