"""The one idea: when a task arrives, how much may move?

A model is an ordered list of K blocks of shared parameters, in a network its layers, in the linear model the blocks of
coordinates. A strategy answers with an :class:`Update`. Its *magnitude* is the number of trailing blocks that the new
task may move, 0 to K; at 0 only what belongs to the new task alone (a network's new head) moves, and no earlier task
can be forgotten. The first task trains everything under every strategy.
Source: paper, Section on constrained updates and Algorithm 1.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Arrival:
    """What a strategy may look at when a task arrives, before anything has moved for it.

    `task` counts from 0. `gradient` is the gradient of the new task's training loss with respect to the shared
    parameters, flat; `previous_gradient` is the one that the task before had at its own arrival (None at the first
    task). `loss` is the new task's training loss at arrival, `losses` those of the tasks before. `scores` are those of
    the tasks before, one a task: None where there is none, as at the first.
    """

    task: int
    blocks: int
    gradient: Vector | None = None
    previous_gradient: Vector | None = None
    loss: float = math.nan
    scores: tuple[float | None, ...] = ()
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Update:
    """A strategy's answer: how a task may change the model.

    - `blocks`: how many trailing blocks move, 0 to K (`leading`: the first ones instead).
    - `fraction`: how far the model goes along the way from its old to its trained weights, above 0 to 1.
    - `constraint`: called after each step as ``constraint(parameters, start, rate)`` with the parameters that move
      (heads apart), their values when the task began, and the step length; it changes the parameters in place.
      See :mod:`cl_core.learners.constraints`.
    - `penalty`: called in each step as ``penalty(minibatch)`` with a :class:`cl_core.learners.penalties.Minibatch`, or
      with what a loop of your own gives ``movable.penalty``; it returns a scalar tensor, which is added to the loss.
    - `rate_factor`, above 0: multiplies the step length of blocks and head.
    - `step_share`, above 0 to 1: the share of the steps that are made.
    """

    blocks: int
    leading: bool = False
    fraction: float = 1.0
    constraint: Callable[[Sequence[Any], Sequence[Any], float], None] | None = None
    penalty: Callable[[Any], Any] | None = None
    rate_factor: float = 1.0
    step_share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("fraction", "step_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} = {getattr(self, name)!r} does not fit; allowed: above 0 to 1")
        if not 0 < self.rate_factor < math.inf:
            raise ValueError(f"rate_factor = {self.rate_factor!r} does not fit; allowed: above 0")

    def steps(self, total: int) -> int:
        """Return how many of a task's `total` steps are made, one at least."""
        return max(1, round(self.step_share * total))


@runtime_checkable
class Strategy(Protocol):
    """Answers one question when a task arrives: how may it change the model?

    A strategy of your own inherits from this class and defines `update`; one with a memory defines `learned`, `state`
    and `restore` as well, one that changes the weights after a task's training `settle`. `update` must answer
    ``Update(arrival.blocks)`` at task 0.
    """

    def update(self, arrival: Arrival) -> Update:
        """Return how the arriving task may change the model."""
        ...

    def magnitude(self, arrival: Arrival) -> int:
        """Return the number of trailing blocks that may move, 0 to `arrival.blocks`, for a model that knows no other limit.

        Raises ValueError where the strategy asks for more than that.
        """
        update = self.update(arrival)
        if update != Update(update.blocks):
            raise ValueError(f"{self} limits more than the number of blocks; only a network can be trained under it")
        return update.blocks

    def settle(self, task: int, network: Any, before: Mapping[str, Any]) -> None:
        """Change the shared blocks in place after the training of `task`; its head is then fitted anew. By default, nothing.

        `network` is a :class:`cl_core.learners.networks.Network`, `before` the tensors of its ``blocks.state_dict()``
        as they were when the task began. What the result says of the update is said of the settled one.
        """
        return

    def learned(self, task: int, network: Any, data: Any) -> None:
        """Take note that `task` has been learned: the network as it is now, and the task's data. By default, nothing.

        `network` is a :class:`cl_core.learners.networks.Network` and must be left as it is; `data` is a
        :class:`cl_core.learners.tensors.TaskData`. In a loop of your own they are your model and the task's batches.
        """
        return

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return what `learned` has kept, as arrays by name: saved with the run, so that a killed run can go on."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` returned after the last finished task. By default, nothing."""
        return


