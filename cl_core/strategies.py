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
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cl_core.block_sizes import *  # noqa: F403
    from cl_core.given_updates import *  # noqa: F403
    from cl_core.hybrid_rule import *  # noqa: F403

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Arrival:
    """What a strategy may look at when a task arrives, before anything has moved for it.

    `task` counts from 0. `gradient` is the gradient of the new task's training loss with respect to the shared
    parameters, flat; `previous_gradient` is the one that the task before had at its own arrival (None at the first
    task). `loss` is the new task's training loss at arrival, `losses` those of the tasks before. `scores` are those of
    the tasks before, one a task: None where there is none, as at the first; `metric` made them, where it is told.
    """

    task: int
    blocks: int
    gradient: Vector | None = None
    previous_gradient: Vector | None = None
    loss: float = math.nan
    scores: tuple[float | None, ...] = ()
    losses: tuple[float, ...] = ()
    metric: str = ""


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
        if not isinstance(self.blocks, int | np.integer):
            raise ValueError(f"blocks = {self.blocks!r} does not fit; give a whole number of blocks")
        object.__setattr__(self, "blocks", int(self.blocks))
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
    and `restore` as well, one that changes the weights after a task's training `settle`. `update` answers
    ``Update(arrival.blocks)`` at task 0, unless the network comes trained.
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
    if arrival.gradient.shape != arrival.previous_gradient.shape:
        raise ValueError(
            f"gradients of {arrival.gradient.size} and {arrival.previous_gradient.size} parameters cannot be compared"
        )
    return compare(arrival.gradient, arrival.previous_gradient)


def find_score(metric: str) -> Callable[[Vector, Vector], float]:
    """Return the score called `metric`; raises ValueError for a name that is none."""
    if metric not in SCORES:
        raise ValueError(f"metric {metric!r} is unknown; choose one of {', '.join(sorted(SCORES))}")
    return SCORES[metric]


def require_count(name: str, value: int) -> None:
    """Raise ValueError for a negative number of blocks, which the strategy calls `name`."""
    if value < 0:
        raise ValueError(f"{name} = {value} is negative; a magnitude counts blocks, 0 or more")


def require_fit(magnitude: int, arrival: Arrival) -> int:
    """Return `magnitude`; raises ValueError where it exceeds the blocks that there are."""
    if magnitude > arrival.blocks:
        raise ValueError(
            f"magnitude {magnitude} exceeds the {arrival.blocks} blocks there are; give 0 to {arrival.blocks}"
        )
    return magnitude


def __getattr__(name: str) -> Any:
    """Load what few need when a name of theirs is asked for: a rule's own code, given updates, counts of parameters."""
    if not name.startswith("_"):
        from cl_core import block_sizes, given_updates, hybrid_rule

        for module in (block_sizes, given_updates, hybrid_rule):
            if getattr(vars(module).get(name), "__module__", None) == module.__name__:
                return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
