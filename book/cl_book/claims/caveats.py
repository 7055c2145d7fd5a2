"""What is said beside a verdict on runs: at what accuracy, at which depth and tuning, on which seeds."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from cl_book.claims.arms import Arm, run_of
from cl_book.claims.comparisons import Difference, Picked
from cl_book.claims.decision_rule import Judgement
from cl_book.claims.paired_differences import PairedComparison, Reading, measure
from cl_book.claims.pairs import BySeed, pair_by_seed
from cl_book.claims.statistics import Interval, t_interval
from cl_book.notebooks.record import NOT_REPRODUCED, REPRODUCED, format_signed
from cl_core.experiments import store
from cl_core.experiments.machine import ARITHMETIC
from cl_core.experiments.registry import find_strategy
from cl_core.experiments.store import Result
from cl_core.runs.images import explain_other_images
from cl_core.runs.result_set import ResultSet

DEPTHS = range(5)
"""Numbers of trained blocks at which a claim that names frozen is compared."""

TUNED = ("learning_rate", "epochs")
"""Settings of which each strategy is given its own best value, where such runs are there."""

LEAST_RUNS = 3
"""Seeds from which an interval is compared; with fewer than five it is no verdict."""

BY_LEARNING_LESS = "by learning less"
DEPENDS_ON_DEPTH = "depends on the depth"
DEPENDS_ON_TUNING = "depends on tuning"
OPEN_IN_TUNING = "open under own tuning"

_Tunings = Mapping[str, BySeed]


@dataclass(frozen=True)
class Caveats:
    """What qualifies a verdict: labels, and remarks for the evidence; of each there may be none."""

    labels: tuple[str, ...]
    remarks: tuple[str, ...]


def caveats(reading: Reading, judgement: Judgement) -> Caveats:
    """Return what is said beside the verdict `judgement` on what `reading` found."""
    test, mean = reading.test, judgement.interval.mean
    less = learned_less(reading, judgement.verdict, mean)
    turns_depth, depths = compare_depths(test, reading.results, mean)
    turns_tuning, tuning = compare_tunings(test, reading.results, judgement.interval)
    labels = ((less, BY_LEARNING_LESS), (turns_depth, DEPENDS_ON_DEPTH), (bool(turns_tuning), turns_tuning))
    remarks = (_left_out(reading), *reading.notes, accuracies_beside(reading), depths, tuning, unpaired(reading.used))
    return Caveats(tuple(label for holds, label in labels if holds), tuple(filter(None, remarks)))


def accuracies_beside(reading: Reading) -> str:
    """Return Task.Acc, Avg.Acc and the lost share of each side of a comparison by forgetting; empty for others."""
    if reading.test.measure != "forgetting":
        return ""
    return "; ".join(
        f"{name}: Task.Acc {_mean(runs, 'task_acc'):.2f}, Avg.Acc {_mean(runs, 'avg_acc'):.2f}, "
        f"lost share {_mean(runs, 'lost_share'):.0f} %"
        for name, runs in reading.sides
    )


def learned_less(reading: Reading, verdict: str, mean: float) -> bool:
    """Whether the side that forgets less also ends lower in Avg.Acc, the 95 % interval of that difference below zero.

    Asked where the verdict says that it forgets less.
    """
    test = reading.test
    decided = verdict == REPRODUCED or (verdict == NOT_REPRODUCED and mean < 0)
    if test.measure != "forgetting" or not isinstance(test, Difference | Picked) or not decided:
        return False
    (_, of), (_, against) = reading.sides
    of_forgets_less = test.sign * mean < 0
    less, more = (of, against) if of_forgets_less else (against, of)
    d = [100 * (store.metric(a, "avg_acc") - store.metric(b, "avg_acc")) for a, b in zip(less, more, strict=True)]
    return t_interval(d).high < 0


def compare_depths(test: PairedComparison, results: ResultSet, mean: float) -> tuple[bool, str]:
    """Return whether some depth of frozen that ran has its interval on the other side of zero, and a remark.

    The remark is empty where none ran.
    Only a claim that names frozen at its own depth is asked.
    """
    if not isinstance(test, Difference):
        return False, ""
    arms = (test.of, test.against)
    if "frozen" not in (arm.strategy for arm in arms) or any("trained=" in str(arm) for arm in arms):
        return False, ""
    plain = ["trained" in find_strategy(arm.strategy).reads for arm in arms]
    intervals = {}
    blocks = run_of(test.experiment, test.of, test.seeds[0], test.profile).blocks
    for depth in DEPTHS[: blocks + 1]:
        changed = [arm.at("trained", depth) if is_plain else arm for arm, is_plain in zip(arms, plain, strict=True)]
        interval = _interval(test, [_runs(test, arm, results) for arm in changed])
        if interval is not None:
            intervals[depth] = interval
    others = {depth: interval for depth, interval in intervals.items() if depth != _own_depth(test)}
    if not others:
        return False, ""
    turned = any(_side(interval) * mean < 0 for interval in others.values())
    by_depth = ", ".join(f"{depth}: {format_signed(interval.mean)}" for depth, interval in intervals.items())
    return turned, f"by number of trained blocks {by_depth}"


def compare_tunings(test: PairedComparison, results: ResultSet, own: Interval) -> tuple[str, str]:
    """Return the label where the interval is another when each strategy has its own best tuning by Avg.Acc, and a remark.

    A tuning is chosen on the seeds that most tunings share; the two chosen are compared on all seeds that both have. The
    label says that the interval then lies on the other side of zero than the mean, or that it holds zero where `own`
    does not. Asked of claims that compare two strategies as they are, where both ran with other tunings.
    """
    if not isinstance(test, Difference) or test.of.settings or test.against.settings:
        return "", ""
    arms = (test.of, test.against)
    tunings = [_list_tunings(test, arm, results) for arm in arms]
    seeds = _shared_seeds(tunings)
    best = [_best_tuning(arm, own_tunings, seeds) for arm, own_tunings in zip(arms, tunings, strict=True)]
    if any(runs is None for _, runs in best):
        return "", ""
    if [words for words, _ in best] == [test.of.title, test.against.title]:
        return "", "each strategy does best as it is tuned here"
    interval = _interval(test, [runs or {} for _, runs in best])
    if interval is None:
        return "", ""
    turned, open_ = _side(interval) * own.mean < 0, _side(interval) == 0 != _side(own)
    label = DEPENDS_ON_TUNING if turned else OPEN_IN_TUNING if open_ else ""
    low, mean, high = (format_signed(value) for value in (interval.low, interval.mean, interval.high))
    (of, _), (against, _) = best
    return (
        label,
        f"with each strategy's own best tuning ({of}; {against}) {mean} ({low} to {high}, {interval.seeds} seeds)",
    )


def unpaired(used: Iterable[Result]) -> str:
    """Return a remark on seeds whose runs are on different images or machines that round differently; empty if none is known.

    Runs on the same images that train their first task alike share it to the bit on one machine; two machines round
    differently, and the difference grows in training. Where two runs train it otherwise, what is recorded of their
    machines tells.
    """
    groups: dict[object, dict[tuple[object, ...], list[Result]]] = {}
    for run in used:
        treatment = find_strategy(run.strategy)
        if treatment.kind != "bound":
            alike = sorted((name, str(value)) for name, value in run.config.items() if name not in treatment.reads)
            groups.setdefault(run.seed, {}).setdefault((run.experiment, *alike), []).append(run)
    mixed = [
        seed for seed, runs in groups.items() if explain_other_images(run.data for one in runs.values() for run in one)
    ]
    alike_images = {seed: list(runs.values()) for seed, runs in groups.items() if seed not in mixed}
    apart = [seed for seed, runs in alike_images.items() if any(_begin_apart(one) for one in runs)]
    elsewhere = [seed for seed, runs in alike_images.items() if seed not in apart and _differ_in_machine(runs)]
    remarks = {
        "the runs are on different images, so they share no first task": len(mixed),
        "the runs come from machines that round differently, so they share no first task": len(apart),
        "the sides train their first task differently, on machines that round differently": len(elsewhere),
    }
    return "; ".join(f"at {n} seed{'s' if n > 1 else ''} {remark}" for remark, n in remarks.items() if n)


def _begin_apart(runs: Sequence[Result]) -> bool:
    return len({run.correct[0][0] for run in runs}) > 1


def _differ_in_machine(groups: Sequence[Sequence[Result]]) -> bool:
    """Return whether the first runs of two groups are known to come from machines that round differently."""
    machines: list[Mapping[str, object]] = [runs[0].recorded.get("machine", {}) for runs in groups]
    return any(
        one[name] != other[name]
        for one, other in itertools.combinations(machines, 2)
        for name in ARITHMETIC
        if name in one and name in other
    )


def _left_out(reading: Reading) -> str:
    if not reading.left_out:
        return ""
    *others, last = (str(seed) for seed in reading.left_out)
    seeds = f"seeds {', '.join(others)} and {last}" if others else f"seed {last}"
    return f"left out: {seeds} of the {len(reading.test.seeds)} ({next(iter(reading.left_out.values()))})"


def _mean(runs: Iterable[Result], name: str) -> float:
    return fmean(100 * store.metric(run, name) for run in runs)


def _runs(test: Difference, arm: Arm, results: ResultSet) -> BySeed:
    runs = {seed: results.get(run_of(test.experiment, arm, seed, test.profile)) for seed in test.seeds}
    if arm.strategy == "frozen" and "trained=0" in arm.settings:
        alone = Arm("frozen-0", tuple(word for word in arm.settings if word != "trained=0"))
        runs = {
            seed: run or results.get(run_of(test.experiment, alone, seed, test.profile)) for seed, run in runs.items()
        }
    return {seed: run for seed, run in runs.items() if run is not None}


def _side(interval: Interval) -> int:
    """Return on which side of zero the interval lies, +1 or −1; 0 where it holds zero."""
    return (interval.low > 0) - (interval.high < 0)


def _interval(test: Difference, sides: list[BySeed]) -> Interval | None:
    rows = pair_by_seed(sides).values()
    if len(rows) < LEAST_RUNS:
        return None
    try:
        return t_interval(
            [test.sign * (measure(of, test.measure) - measure(against, test.measure)) for of, against in rows]
        )
    except ValueError:
        return None  # magnitude 0 moves nothing, and has no logarithm of its distance


def _list_tunings(test: Difference, arm: Arm, results: ResultSet) -> _Tunings:
    """Return the runs of `arm` by seed, for each of its tunings in words."""
    tunings: dict[str, dict[int, Result]] = {}
    for run in results.current.values():
        own = (run.experiment, run.strategy, run.profile) == (test.experiment, arm.strategy, test.profile)
        if own and run.seed in test.seeds and set(run.overrides) <= set(TUNED):
            words = " ".join(f"{name}={run.overrides[name]}" for name in TUNED if name in run.overrides)
            tunings.setdefault(f"{arm.title} {words}".strip(), {})[run.seed] = run
    return tunings


def _shared_seeds(sides: Sequence[_Tunings]) -> set[int]:
    """Return the seeds on which the most tunings of both sides ran; empty where none has enough of them.

    Tunings are compared on the same seeds, or the one that ran on easier seeds would win; one that ran on other seeds,
    for another question, is not among them.
    """
    sets = [set(runs) for tunings in sides for runs in tunings.values() if len(runs) >= LEAST_RUNS]

    def covered(seeds: set[int]) -> tuple[int, int, list[int]]:
        counts = [sum(seeds <= set(runs) for runs in tunings.values()) for tunings in sides]
        return min(counts), sum(counts), [len(seeds), *(-seed for seed in sorted(seeds))]

    return max(sets, key=covered, default=set())


def _best_tuning(arm: Arm, tunings: _Tunings, seeds: set[int]) -> tuple[str, BySeed | None]:
    """Return the tuning with the best mean Avg.Acc on `seeds`, in words, and all its runs; None where but one ran there."""
    there = {words: runs for words, runs in tunings.items() if seeds and seeds <= set(runs)}
    if len(there) < 2 or not seeds <= set(pair_by_seed(list(there.values()))):
        return arm.title, None
    best = max(there, key=lambda words: _mean([there[words][seed] for seed in seeds], "avg_acc"))
    return best, there[best]


def _own_depth(test: Difference) -> int:
    plans = [run_of(test.experiment, arm, test.seeds[0], test.profile) for arm in (test.of, test.against)]
    return next(plan.settings.trained for plan in plans if plan.strategy.name == "frozen")
