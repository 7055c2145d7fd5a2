"""What a result cannot be: magnitudes that its strategy does not give, another seed's stream, another seed's numbers.

A digest tells that a file was not changed since it was made; whoever edits a file can write its digest anew. These
checks hold a result against its own strategy and against its neighbours, and need no images.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from cl_core import strategies
from cl_core.experiments.plan import Plan, digest_json, make_plan
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES, StrategyInputs
from cl_core.threshold_rules import TwoLevel

_PERMUTED = ("two-level-random", "two-level-inverted", "adaptive-random", "adaptive-inverted")
"""Controls that give out the magnitudes of the run that they follow in another order."""


def explain_magnitudes(result: Result, plan: Plan, source: Result | None) -> list[str]:
    """Return why the magnitudes of `result` are none that its strategy gives; empty where they are, or cannot be told."""
    expected = _derive_magnitudes(result, plan)
    if expected is not None and expected != result.magnitudes:
        return [f"magnitudes {list(result.magnitudes)}, and {result.strategy} gives {list(expected)}"]
    if source is None or plan.strategy.name not in _PERMUTED:
        return []
    if Counter(source.magnitudes) == Counter(result.magnitudes):
        return []
    return [f"magnitudes {list(result.magnitudes)}, and the run it follows has {list(source.magnitudes)}"]


def _derive_magnitudes(result: Result, plan: Plan) -> tuple[int | None, ...] | None:
    """Return the magnitudes that the strategy gives with the stored scores; None where more than that decides them."""
    if plan.strategy.kind != "rule":
        return None
    strategy = STRATEGIES[result.strategy].make(StrategyInputs(plan.settings, result.seed, result.block_parameters))
    blocks = len(result.block_parameters)
    arrivals = [strategies.Arrival(task=task, blocks=blocks) for task in range(result.tasks)]
    try:
        if isinstance(strategy, TwoLevel):
            levels = (strategy.few, strategy.many)
            free = (levels[score is None or score < strategy.threshold] for score in result.scores[2:])
            return (*(strategy.update(arrival).blocks for arrival in arrivals[:2]), *free)
        if isinstance(strategy, strategies.Adaptive):
            _, *held = strategies.integrate(
                result.scores, strategy.threshold, strategy.step, strategy.modules, strategy.start
            )
            return (blocks, *(h if strategy.counts == "trained" else blocks - h for h in held))
        if isinstance(strategy, strategies.Initialized | strategies.Frozen | strategies.Replay):
            return tuple(strategy.update(arrival).blocks for arrival in arrivals)
    except (IndexError, ValueError):
        return None
    return None


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


def _stream_key(result: Result) -> tuple[Any, ...] | None:
    try:
        plan = make_plan(result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides)
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