@dataclass(frozen=True)
class Initialized(Strategy):
    """Initialized training: every task starts from the last weights and may move everything."""

    def update(self, arrival: Arrival) -> Update:
        """Return all blocks."""
        return Update(arrival.blocks)


@dataclass(frozen=True)
class Frozen(Strategy):
    """Frozen training: after the first task only the last `trained` blocks may move."""

    trained: int = 1

    def __post_init__(self) -> None:
        require_count("trained", self.trained)

    def update(self, arrival: Arrival) -> Update:
        """Return `trained`, or all blocks at the first task."""
        return Update(arrival.blocks if arrival.task == 0 else require_fit(self.trained, arrival))


@dataclass(frozen=True)
class Adaptive(Strategy):
    """The paper's hybrid rule: a related task holds `step` blocks more fixed than the task before, any other fewer.

    h counts what is held fixed, 0 to `modules` leading blocks, and goes from `start` by :func:`integrate`; a task
    moves the other blocks, the first task all. With a `quantile` the bar is that quantile of the run's earlier scores
    where there are any. With `counts` ``trained`` h counts what moves instead, the reading that
    the paper's text speaks against. Source: paper, Algorithm 1.
    """

    threshold: float
    step: int
    modules: int
    start: int = 0
    metric: str = "cosine"
    counts: Literal["held", "trained"] = "held"
    quantile: float = 0.0

    def __post_init__(self) -> None:
        self.integrate(())
        find_score(self.metric)
        if self.counts not in {"held", "trained"}:
            raise ValueError(f"counts = {self.counts!r} does not fit; allowed: 'held' or 'trained'")

    def update(self, arrival: Arrival) -> Update:
        """Return how many blocks h leaves to move, from the scores of all tasks so far; all blocks at the first task.

        Raises ValueError where the scores of the earlier tasks are not there, or there are fewer blocks than modules.
        """
        require_fit(self.modules, arrival)
        if arrival.task == 0:
            return Update(arrival.blocks)
        if len(arrival.scores) != arrival.task:
            raise ValueError(
                f"task {arrival.task} arrives with {len(arrival.scores)} earlier scores; give one for each task before"
            )
        scores = (*arrival.scores, score(self.metric, arrival))
        held = self.integrate(scores)[-1]
        return Update(held if self.counts == "trained" else arrival.blocks - held)

    def integrate(self, scores: Sequence[float | None]) -> tuple[int, ...]:
        """Return h after each task whose score is given, as :func:`integrate` does."""
        return integrate(scores, self.threshold, self.step, self.modules, self.start, self.quantile)


@dataclass(frozen=True)
class Replay(Strategy):
    """A recorded schedule played again, whatever the gradients say: the control for a rule that reads them."""

    schedule: tuple[int, ...]

    def __post_init__(self) -> None:
        for magnitude in self.schedule:
            require_count("schedule", magnitude)

    def update(self, arrival: Arrival) -> Update:
        """Return the recorded magnitude of this task; raises IndexError past the end of the record."""
        if arrival.task >= len(self.schedule):
            raise IndexError(
                f"task {arrival.task} has no entry in the schedule {self.schedule}; record one a task, from task 0 on"
            )
        return Update(require_fit(self.schedule[arrival.task], arrival))


@dataclass(frozen=True)
class Limited(Strategy):
    """The first task moves everything, every later one gets the same `limit`, such as ``Update(9, rate_factor=0.25)``."""

    limit: Update

    def update(self, arrival: Arrival) -> Update:
        """Return `limit`, or all blocks at the first task."""
        if arrival.task == 0:
            return Update(arrival.blocks)
        require_fit(self.limit.blocks, arrival)
        return self.limit


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
    compare = find_score(metric)
    if arrival.gradient is None or arrival.previous_gradient is None:
        return math.nan
    return compare(arrival.gradient, arrival.previous_gradient)


