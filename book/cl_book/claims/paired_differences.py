"""What a comparison reads from results: one number d a seed, and what is missing, stale or compares nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cl_book.claims.comparisons import (
    Arm,
    Association,
    Comparison,
    Difference,
    Measure,
    Picked,
    Schedules,
    Trend,
    run_of,
)
from cl_core.experiments import store
from cl_core.experiments.controls import degenerate
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.runs.result_set import ResultSet


@dataclass
class Reading:
    """The differences by seed, in the claimed direction, and what stands in the way of more.

    `missing` names runs that are not there, `stale` those that do not hold, with the reason; `left_out` the seeds that
    compare nothing, with the reason. `sides` are the runs of the two sides by seed, `notes` what else a reader should
    know.
    """

    differences: dict[int, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    stale: dict[str, str] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sides: tuple[tuple[str, list[Result]], ...] = ()
    used: list[Result] = field(default_factory=list)


def measure(result: Result, name: Measure) -> float:
    """Return the measure in points, or per cent for `update_norm`. Raises ValueError where the run has none."""
    value = 100 * (
        float(np.log(mean_update(result) or np.nan)) if name == "update_norm" else store.metric(result, name)
    )
    if not math.isfinite(value):
        raise ValueError(f"{result.experiment} · {result.strategy} · seed {result.seed} has no {name}")
    return value


def mean_update(result: Result) -> float:
    """Return the mean over the tasks from the second on of ‖θ_t − θ_{t−1}‖, over all shared blocks."""
    rows = np.array([[0.0 if norm is None else norm for norm in row] for row in result.update_norms[1:]])
    return float(np.mean(np.linalg.norm(rows, axis=1)))


def read(test: Comparison, results: ResultSet) -> Reading:
    """Return what `test` finds in `results`. A seed at which a run is missing has no difference.

    Raises ValueError for a run that the catalogue does not have.
    """
    reader = _Reader(test, results)
    if isinstance(test, Difference):
        reader.difference(test)
    elif isinstance(test, Trend):
        reader.trend(test)
    elif isinstance(test, Picked):
        reader.picked(test)
    elif isinstance(test, Schedules):
        reader.schedules(test)
    else:
        reader.association(test)
    return reader.reading


class _Reader:
    """Collects a reading: what was asked for, and what of it was there."""

    def __init__(self, test: Comparison, results: ResultSet) -> None:
        self.test, self.results, self.reading = test, results, Reading()

    def run(self, arm: Arm, seed: int) -> Result | None:
        made = run_of(self.test.experiment, arm, seed)
        found = self.results.get(made)
        if found is not None:
            self.reading.used.append(found)
        elif made.name in self.results.stale:
            self.reading.stale[made.name] = self.results.stale[made.name]
        elif made.describe() not in self.reading.missing:
            self.reading.missing.append(made.describe())
        return found

    def runs(self, arms: Sequence[Arm], seeds: Sequence[int]) -> dict[int, list[Result]]:
        """Return the runs of all `arms` by seed, for the seeds at which every one is there."""
        found = {seed: [self.run(arm, seed) for arm in arms] for seed in seeds}
        return {
            seed: [run for run in row if run is not None]
            for seed, row in found.items()
            if all(run is not None for run in row)
        }

    def value(self, result: Result) -> float:
        return self.test.sign * measure(result, self.test.measure)

    def difference(self, test: Difference) -> None:
        rows = self.runs((test.of, test.against), test.seeds)
        for seed, (of, against) in rows.items():
            if why := _compares_nothing(of, against):
                self.reading.left_out[seed] = why
            else:
                self.reading.differences[seed] = self.value(of) - self.value(against)
        if self.reading.differences and not any(self.reading.differences.values()):
            self.reading.notes.append("the two sides are equal at every seed")
        self._side_by_side((str(test.of), str(test.against)), rows)

    def trend(self, test: Trend) -> None:
        arms = (test.of,) if test.against is None else (test.of, test.against)
        grid = [arm.at(test.over, value) for value in test.values for arm in arms]
        rows = self.runs(grid, test.seeds)
        for seed, found in rows.items():
            values = np.array([self.value(run) for run in found]).reshape(len(test.values), len(arms))
            heights = values[:, 0] - (values[:, 1] if test.against is not None else 0)
            slope = float(np.polyfit(test.values, heights, 1)[0])
            self.reading.differences[seed] = slope * (test.values[-1] - test.values[0])
        self._side_by_side([str(arm) for arm in grid], rows, keep=(*range(len(arms)), *range(-len(arms), 0)))

    def picked(self, test: Picked) -> None:
        winners = [self._best(arms, test.picked_on) for arms in (test.among, test.against)]
        of, against = winners
        if of is None or against is None:
            return
        self.reading.notes += [
            f"{arm} was picked of {len(arms)}"
            for arm, arms in zip((of, against), (test.among, test.against), strict=True)
            if len(arms) > 1
        ]
        rows = self.runs((of, against), test.seeds)
        for seed, (one, other) in rows.items():
            self.reading.differences[seed] = self.value(one) - self.value(other)
        self._side_by_side((str(of), str(against)), rows)

    def _best(self, arms: Sequence[Arm], seeds: Sequence[int]) -> Arm | None:
        if len(arms) == 1:
            return arms[0]
        rows = self.runs(arms, seeds)
        if len(rows) < len(seeds):
            return None
        means = [float(np.mean([self.value(rows[seed][i]) for seed in seeds])) for i in range(len(arms))]
        return arms[int(np.argmax(means))]

    def schedules(self, test: Schedules) -> None:
        arms = test.schedules()
        rows = self.runs((test.of, *arms), test.seeds)
        ranks = []
        for seed, (own, *others) in rows.items():
            chosen = own.magnitudes[1:]
            many = max(m for run in others for m in run.magnitudes[1:] if m is not None)
            others = [run for run in others if run.magnitudes[1:] != chosen]
            if test.alike:
                others = [run for run in others if _count(run, many) == _count(own, many)]
            if not others:
                self.reading.left_out[seed] = "no other schedule moves many blocks as often"
                continue
            values = [self.value(run) for run in others]
            self.reading.differences[seed] = self.value(own) - float(np.mean(values))
            ranks.append(f"{1 + sum(value > self.value(own) for value in values)} of {1 + len(values)}")
        if ranks:
            self.reading.notes.append(f"rank by seed: {', '.join(ranks)}")
        self._side_by_side((str(test.of),), rows, keep=(0,))

    def association(self, test: Association) -> None:
        rows = self.runs(test.among, test.seeds)
        for seed, found in rows.items():
            lengths = np.array([mean_update(run) for run in found])
            values = np.array([self.value(run) for run in found])
            self.reading.differences[seed] = rank_correlation(lengths, values)
        self._side_by_side([str(arm) for arm in test.among], rows, keep=(0, -1))

    def _side_by_side(
        self, names: Sequence[str], rows: Mapping[int, list[Result]], keep: Sequence[int] = (0, 1)
    ) -> None:
        if rows:
            self.reading.sides = tuple((names[i], [row[i] for row in rows.values()]) for i in dict.fromkeys(keep))


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation of two sequences, ties at their mean rank; 0 where one is constant."""
    a, b = _ranks(x), _ranks(y)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    return np.asarray(below + (equal - 1) / 2, dtype=np.float64)


def _count(result: Result, magnitude: int) -> int:
    return sum(m == magnitude for m in result.magnitudes[1:])


def _compares_nothing(of: Result, against: Result) -> str | None:
    """Say why a control of adaptive compares nothing at this seed, None where it does."""
    for one, other in ((of, against), (against, of)):
        follows = other.source is not None and STRATEGIES[one.strategy].scores
        if follows and degenerate([m for m in one.magnitudes if m is not None]):
            return f"{one.strategy} chose one magnitude throughout"
    return None
