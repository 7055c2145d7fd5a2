"""What is said beside a verdict on runs: at what accuracy, at which depth and tuning, and whether the claim was changed."""

from collections.abc import Iterable, Mapping
from statistics import fmean

from cl_book.claims.comparisons import PROFILE, Arm, Comparison, Difference, Picked, run_of
from cl_book.claims.paired_differences import Reading, measure
from cl_book.claims.statistics import signed
from cl_book.notebooks.record import NOT_REPRODUCED, REPRODUCED
from cl_core.experiments import store
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs.result_set import ResultSet

DEPTHS = range(5)
"""Numbers of trained blocks at which the sign of a claim that names frozen is compared."""

TUNED = ("learning_rate", "epochs")
"""Settings of which each strategy is given its own best value, where such runs are there."""

LEAST_RUNS = 3
"""Seeds from which the sign of a mean is compared; they are too few for a verdict."""

BY_LEARNING_LESS = "by learning less"
DEPENDS_ON_DEPTH = "depends on the depth"
DEPENDS_ON_TUNING = "depends on tuning"
AMENDED = "amended"
UNEXPLAINED = "amended, and no reason is given"

_BY_SEED = Mapping[int, Result]


def accuracies_beside(test: Comparison, reading: Reading) -> str:
    """Return Task.Acc, Avg.Acc and the lost share of each side of a comparison by forgetting; empty for others."""
    if test.measure != "forgetting":
        return ""
    return "; ".join(
        f"{name}: Task.Acc {_mean(runs, 'task_acc'):.2f}, Avg.Acc {_mean(runs, 'avg_acc'):.2f}, "
        f"lost share {_mean(runs, 'lost_share'):.0f} %"
        for name, runs in reading.sides
    )


def learned_less(test: Comparison, reading: Reading, verdict: str, mean: float) -> bool:
    """Whether the side that forgets less also ends with the lower Avg.Acc, where the verdict says that it forgets less."""
    decided = verdict == REPRODUCED or (verdict == NOT_REPRODUCED and mean < 0)
    if test.measure != "forgetting" or not isinstance(test, Difference | Picked) or not decided:
        return False
    (_, of), (_, against) = reading.sides
    of_forgets_less = test.sign * mean < 0
    less, more = (of, against) if of_forgets_less else (against, of)
    return _mean(less, "avg_acc") < _mean(more, "avg_acc")


def depth_signs(test: Comparison, results: ResultSet, mean: float) -> tuple[bool, str]:
    """Return whether the sign differs among the depths of frozen that ran, and a remark; an empty one where none ran.

    Only a claim that names frozen at its own depth is asked.
    """
    if not isinstance(test, Difference):
        return False, ""
    arms = (test.of, test.against)
    if "frozen" not in (arm.strategy for arm in arms) or any("trained=" in str(arm) for arm in arms):
        return False, ""
    plain = ["trained" in STRATEGIES[arm.strategy].reads for arm in arms]
    signs = {}
    blocks = run_of(test.experiment, test.of, test.seeds[0]).blocks
    for depth in DEPTHS[: blocks + 1]:
        changed = [arm.at("trained", depth) if is_plain else arm for arm, is_plain in zip(arms, plain, strict=True)]
        found = _mean_difference(test, [_runs(test, arm, results) for arm in changed])
        if found is not None:
            signs[depth] = found
    others = {depth: value for depth, value in signs.items() if depth != _own_depth(test)}
    if not others:
        return False, ""
    turned = [depth for depth, value in others.items() if value * mean < 0]
    said = ", ".join(f"{depth}: {signed(value)}" for depth, value in signs.items())
    return bool(turned), f"by number of trained blocks {said}"


