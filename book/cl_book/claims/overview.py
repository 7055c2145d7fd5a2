"""All streams and methods side by side: the rows of the results page, each with its runs and the paper's numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cl_book.claims.arms import PROFILE, Arm, run_of
from cl_book.claims.paper_table import Reported, reported_rows
from cl_core.experiments.catalogue import VALIDATION_SEEDS_FROM
from cl_core.experiments.store import Result, metric
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs.result_set import ResultSet

MEASURED = ("avg_acc", "task_acc", "forgetting", "class_avg_acc")
"""The measures of a row, in their order."""

STREAMS: Mapping[str, str] = {
    "split-cifar100": "CIFAR-100, 10 tasks",
    "split-cifar100-20": "CIFAR-100, 20 tasks",
    "split-cifar10": "CIFAR-10",
    "permuted-mnist": "Permuted MNIST",
    "correlated-cifar100": "Correlated CIFAR-100",
    "split-cub50": "CUB-50",
    "corrupted-cub50": "Corrupted CUB-50",
}
"""The streams of the page, by experiment, in their order and in words."""

PAPER_STREAM: Mapping[str, str] = {"split-cub50": "split-cub200", "corrupted-cub50": "corrupted-cub200"}
"""The paper's stream that stands beside ours where it is another one."""

_DEPTHS: Mapping[str, tuple[int, ...]] = {"permuted-mnist": (2,)}
_USUAL_DEPTHS = (3, 5)


@dataclass(frozen=True)
class Method:
    """A row's method: its words, its side of a comparison, the paper's strategy beside it, whether it is a bound."""

    title: str
    arm: Arm
    paper: str | None = None
    bound: bool = False


@dataclass(frozen=True)
class OverviewRow:
    """One method on one stream: its runs by name, in the order of their seeds, and the paper's number of each measure that it reports."""

    experiment: str
    method: Method
    runs: Mapping[str, Result]
    paper: Mapping[str, Reported]

    def values(self, measure: str) -> list[float]:
        """Return the measure in per cent, one a run; empty where a run has none."""
        numbers = [100 * metric(run, measure) for run in self.runs.values()]
        return [] if any(number != number for number in numbers) else numbers


def list_methods(experiment: str) -> list[Method]:
    """Return the methods whose runs are shown on `experiment`: the protocol's own, and those of a stated setting."""
    depths = _DEPTHS.get(experiment, _USUAL_DEPTHS)
    return [
        Method("initialized: fine-tuning", Arm("initialized"), "initialized"),
        Method("frozen: one block", Arm("frozen"), "frozen"),
        *(
            Method(f"frozen: {_COUNTS[depth]} blocks", Arm("frozen", (f"trained={depth}",)), "frozen")
            for depth in depths
        ),
        Method("no update: head alone", Arm("frozen-0")),
        Method("adaptive: Algorithm 1", Arm("adaptive"), "adaptive"),
        Method("two-level: our first rule", Arm("two-level")),
        Method("averaged: 1/t of the way", Arm("averaged")),
        Method("slower: rate × 0.03", Arm("slower", ("rate_factor=0.03",))),
        Method("pulled: L2 anchor, 0.3", Arm("pulled", ("pull=0.3",))),
        Method("EWC: weighted anchor", Arm("ewc")),
        Method("LwF: distillation", Arm("lwf")),
        Method("replay: old images kept", Arm("replay")),
        Method("joint: all at once", Arm("joint"), bound=True),
        Method("separate: one each", Arm("separate"), bound=True),
    ]


_COUNTS = {2: "two", 3: "three", 5: "five"}


def list_rows(results: ResultSet) -> Iterator[OverviewRow]:
    """Yield the rows that have runs, stream by stream."""
    for experiment in STREAMS:
        for method in list_methods(experiment):
            runs = find_runs(experiment, method.arm, results)
            if runs:
                reported = list_reported(PAPER_STREAM.get(experiment, experiment))
                paper = {
                    measure: number for (strategy, measure), number in reported.items() if strategy == method.paper
                }
                yield OverviewRow(experiment, method, runs, paper)


def find_runs(experiment: str, arm: Arm, results: ResultSet, profile: str = PROFILE) -> dict[str, Result]:
    """Return the reference runs of one side by name, in the order of their seeds."""
    plans = [run_of(experiment, arm, seed, profile) for seed in range(VALIDATION_SEEDS_FROM)]
    return {plan.name: run for plan in plans if (run := results.get(plan)) is not None}


def list_reported(experiment: str) -> dict[tuple[str, str], Reported]:
    """Return the paper's numbers of one stream by strategy and measure; Table I goes before the others."""
    numbers: dict[tuple[str, str], Reported] = {}
    for row in reported_rows():
        if row["experiment"] == experiment and row["strategy"] in STRATEGIES:
            key = (row["strategy"], row["metric"])
            numbers.setdefault(key, Reported(row["mean"], row["std"], row["mark"]))
    return numbers
