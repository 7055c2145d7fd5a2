"""What runs made twice say: how far two machines part, and how much of a score is the task's own.

The first makings stand in ``results/retest``, the second among the reference results. Both have the same seed, images,
first weights and minibatches; only the rounding differs.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cl_book.claims.pairs import pair_by_seed
from cl_core.experiments import store
from cl_core.experiments.store import Result
from cl_core.runs.result_set import ResultSet

FIRST_ARRIVAL = 2
"""First task, counted from 0, whose score can be compared: the second's is held against a gradient at random weights."""

_MEASURES = ("avg_acc", "task_acc", "forgetting")


@dataclass(frozen=True)
class Reliability:
    """How alike the scores of `arrivals` of tasks are when made twice.

    `retest` is the correlation of the two makings, `halves` that of the two halves of one making's gradient sample.
    `agree` is the share of arrivals at which both makings fall on the same side of the threshold, `chance` the share to
    expect of two makings that have nothing to do with one another. `below` is the share of the second making's scores
    that lie below the threshold.
    """

    arrivals: int
    retest: float
    halves: float
    agree: float
    chance: float
    below: float


def pair_runs(experiment: str, strategy: str, first: ResultSet, again: ResultSet) -> list[tuple[Result, Result]]:
    """Return the runs of one experiment and strategy that were made twice, by seed."""
    sides = [{run.seed: run for run in makings.find(experiment, strategy, "cpu")} for makings in (first, again)]
    return [(one, other) for one, other in pair_by_seed(sides).values()]


def judge_score(pairs: list[tuple[Result, Result]], threshold: float) -> Reliability:
    """Return how reliable the score is in runs made twice, of a strategy whose course does not depend on it."""
    one, other = (_join([run.scores[FIRST_ARRIVAL:] for run in runs]) for runs in zip(*pairs, strict=True))
    halves = [half for _, run in pairs for half in run.score_halves[FIRST_ARRIVAL:]]
    left, right = (_join([[half[side] for half in halves]]) for side in (0, 1))
    above, above_again = one >= threshold, other >= threshold
    share, share_again = float(above.mean()), float(above_again.mean())
    return Reliability(
        arrivals=len(one),
        retest=float(np.corrcoef(one, other)[0, 1]),
        halves=float(np.corrcoef(left, right)[0, 1]),
        agree=float((above == above_again).mean()),
        chance=share * share_again + (1 - share) * (1 - share_again),
        below=1 - share_again,
    )


def measure_spread(pairs: list[tuple[Result, Result]]) -> float:
    """Return the root mean square difference of runs made twice, in points of the measure that differs most."""
    return max(
        math.sqrt(
            float(np.mean([(100 * (store.metric(one, name) - store.metric(other, name))) ** 2 for one, other in pairs]))
        )
        for name in _MEASURES
    )


def _join(rows: list[tuple[float | None, ...]] | list[list[float | None]]) -> NDArray[np.float64]:
    return np.array([math.nan if value is None else value for row in rows for value in row], dtype=np.float64)