def tuned(test: Comparison, results: ResultSet, mean: float) -> tuple[bool, str]:
    """Return whether the sign turns when each strategy has its own best tuning by Avg.Acc, and a remark.

    Asked of claims that compare two strategies as they are, where both ran with other tunings.
    """
    if not isinstance(test, Difference) or test.of.settings or test.against.settings:
        return False, ""
    best = [_best_tuning(test, arm, results) for arm in (test.of, test.against)]
    if any(runs is None for _, runs in best):
        return False, ""
    if [words for words, _ in best] == [str(test.of), str(test.against)]:
        return False, "each strategy does best as it is tuned here"
    found = _mean_difference(test, [runs or {} for _, runs in best])
    if found is None:
        return False, ""
    (of, _), (against, _) = best
    return found * mean < 0, f"with each strategy's own best tuning ({of}; {against}) {signed(found)}"


def amended(claim: str, digest: str, used: Iterable[Result]) -> bool:
    """Whether the claim differs from what it was when the first of the results that decide it was made."""
    return any(run.recorded["claims"].get(claim) != digest for run in used if "claims" in run.recorded)


def unpaired(used: Iterable[Result]) -> str:
    """Return a remark on seeds whose runs do not share their first task, though they train it alike; empty if none.

    On one machine they share it to the bit. Two machines round differently, and the difference grows in training.
    """
    first: dict[tuple[object, ...], set[int | None]] = {}
    for run in used:
        treatment = STRATEGIES[run.strategy]
        if treatment.kind != "bound":
            alike = sorted((name, str(value)) for name, value in run.config.items() if name not in treatment.reads)
            first.setdefault((run.seed, run.experiment, *alike), set()).add(run.correct[0][0])
    apart = sorted({key[0] for key, counts in first.items() if len(counts) > 1}, key=str)
    if not apart:
        return ""
    seeds = f"{len(apart)} seed{'s' if len(apart) > 1 else ''}"
    return f"at {seeds} the runs come from machines that round differently, so they share no first task"


def _mean(runs: Iterable[Result], name: str) -> float:
    return fmean(100 * store.metric(run, name) for run in runs)


def _runs(test: Difference, arm: Arm, results: ResultSet) -> _BY_SEED:
    found = {seed: results.get(run_of(test.experiment, arm, seed)) for seed in test.seeds}
    if arm.strategy == "frozen" and "trained=0" in arm.settings:
        alone = Arm("frozen-0", tuple(word for word in arm.settings if word != "trained=0"))
        found = {seed: run or results.get(run_of(test.experiment, alone, seed)) for seed, run in found.items()}
    return {seed: run for seed, run in found.items() if run is not None}


def _mean_difference(test: Difference, sides: list[_BY_SEED]) -> float | None:
    of, against = sides
    seeds = sorted(set(of) & set(against))
    if len(seeds) < LEAST_RUNS:
        return None
    try:
        return fmean(test.sign * (measure(of[s], test.measure) - measure(against[s], test.measure)) for s in seeds)
    except ValueError:
        return None  # magnitude 0 moves nothing, and has no logarithm of its distance


def _best_tuning(test: Difference, arm: Arm, results: ResultSet) -> tuple[str, _BY_SEED | None]:
    """Return the tuning with the best mean Avg.Acc, in words, and its runs; None where there is but one tuning."""
    found: dict[str, dict[int, Result]] = {}
    for run in results.current.values():
        own = (run.experiment, run.strategy, run.profile) == (test.experiment, arm.strategy, PROFILE)
        if own and run.seed in test.seeds and set(run.overrides) <= set(TUNED):
            words = " ".join(f"{name}={run.overrides[name]}" for name in TUNED if name in run.overrides)
            found.setdefault(f"{arm} {words}".strip(), {})[run.seed] = run
    # The same seeds for every tuning, or the one that ran on easier seeds would win.
    common = set.intersection(*(set(runs) for runs in found.values())) if found else set()
    if len(found) < 2 or len(common) < LEAST_RUNS:
        return str(arm), None
    best = max(found, key=lambda words: _mean([found[words][seed] for seed in common], "avg_acc"))
    return best, {seed: found[best][seed] for seed in common}


def _own_depth(test: Difference) -> int:
    plans = [run_of(test.experiment, arm, test.seeds[0]) for arm in (test.of, test.against)]
    return next(made.settings.trained for made in plans if made.strategy.name == "frozen")
