"""What a result cannot be: magnitudes that its strategy does not give, another seed's stream, another seed's numbers.

A digest tells that a file was not changed since it was made; whoever edits a file can write its digest anew. These
checks hold a result against its own strategy, against its neighbours and, where the images are here, against its
stream of tasks drawn again.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from cl_core import strategies
from cl_core.experiments.plan import Plan, digest_json, make_plan
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import StrategyInputs
from cl_core.streams import stream
from cl_core.threshold_rules import TwoLevel

EMBEDDED = frozenset({("digits", "embedded")})
"""The images that are always here, by data set and route."""


def explain_magnitudes(result: Result, plan: Plan, source: Result | None) -> list[str]:
    """Return why the magnitudes of `result` are none that its strategy gives; empty where they are, or cannot be told.

    `source` is the run that a control follows, None where it is not there.
    """
    expected = derive_magnitudes(result, plan, source)
    if expected is None or expected == result.magnitudes:
        return []
    follows = "" if source is None else f" after {source.strategy}'s {list(source.magnitudes)}"
    return [f"magnitudes {list(result.magnitudes)}, and {result.strategy} gives {list(expected)}{follows}"]


def derive_magnitudes(result: Result, plan: Plan, source: Result | None) -> tuple[int | None, ...] | None:
    """Return the magnitudes that the strategy gives: with the stored scores, or after the run `source` that it follows.

    None where they cannot be told: a run to follow that is not there, a strategy that is not the companion's own.
    """
    if plan.strategy.plugin is not None:
        return None
    blocks, name = len(result.block_parameters), plan.strategy.name
    if plan.settings.counted_in == "parameters":
        return None  # the blocks that a share of the parameters lies in say less than the rule that gave it
    if name == "joint":
        return (None,) * result.tasks
    if name == "masked":
        moving = strategies.masked_blocks(result.block_parameters, plan.settings.share, plan.settings.place)
        return (blocks, *(moving,) * (result.tasks - 1))
    if plan.strategy.whole:
        return (blocks,) * result.tasks
    if plan.strategy.kind not in ("rule", "control") or (plan.followed is not None and source is None):
        return None
    inputs = StrategyInputs(plan.settings, result.seed, result.block_parameters, source=source)
    arrivals = [strategies.Arrival(task=task, blocks=blocks) for task in range(result.tasks)]
    try:
        strategy = plan.strategy.make(inputs)
        if isinstance(strategy, TwoLevel):
            levels = (strategy.few, strategy.many)
            free = (levels[score is None or score < strategy.threshold] for score in result.scores[2:])
            return (*(strategy.update(arrival).blocks for arrival in arrivals[:2]), *free)
        if isinstance(strategy, strategies.Adaptive):
            _, *held = strategy.integrate(result.scores)
            return (blocks, *(h if strategy.counts == "trained" else blocks - h for h in held))
        if isinstance(strategy, strategies.Frozen | strategies.Replay):
            return tuple(strategy.update(arrival).blocks for arrival in arrivals)
    except (IndexError, ValueError):
        return None
    return None


def find_wrong_streams(
    results: Mapping[str, Result],
    *,
    here: Collection[tuple[str, str]] = EMBEDDED,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, str]:
    """Return, by name, why a result's stream of tasks is not the one that its settings and seed draw.

    Each stream is drawn again from the images that are `here`, by data set and route; results on others are passed
    over, and so are those of a user's own images that have changed since. `tell` is given a line for each stream.
    """
    drawn: dict[Any, tuple[str, str]] = {}
    wrong = {}
    for name, result in results.items():
        images = (result.data.get("name"), result.data.get("route"))
        key = _stream_key(result) if images in here and result.data.get("stream") else None
        if key is None:
            continue
        if key not in drawn:
            plan = _plan_of(result)
            again = stream(
                plan.experiment.stream, plan.seed, plan.part, route=result.data["route"], **plan.stream_options
            )
            drawn[key] = again.data.digest, again.digest
            tell(f"{plan.experiment.stream}, seed {plan.seed}: {again.digest[:16]}")
        data_digest, digest = drawn[key]
        if data_digest != result.data["digest"]:
            if images in EMBEDDED:
                wrong[name] = f"its images are not those of {result.data['name']}"
        elif digest != result.data["stream"]:
            wrong[name] = f"its stream of tasks is not the one that its settings and seed {result.seed} draw"
    return wrong


def find_foreign_streams(results: Mapping[str, Result]) -> dict[str, str]:
    """Return, by name, why the stream of a result is not its own: one seed has one stream, and no two seeds share one.

    Runs on the same images, of the same tasks and with the same seed saw the same stream, whatever their strategy.
    """
    keys = {name: (_stream_key(result), result.data.get("stream")) for name, result in results.items()}
    pairs = {name: pair for name, pair in keys.items() if pair[0] is not None and pair[1] is not None}
    of_key = _most_frequent((key, digest) for key, digest in pairs.values())
    of_digest = _most_frequent((digest, key) for key, digest in pairs.values())
    return {
        name: "its stream of tasks is not that of the other runs with its seed, or is another seed's"
        for name, (key, digest) in pairs.items()
        if of_key[key] not in (digest, None) or of_digest[digest] != key
    }


def find_copies(results: Mapping[str, Result]) -> dict[str, str]:
    """Return, by name, which other seed's numbers a result repeats to the last digit."""
    seen: dict[str, list[str]] = defaultdict(list)
    for name, result in results.items():
        if any(loss is not None for loss in result.train_losses):
            content = [result.experiment, result.profile, result.train_losses, result.correct, result.update_norms]
            seen[digest_json(content)].append(name)
    copies = {}
    for names in seen.values():
        for name in names:
            other = next((each for each in names if results[each].seed != results[name].seed), None)
            if other is not None:
                copies[name] = f"its numbers are those of {other}, which has another seed, to the last digit"
    return copies


def _plan_of(result: Result) -> Plan:
    return make_plan(result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides)


def _stream_key(result: Result) -> tuple[Any, ...] | None:
    try:
        plan = _plan_of(result)
    except ValueError:
        return None
    options = tuple(sorted(plan.stream_options.items()))
    return (plan.experiment.stream, options, result.data.get("digest"), plan.part, result.seed)


def _most_frequent(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return the second that goes with each first most often; None where two are as frequent."""
    counts: dict[Any, Counter[Any]] = defaultdict(Counter)
    for first, second in pairs:
        counts[first][second] += 1
    firsts = {}
    for first, seconds in counts.items():
        (best, count), *rest = seconds.most_common(2)
        firsts[first] = None if rest and rest[0][1] == count else best
    return firsts
