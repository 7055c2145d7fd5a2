"""What all comparisons share: one number d a seed, from runs at the same seed, and what is missing or compares nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from cl_book.claims import wording
from cl_book.claims.arms import PROFILE, Arm, Seeds, run_of
from cl_book.claims.paper_table import Reported, reported
from cl_core.experiments import store
from cl_core.experiments.plan import Plan
from cl_core.experiments.store import Result
from cl_core.naming import require_name
from cl_core.runs.images import explain_other_images
from cl_core.runs.result_set import ResultSet

LEAST_DELTA = 0.5
"""Smallest effect that matters, in points, where half of the paper's is less or not known."""

Measure = Literal[
    "avg_acc", "task_acc", "forgetting", "class_avg_acc", "class_forgetting", "lost_share", "update_norm", "score"
]
"""What may be compared. Points of accuracy, but for `update_norm`: 100 · ln of the mean ‖θ_t − θ_{t−1}‖, so that
differences are per cent; and for `score`, which a run has one of for each task, so that an echo alone reads it."""


class PairedComparison(BaseModel):
    """What all comparisons say: where, on which seeds, by which measure, and what size of effect matters.

    `paper` names one number of the paper's tables, or two, of which the second is taken from the first; with it goes
    the reported effect; the table is the book's, or what the validation's context has as ``cells``. `profile` is that of the runs. Claims of one `family` are corrected together, as the primary ones are. `delta` is stated only where the rule (half of that, at least LEAST_DELTA) does not apply.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    measure: Measure
    direction: Literal["more", "less"]
    seeds: Seeds
    primary: bool = False
    family: str = Field(default="", pattern=r"^[a-z-]*$")
    paper: tuple[str, ...] = Field(default=(), max_length=2)
    delta: float | None = Field(default=None, gt=0)
    profile: str = PROFILE
    _cells: Mapping[str, Reported] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _take_cells(self, info: ValidationInfo) -> "PairedComparison":
        self._cells = (info.context or {}).get("cells")
        if self._cells is not None:
            for key in self.paper:
                require_name("number in the table", key, self._cells)
        return self

    @property
    def corrected_with(self) -> str:
        """Name of the family in which the claim's p-values are corrected; empty for a claim by itself."""
        return "primary" if self.primary else self.family

    @property
    def sign(self) -> int:
        """+1 where the claim is that there is more of the measure, −1 where less."""
        return 1 if self.direction == "more" else -1

    @property
    def effect(self) -> float | None:
        """The paper's effect in the claimed direction, in points; None where it reports none."""
        if not self.paper:
            return None
        numbers = reported() if self._cells is None else self._cells
        values = [float(numbers[key].mean) for key in self.paper]
        return round(self.sign * (values[0] - sum(values[1:])), 10)

    @property
    def smallest(self) -> float:
        """δ, the smallest effect that matters: as stated, else half of the paper's, and at least LEAST_DELTA."""
        if self.delta is not None:
            return self.delta
        return max(LEAST_DELTA, (self.effect or 0.0) / 2)

    @property
    def unit(self) -> str:
        """What one unit of d is."""
        return "per cent" if self.measure == "update_norm" else "points"

    def sides(self) -> tuple[Arm, ...]:
        """Return every arm that is run on the seeds of :meth:`all_seeds`."""
        raise NotImplementedError

    def shows(self) -> str:
        """Return in a sentence what would show the claim."""
        raise NotImplementedError

    def tolerance(self) -> str:
        """Return in words what δ is and why; empty where the comparison states its own, and the claim has to say why."""
        if self.delta is not None:
            return ""
        return wording.tolerance(self.experiment, reported=bool(self.paper), half=self.smallest > LEAST_DELTA)

    def compare(self, reading: "Reading") -> None:
        """Put one difference a seed into `reading`, from the runs that it finds."""
        raise NotImplementedError

    def all_seeds(self) -> tuple[int, ...]:
        """Return every seed that any side is run with."""
        return self.seeds

    def runs(self) -> tuple[Plan, ...]:
        """Return every run that the comparison may read. Raises ValueError for one that the catalogue does not have."""
        plans = [
            run_of(self.experiment, arm, seed, self.profile) for arm, seed in product(self.sides(), self.all_seeds())
        ]
        return tuple({plan.name: plan for plan in plans}.values())

    def read(self, results: ResultSet) -> "Reading":
        """Return what the comparison finds in `results`. A seed at which a run is missing has no difference.

        Raises ValueError for a run that the catalogue does not have.
        """
        reading = Reading(self, results, self.smallest, self.effect, self.unit)
        self.compare(reading)
        return reading


