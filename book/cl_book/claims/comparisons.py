"""What decides a claim on runs, as data: which runs are compared, by which measure, in which direction.

A claim's `test` in book/claims.yml is one of these. Each gives one number d a seed, in the claimed direction: above
zero speaks for the claim. Which seeds, and how large a d matters, is part of the claim.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cl_book.claims.paper_table import reported_rows
from cl_core.experiments.plan import Plan, make_plan
from cl_core.experiments.settings import parse
from cl_core.runs.grid import parse_seeds

PROFILE = "cpu"
"""The profile of the reference results that decide claims."""

LEAST_DELTA = 0.5
"""Smallest effect that matters, in points, where half of the paper's is less or not known."""

PRIMARY_AT_MOST = 8
"""Claims in the primary family; more would leave each too little power after Holm's correction."""

Measure = Literal["avg_acc", "task_acc", "forgetting", "lost_share", "update_norm"]
"""Points of accuracy, but for `update_norm`: 100 · ln of the mean ‖θ_t − θ_{t−1}‖, so that differences are per cent."""


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a strategy, and settings as ``--set`` takes them, such as ``trained=2``."""

    strategy: str
    settings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.strategy, *self.settings])

    def at(self, setting: str, value: float) -> "Arm":
        """Return the arm with `setting`, which it does not have yet, at `value`."""
        return Arm(self.strategy, (*self.settings, f"{setting}={value:g}"))


def parse_arm(text: object) -> object:
    """Return the arm of a text such as ``frozen trained=2``. Raises ValueError for a word that sets nothing."""
    if not isinstance(text, str):
        return text
    strategy, *words = text.split()
    for word in words:
        if "=" not in word:
            raise ValueError(f"{word!r} in {text!r} is not of the form name=value")
    return Arm(strategy, tuple(words))


def _arms(given: object) -> object:
    return tuple(parse_arm(text) for text in ([given] if isinstance(given, str) else given or []))  # type: ignore[attr-defined]


def _seeds(given: object) -> object:
    return tuple(parse_seeds(given)) if isinstance(given, str) else given


OneArm = Annotated[Arm, BeforeValidator(parse_arm)]
Arms = Annotated[tuple[Arm, ...], BeforeValidator(_arms)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_seeds), Field(min_length=1)]


class _Comparison(BaseModel):
    """What all comparisons say: where, on which seeds, by which measure, and what size of effect matters.

    `paper` names one number of the paper's tables, or two, of which the second is taken from the first; with it goes
    the reported effect. `delta` is stated only where the rule (half of that, at least LEAST_DELTA) does not apply.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    measure: Measure
    direction: Literal["more", "less"]
    seeds: Seeds
    primary: bool = False
    paper: tuple[str, ...] = Field(default=(), max_length=2)
    delta: float | None = Field(default=None, gt=0)

    @property
    def sign(self) -> int:
        """+1 where the claim is that there is more of the measure, −1 where less."""
        return 1 if self.direction == "more" else -1

    @property
    def effect(self) -> float | None:
        """The paper's effect in the claimed direction, in points; None where it reports none."""
        if not self.paper:
            return None
        table = reported()
        values = [table[key] for key in self.paper]
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

    def all_seeds(self) -> tuple[int, ...]:
        """Return every seed that any side is run with."""
        return self.seeds

    def runs(self) -> tuple[Plan, ...]:
        """Return every run that the comparison may read. Raises ValueError for one that the catalogue does not have."""
        found = {
            made.name: made
            for arm, seed in product(self.sides(), self.all_seeds())
            for made in [run_of(self.experiment, arm, seed)]
        }
        return tuple(found.values())


class Difference(_Comparison):
    """d = measure under `of` − under `against`, at the same seed."""

    kind: Literal["difference"]
    of: OneArm
    against: OneArm

    def sides(self) -> tuple[Arm, ...]:
        """Return both."""
        return (self.of, self.against)


class Trend(_Comparison):
    """d = change of (`of` − `against`), along the straight line fitted to it, from the first of `values` to the last.

    `over` is the setting that takes the values. Without `against` the measure of `of` alone is fitted.
    """

    kind: Literal["trend"]
    of: OneArm
    against: OneArm | None = None
    over: str
    values: tuple[float, ...] = Field(min_length=3)

    def sides(self) -> tuple[Arm, ...]:
        """Return each arm at each value."""
        arms = (self.of,) if self.against is None else (self.of, self.against)
        return tuple(arm.at(self.over, value) for value in self.values for arm in arms)


class Picked(_Comparison):
    """d = measure under the best of `among` − under the best of `against`, each picked by its mean on other seeds.

    `picked_on` are those seeds; none of them is among `seeds`, or the winner would be flattered.
    """

    kind: Literal["picked"]
    among: Arms = Field(min_length=1)
    against: Arms = Field(min_length=1)
    picked_on: Seeds

    @model_validator(mode="after")
    def _apart(self) -> "Picked":
        if both := set(self.picked_on) & set(self.seeds):
            raise ValueError(f"seeds {sorted(both)} both pick and test; a winner picked on them is flattered by them")
        return self

    def sides(self) -> tuple[Arm, ...]:
        """Return every arm that may be picked."""
        return (*self.among, *self.against)

    def all_seeds(self) -> tuple[int, ...]:
        """Return the seeds that pick and those that test."""
        return (*self.picked_on, *self.seeds)


class Schedules(_Comparison):
    """d = measure under `of` − its mean over the other schedules of few and many, at the same seed.

    There are 2^(tasks−1) schedules, for the tasks from the second on. With `alike` only those count that have as many
    `many` as the one that `of` chose at that seed.
    """

    kind: Literal["schedules"]
    of: OneArm
    tasks: int = Field(ge=2, le=8)
    alike: bool

    def schedules(self) -> tuple[Arm, ...]:
        """Return every schedule as an arm: a letter a task, m for many and f for few."""
        return tuple(Arm("fixed", (f"moves={''.join(moves)}",)) for moves in product("fm", repeat=self.tasks - 1))

    def sides(self) -> tuple[Arm, ...]:
        """Return the rule and every schedule."""
        return (self.of, *self.schedules())


class Association(_Comparison):
    """d = rank correlation, over the arms `among` at one seed, between the measure and `update_norm`."""

    kind: Literal["association"]
    among: Arms = Field(min_length=4)

    @model_validator(mode="after")
    def _has_delta(self) -> "Association":
        if self.delta is None:
            raise ValueError("a correlation needs its own delta: the rule in points does not apply")
        return self

    @property
    def unit(self) -> str:
        """What one unit of d is."""
        return "of rank correlation"

    def sides(self) -> tuple[Arm, ...]:
        """Return every arm."""
        return self.among


Comparison = Annotated[Difference | Trend | Picked | Schedules | Association, Field(discriminator="kind")]
"""The test of a claim on runs."""


def run_of(experiment: str, arm: Arm, seed: int) -> Plan:
    """Return the reference run of `arm`. Raises ValueError for one that the catalogue does not have."""
    return make_plan(experiment, arm.strategy, seed, PROFILE, overrides=dict(parse(word) for word in arm.settings))


def reported() -> Mapping[str, float]:
    """Return the means of the paper's tables, in points, by ``table/experiment/strategy/metric``."""
    keys = ("table", "experiment", "strategy", "metric")
    return {"/".join(row[key] for key in keys): float(row["mean"]) for row in reported_rows()}