def integrate(
    scores: Sequence[float | None], threshold: float, step: int, modules: int, start: int, quantile: float = 0.0
) -> tuple[int, ...]:
    """Return h after each task: how many of `modules` modules Algorithm 1 holds fixed, 0 to `modules`.

    `scores[0]` is None, as the first task has nothing to be compared with; h then is `start`. A score strictly above
    `threshold` adds `step` to h, any other takes `step` away, a missing or NaN score too; h is clipped to 0 and
    `modules`. With a `quantile`, above 0 to 1, the bar is that quantile of the scores before, from the third task on:
    the threshold decides the second alone. Raises ValueError for counts that do not fit, a threshold of NaN, a
    quantile that is none, or a first score.
    Source: paper, Algorithm 1.
    """
    if modules < 0:
        raise ValueError(f"modules = {modules} does not fit; allowed: 0 or more")
    if not 0 <= start <= modules:
        raise ValueError(f"start = {start} does not fit {modules} modules; allowed: 0 to {modules}")
    if step < 0:
        raise ValueError(f"step = {step} does not fit; allowed: 0 or more")
    require_threshold(threshold)
    if not 0 <= quantile <= 1:
        raise ValueError(f"quantile = {quantile!r} does not fit; allowed: 0 to 1, 0 for none")
    if scores and scores[0] is not None:
        raise ValueError(f"scores[0] = {scores[0]!r} does not fit; the first task has no score, so give None")
    held: list[int] = []
    for task, value in enumerate(scores):
        if task == 0:
            held.append(start)
        elif value is not None and value > _bar(scores[:task], threshold, quantile):
            held.append(min(held[-1] + step, modules))
        else:
            held.append(max(held[-1] - step, 0))
    return tuple(held)


def _bar(earlier: Sequence[float | None], threshold: float, quantile: float) -> float:
    """Return what a score has to exceed after the `earlier` ones."""
    known = [score for score in earlier if score is not None and not math.isnan(score)]
    return float(np.quantile(known, quantile)) if quantile and known else threshold


def trailing_sizes(magnitudes: Sequence[int], blocks: Sequence[int]) -> tuple[int, ...]:
    """Return, for each magnitude, the number of parameters in that many trailing blocks of the given sizes."""
    for magnitude in magnitudes:
        if not 0 <= magnitude <= len(blocks):
            raise ValueError(f"magnitude {magnitude} does not fit {len(blocks)} blocks; give 0 to {len(blocks)}")
    return tuple(sum(blocks[len(blocks) - magnitude :]) for magnitude in magnitudes)


def movable(sizes: Sequence[int], share: float) -> int:
    """Return how many parameters of blocks of these `sizes` a mask lets move: the nearest integer to its `share` of them."""
    return round(share * sum(sizes))


def masked_blocks(sizes: Sequence[int], share: float, place: str) -> int:
    """Return how many blocks hold a parameter that a mask lets move."""
    if place == "random" and movable(sizes, share) > 0:
        return len(sizes)
    order = sizes if place == "leading" else list(reversed(sizes))
    left, blocks = movable(sizes, share), 0
    while left > 0:
        left -= order[blocks]
        blocks += 1
    return blocks


def find_score(metric: str) -> Callable[[Vector, Vector], float]:
    """Return the score called `metric`; raises ValueError for a name that is none."""
    if metric not in SCORES:
        raise ValueError(f"metric {metric!r} is unknown; choose one of {', '.join(sorted(SCORES))}")
    return SCORES[metric]


def require_count(name: str, value: int) -> None:
    """Raise ValueError for a negative number of blocks, which the strategy calls `name`."""
    if value < 0:
        raise ValueError(f"{name} = {value} is negative; a magnitude counts blocks, 0 or more")


def require_threshold(value: float) -> None:
    """Raise ValueError for a threshold that is not a number."""
    if math.isnan(value):
        raise ValueError("threshold = nan does not fit; no score compares with it, so give a number")


def require_fit(magnitude: int, arrival: Arrival) -> int:
    """Return `magnitude`; raises ValueError where it exceeds the blocks that there are."""
    if magnitude > arrival.blocks:
        raise ValueError(
            f"magnitude {magnitude} exceeds the {arrival.blocks} blocks there are; give 0 to {arrival.blocks}"
        )
    return magnitude