@dataclass
class Reading:
    """The differences by seed, in the claimed direction, and what stands in the way of more.

    `delta`, `effect` and `unit` are the comparison's δ, the reported effect and what one unit is. `missing` names runs that are not there, `stale` those that do not hold, with the reason; `left_out` the seeds that
    compare nothing, with the reason. `sides` are the runs of the two sides by seed, `notes` what else a reader should
    know, `used` all results that were read.
    """

    test: PairedComparison
    results: ResultSet
    delta: float
    effect: float | None
    unit: str
    differences: dict[int, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    stale: dict[str, str] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sides: tuple[tuple[str, list[Result]], ...] = ()
    used: list[Result] = field(default_factory=list)

    def find(self, arm: Arm, seed: int) -> Result | None:
        """Return the run of `arm` at `seed`; one that is not there, or does not hold, is noted."""
        plan = run_of(self.test.experiment, arm, seed, self.test.profile)
        result = self.results.get(plan)
        if result is not None:
            self.used.append(result)
        elif plan.name in self.results.stale:
            self.stale[plan.name] = self.results.stale[plan.name]
        elif plan.describe() not in self.missing:
            self.missing.append(plan.describe())
        return result

    def rows(self, arms: Sequence[Arm], seeds: Sequence[int]) -> dict[int, list[Result]]:
        """Return the runs of all `arms` by seed, for the seeds at which every one is there, all on the same images."""
        found = {seed: [self.find(arm, seed) for arm in arms] for seed in seeds}
        rows = {
            seed: [run for run in row if run is not None]
            for seed, row in found.items()
            if all(run is not None for run in row)
        }
        mixed = {seed: why for seed, row in rows.items() if (why := explain_other_images(run.data for run in row))}
        self.left_out.update(mixed)
        return {seed: row for seed, row in rows.items() if seed not in mixed}

    def value(self, result: Result) -> float:
        """Return the measure of `result`, positive in the claimed direction."""
        return self.test.sign * measure(result, self.test.measure)

    def show_sides(self, arms: Sequence[Arm], rows: Mapping[int, list[Result]], keep: Sequence[int] = (0, 1)) -> None:
        """Keep the runs of the arms at the places `keep`, to be told beside the verdict."""
        if rows:
            self.sides = tuple((str(arms[i]), [row[i] for row in rows.values()]) for i in dict.fromkeys(keep))


def measure(result: Result, name: Measure) -> float:
    """Return the measure in points, or per cent for `update_norm`. Raises ValueError where the run has none."""
    if name == "score":
        raise ValueError("a run has a score for each task; an echo reads them, no other comparison does")
    value = 100 * (
        float(np.log(mean_update(result) or np.nan)) if name == "update_norm" else store.metric(result, name)
    )
    if not math.isfinite(value):
        raise ValueError(f"{result.experiment} · {result.strategy} · seed {result.seed} has no {name}")
    return value


Along = Literal["moved_share", "update_norm", "curvature", "drift"]
"""What forgetting may follow: the number of parameters that move, how far they do, ½ΔᵀHΔ, and the drift of the function."""


def mean_along(result: Result, name: Along) -> float:
    """Return the mean over the tasks from the second on of what an update moved, or did. Raises ValueError where the run has none."""
    if name == "update_norm":
        return mean_update(result)
    values = {"moved_share": result.moved_share, "curvature": result.curvatures, "drift": result.drifts}[name][1:]
    told = [value for value in values if value is not None]
    if not told or len(told) < len(values):
        raise ValueError(
            f"{result.experiment} · {result.strategy} · seed {result.seed} has no {name}; run it with effects"
        )
    return float(np.mean(told))


def mean_update(result: Result) -> float:
    """Return the mean over the tasks from the second on of ‖θ_t − θ_{t−1}‖, over all shared blocks."""
    rows = np.array([[0.0 if norm is None else norm for norm in row] for row in result.update_norms[1:]])
    return float(np.mean(np.linalg.norm(rows, axis=1)))


def pair_scores(runs: Sequence[Result]) -> NDArray[np.float64]:
    """Return (blocks that the task before moved, score) of every task from the third on, (n, 2)."""
    pairs = [
        (before, score)
        for run in runs
        for before, score in zip(run.magnitudes[1:-1], run.scores[2:], strict=True)
        if before is not None and score is not None
    ]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


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
