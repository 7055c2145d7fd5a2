"""The one idea: when a task arrives, how much may move?

A model is an ordered list of K blocks of shared parameters, in a network its layers, in the linear model the blocks of
coordinates. A strategy answers with a *magnitude*: how many trailing blocks the new task may move, 0 to K. At 0 only
what belongs to the new task alone (a network's new head) moves, and no earlier task can be forgotten.
The first task trains everything under every strategy. Source: paper, Section on constrained updates and Algorithm 1.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Arrival:
    """What a strategy may look at when a task arrives, before anything has moved for it.

    `task` counts from 0. `gradient` is the gradient of the new task's training loss with respect to the shared
    parameters, flat; `previous_gradient` is the one that the task before had at its own arrival (None at the first
    task). `loss` is the new task's training loss at arrival.
    """

    task: int
    blocks: int
    gradient: Vector | None = None
    previous_gradient: Vector | None = None
    loss: float = math.nan


class Strategy(Protocol):
    """Answers one question when a task arrives: how many trailing blocks may move?"""

    def magnitude(self, arrival: Arrival) -> int:
        """Return the number of trailing blocks that may move, 0 to `arrival.blocks`."""
        ...


@dataclass(frozen=True)
class Initialized:
    """Initialized training: every task starts from the last weights and may move everything."""

    def magnitude(self, arrival: Arrival) -> int:
        """Return all blocks."""
        return arrival.blocks


@dataclass(frozen=True)
class Frozen:
    """Frozen training: after the first task only the last `trained` blocks may move."""

    trained: int = 1

    def __post_init__(self) -> None:
        _require_count("trained", self.trained)

    def magnitude(self, arrival: Arrival) -> int:
        """Return `trained`, or all blocks at the first task."""
        return arrival.blocks if arrival.task == 0 else _within(self.trained, arrival)


@dataclass(frozen=True)
class Adaptive:
    """The hybrid rule (paper, Algorithm 1): related to the task before, move few blocks; unrelated, move many.

    A task counts as related when ``score(metric, arrival) >= threshold``. The second task moves `many`: its score
    compares with a gradient taken at random weights.
    """

    threshold: float
    few: int
    many: int
    metric: str = "cosine"

    def __post_init__(self) -> None:
        _require_count("few", self.few)
        _require_count("many", self.many)
        if self.few > self.many:
            raise ValueError(
                f"few = {self.few} is above many = {self.many}; a related task must not move more than an unrelated one"
            )
        _score_function(self.metric)

    def magnitude(self, arrival: Arrival) -> int:
        """Return `few` or `many` by the score, `many` at the second task, all blocks at the first."""
        if arrival.task == 0:
            return arrival.blocks
        if arrival.task == 1:
            return _within(self.many, arrival)
        related = score(self.metric, arrival) >= self.threshold
        return _within(self.few if related else self.many, arrival)


@dataclass(frozen=True)
class Residual:
    """A rule that reads how badly the arriving task is fitted: below a loss of `threshold` move few blocks, else many."""

    threshold: float
    few: int
    many: int

    def __post_init__(self) -> None:
        _require_count("few", self.few)
        _require_count("many", self.many)

    def magnitude(self, arrival: Arrival) -> int:
        """Return `few` or `many` by the loss at arrival, all blocks at the first task."""
        if arrival.task == 0:
            return arrival.blocks
        return _within(self.few if arrival.loss < self.threshold else self.many, arrival)


@dataclass(frozen=True)
class Replay:
    """A recorded schedule played again, whatever the gradients say: the control for a rule that reads them."""

    schedule: tuple[int, ...]

    def __post_init__(self) -> None:
        for magnitude in self.schedule:
            _require_count("schedule", magnitude)

    def magnitude(self, arrival: Arrival) -> int:
        """Return the recorded magnitude of this task; raises IndexError past the end of the record."""
        if arrival.task >= len(self.schedule):
            raise IndexError(
                f"task {arrival.task} has no entry in the schedule {self.schedule}; record one a task, from task 0 on"
            )
        return _within(self.schedule[arrival.task], arrival)


def cosine(gradient: Vector, previous: Vector) -> float:
    """Cosine of the angle between two gradients, −1 to 1; NaN if one of them is zero."""
    length = float(np.linalg.norm(gradient) * np.linalg.norm(previous))
    return float(gradient @ previous) / length if length > 0 else math.nan


def sign_agreement(gradient: Vector, previous: Vector) -> float:
    """Share of coordinates whose signs agree, less the share whose signs differ, −1 to 1."""
    return float(np.mean(np.sign(gradient) * np.sign(previous)))


def projection(gradient: Vector, previous: Vector) -> float:
    """Length of the new gradient along the previous one, in units of the previous one's length; NaN if that is zero."""
    square = float(previous @ previous)
    return float(gradient @ previous) / square if square > 0 else math.nan


SCORES: dict[str, Callable[[Vector, Vector], float]] = {
    "cosine": cosine,
    "sign": sign_agreement,
    "projection": projection,
}
"""The ways to compare an arriving task's gradient with the one before, by name."""


def score(metric: str, arrival: Arrival) -> float:
    """Return s_t = metric(g_t, g_{t−1}) of an arrival; NaN where there is no previous gradient. Source: paper, Algorithm 1."""
    compare = _score_function(metric)
    if arrival.gradient is None or arrival.previous_gradient is None:
        return math.nan
    return compare(arrival.gradient, arrival.previous_gradient)


def trailing_sizes(magnitudes: Sequence[int], blocks: Sequence[int]) -> tuple[int, ...]:
    """Return, for each magnitude, the number of parameters in that many trailing blocks of the given sizes."""
    for magnitude in magnitudes:
        if not 0 <= magnitude <= len(blocks):
            raise ValueError(f"magnitude {magnitude} does not fit {len(blocks)} blocks; give 0 to {len(blocks)}")
    return tuple(sum(blocks[len(blocks) - magnitude :]) for magnitude in magnitudes)


def _score_function(metric: str) -> Callable[[Vector, Vector], float]:
    if metric not in SCORES:
        raise ValueError(f"metric {metric!r} is unknown; choose one of {', '.join(sorted(SCORES))}")
    return SCORES[metric]


def _require_count(name: str, value: int) -> None:
    if value < 0:
        raise ValueError(f"{name} = {value} is negative; a magnitude counts blocks, 0 or more")


def _within(magnitude: int, arrival: Arrival) -> int:
    if magnitude > arrival.blocks:
        raise ValueError(
            f"magnitude {magnitude} exceeds the {arrival.blocks} blocks there are; give 0 to {arrival.blocks}"
        )
    return magnitude
