"""The paper's hybrid rule, Algorithm 1; :mod:`cl_core.strategies` has its names too, and loads them when they are asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cl_core.strategies import Arrival, Strategy, Update, find_score, require_fit, score


@dataclass(frozen=True)
class Adaptive(Strategy):
    """The paper's hybrid rule: a related task holds `step` more blocks fixed than the task before, an unrelated one `step` fewer.

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

        Raises ValueError where the gradient of the task before or the scores of the earlier tasks are not there, where those
        were scored by another metric, or there are fewer blocks than modules.
        """
        require_fit(self.modules, arrival)
        if arrival.task == 0:
            return Update(arrival.blocks)
        require_previous(arrival)
        if arrival.metric not in ("", self.metric):
            raise ValueError(
                f"the arrival is scored by {arrival.metric!r}, the rule by {self.metric!r}; give both one metric"
            )
        if len(arrival.scores) != arrival.task:
            raise ValueError(
                f"task {arrival.task} arrives with {len(arrival.scores)} earlier scores; give arrive() the score of each task "
                "before, None for the first"
            )
        scores = (*arrival.scores, score(self.metric, arrival))
        held = self.integrate(scores)[-1]
        return Update(held if self.counts == "trained" else arrival.blocks - held)

    def integrate(self, scores: Sequence[float | None]) -> tuple[int, ...]:
        """Return h after each task whose score is given, as :func:`integrate` does."""
        return integrate(scores, self.threshold, self.step, self.modules, self.start, self.quantile)


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


def require_previous(arrival: Arrival) -> None:
    """Raise ValueError for an arrival that has nothing to compare its gradient with."""
    if arrival.gradient is None or arrival.previous_gradient is None:
        raise ValueError(
            f"task {arrival.task} arrives without the gradient of the task before; give arrive() its report's gradient as "
            "previous_gradient, or Movable.arrival() its arrival as previous"
        )


def require_threshold(value: float) -> None:
    """Raise ValueError for a threshold that is not a number."""
    if math.isnan(value):
        raise ValueError("threshold = nan does not fit; no score compares with it, so give a number")
