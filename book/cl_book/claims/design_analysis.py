"""What the table of a design says: shares of orders, which choices decide an effect, where the paper's pattern is.

An effect is a difference in the claimed direction, one a protocol; NaN where one of its two runs diverged.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cl_book.claims.arms import title_of
from cl_book.claims.design_tests import LEAST_REGION, LEVEL, MARGIN, NEARLY
from cl_book.claims.paper_table import reported_means
from cl_book.claims.statistics import Interval, t_interval
from cl_core import metric_table
from cl_core.runs.design_axes import Axis
from cl_core.runs.design_table import DesignRecord

Floats = NDArray[np.float64]
Rows = Mapping[int, Mapping[str, DesignRecord]]
"""The complete protocols by number, each with its records by role."""

DRAWS = 10_000
"""Bootstrap draws of an interval."""

MEASURES = ("avg_acc", "task_acc", "forgetting")
REPORTED_ROLES = ("initialized", "frozen", "adaptive")

_FOLDS = 10
_SHUFFLES = 20
_PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


@dataclass(frozen=True)
class Order:
    """An order: `measure` of the role `of` is higher than that of `against`, or with `sign` −1 lower."""

    of: str
    against: str
    measure: str
    sign: int

    @property
    def words(self) -> str:
        """``adaptive above initialized``."""
        return f"{title_of(self.of)} {'above' if self.sign > 0 else 'below'} {title_of(self.against)}"

    @property
    def difference(self) -> str:
        """``adaptive − initialized, Avg.Acc``."""
        return f"{title_of(self.of)} − {title_of(self.against)}, {metric_table.MEASURES[self.measure].title}"


_PATTERN = (
    *(
        Order("adaptive", other, measure, 1)
        for measure in ("avg_acc", "task_acc")
        for other in ("initialized", "frozen")
    ),
    Order("frozen", "initialized", "forgetting", 1),
)
"""The paper's whole pattern: the four gains of adaptive, and what frozen forgets more than initialized."""


@dataclass(frozen=True)
class Share:
    """How many of so many protocols, and the ends of the interval of the share, 0 to 1."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself."""
        return self.count / self.of


def paper_orders(experiment: str) -> tuple[Order, ...]:
    """Return the nine orders of the paper's Tables I and II on `experiment`: three pairs of rows in three measures."""
    orders = []
    for measure in MEASURES:
        for one, other in (("adaptive", "initialized"), ("adaptive", "frozen"), ("frozen", "initialized")):
            means = [_reported_mean(experiment, role, measure) for role in (one, other)]
            orders.append(Order(one, other, measure, 1 if means[0] > means[1] else -1))
    return tuple(orders)


def effect(rows: Rows, order: Order) -> Floats:
    """Return the order's difference in its direction, in points, one a protocol."""
    return np.array(
        [
            order.sign * (row[order.of].measure(order.measure) - row[order.against].measure(order.measure))
            for row in rows.values()
        ]
    )


def share_of(holds: NDArray[np.bool_], *, level: float = LEVEL) -> Share:
    """Return the share of protocols that `holds` is true of, with its interval at 1 − `level`.

    Drawing n of n protocols again gives a binomial number of those that hold. Where all hold, or none, drawing again shows
    nothing else, and the interval ends at the share of which such protocols have a probability of `level` / 2.
    """
    count, size = int(holds.sum()), len(holds)
    if count in (0, size):
        reach = (level / 2) ** (1 / size)
        return Share(count, size, reach, 1.0) if count else Share(count, size, 0.0, 1 - reach)
    drawn = np.random.default_rng(0).binomial(size, count / size, DRAWS) / size
    low, high = np.quantile(drawn, [level / 2, 1 - level / 2])
    return Share(count, size, float(low), float(high))


def compare_halves(rows: Rows, orders: Sequence[Order]) -> list[tuple[Order, float, float, float]]:
    """Return, for each order, its share among even numbers less that among odd ones, and the ends of its interval.

    All intervals hold together at 1 − LEVEL.
    """
    even = np.array([number % 2 == 0 for number in rows])
    draws, level, found = np.random.default_rng(1), LEVEL / len(orders), []
    for order in orders:
        holds = effect(rows, order) > 0
        shares = [float(part.mean()) for part in (holds[even], holds[~even])]
        sizes = [int(even.sum()), int((~even).sum())]
        again = [draws.binomial(size, share, DRAWS) / size for size, share in zip(sizes, shares, strict=True)]
        low, high = np.quantile(again[0] - again[1], [level / 2, 1 - level / 2])
        found.append((order, shares[0] - shares[1], float(low), float(high)))
    return found


def compare_shares(apart: Share, others: Share) -> tuple[float, float, float]:
    """Return one share less another of other protocols, and the ends of Newcombe's interval, −1 to 1.

    It joins the Wilson intervals of the two, and so has a width where all hold, or none.
    """
    (low, high), (other_low, other_high) = _wilson(apart), _wilson(others)
    difference = apart.value - others.value
    below = math.hypot(apart.value - low, other_high - others.value)
    above = math.hypot(high - apart.value, others.value - other_low)
    return difference, difference - below, difference + above


def _wilson(share: Share) -> tuple[float, float]:
    z = NormalDist().inv_cdf(1 - LEVEL / 2)
    grown = 1 + z * z / share.of
    middle = (share.value + z * z / (2 * share.of)) / grown
    reach = z / grown * math.sqrt(share.value * (1 - share.value) / share.of + (z / (2 * share.of)) ** 2)
    return middle - reach, middle + reach


def find_pattern(rows: Rows) -> NDArray[np.bool_]:
    """Return in which protocols the paper's whole pattern holds, as :mod:`cl_book.claims.design_tests` defines it."""
    *gains, forgetting = (effect(rows, order) for order in _PATTERN)
    holds: NDArray[np.bool_] = np.all([gain >= MARGIN for gain in gains], axis=0) & (np.abs(forgetting) <= NEARLY)
    return holds


@dataclass(frozen=True)
class Gains:
    """What a region gives on one half of its `protocols`: the intervals of adaptive's four gains, and of frozen's
    forgetting less initialized's, in points."""

    protocols: int
    intervals: tuple[Interval, ...]
    forgetting: Interval

    @property
    def has_pattern(self) -> bool:
        """Whether the paper's whole pattern is there in the means."""
        return min(one.mean for one in self.intervals) >= MARGIN and abs(self.forgetting.mean) <= NEARLY

    @property
    def merit(self) -> float:
        """The smallest of the four gains, each in its standard errors."""
        return min(one.mean / max(one.spread / math.sqrt(one.seeds), 1e-9) for one in self.intervals)


@dataclass(frozen=True)
class Region:
    """Protocols that share these `levels`, as they are where they were picked, and where they are tested."""

    levels: Mapping[str, str]
    picked: Gains
    tested: Gains

    @property
    def words(self) -> str:
        """The levels in words, such as ``raised none and head plain``."""
        return " and ".join(f"{axis} {level}" for axis, level in self.levels.items())


def search_region(rows: Rows, axes: Sequence[Axis]) -> tuple[Region | None, int]:
    """Return the region that has the pattern most clearly among even numbers, and how many regions were searched.

    All with LEAST_REGION protocols or more in either half are; None where none of them has the pattern. Protocols beside
    a run that diverged are left out.
    """
    gains = np.array([effect(rows, order) for order in _PATTERN])
    known = np.isfinite(gains).all(axis=0)
    even = np.array([number % 2 == 0 for number in rows])
    best: Region | None = None
    searched = 0
    for levels, inside in _regions(rows, axes):
        halves = inside & known & even, inside & known & ~even
        if min(int(half.sum()) for half in halves) < LEAST_REGION:
            continue
        searched += 1
        picked = _gains(gains[:, halves[0]])
        if picked.has_pattern and (best is None or picked.merit > best.picked.merit):
            best = Region(levels, picked, _gains(gains[:, halves[1]]))
    return best, searched


def _gains(of_half: Floats) -> Gains:
    intervals = tuple(t_interval([float(value) for value in row]) for row in of_half)
    return Gains(of_half.shape[1], intervals[:-1], intervals[-1])


def _regions(rows: Rows, axes: Sequence[Axis]) -> Iterator[tuple[Mapping[str, str], NDArray[np.bool_]]]:
    drawn = [next(iter(row.values())).levels for row in rows.values()]
    sides = [
        (axis.name, level, np.array([levels[axis.name] == level for levels in drawn]))
        for axis in axes
        for level in axis.different
    ]
    for axis, level, inside in sides:
        yield {axis: level}, inside
    for (axis, level, inside), (other, second, within) in combinations(sides, 2):
        if axis != other:
            yield {axis: level, other: second}, inside & within


def distances(rows: Rows, experiment: str) -> Floats:
    """Return how far each protocol is from the paper's nine numbers: root mean square, in points; NaN beside a diverged run."""
    squares = [
        (row[role].measure(measure) - _reported_mean(experiment, role, measure)) ** 2
        for row in rows.values()
        for role in REPORTED_ROLES
        for measure in MEASURES
    ]
    away: Floats = np.sqrt(np.array(squares).reshape(len(rows), -1).mean(axis=1))
    return away


@dataclass(frozen=True)
class Decides:
    """The share of an effect's variance that a choice decides, out of sample, and the ends of the bootstrap interval."""

    axis: str
    share: float
    low: float
    high: float


def list_acting(axes: Sequence[Axis], order: Order) -> tuple[Axis, ...]:
    """Return the choices that can act on the order's effect: Algorithm 1's own only where it is one of the sides."""
    return tuple(axis for axis in axes if not axis.of_rule or "adaptive" in (order.of, order.against))


def find_deciding(
    levels: Sequence[Mapping[str, str]], axes: Sequence[Axis], d: Floats
) -> tuple[float, tuple[Decides, ...]]:
    """Return the share of the variance of `d` that all choices predict out of sample, and what each of them decides.

    A ridge regression on the levels is fitted to nine tenths of the protocols, its penalty chosen there by generalised
    cross-validation, and predicts the last tenth; what a choice decides is half of the error that is added when its levels
    are shuffled among those predicted, over the variance. Half, as a shuffled part differs from the right one by twice its
    own variance; a part that is fitted too small gives too small a share. Intervals are from a bootstrap over protocols.
    The choices come in falling order. Protocols without an effect (NaN) are left out; fewer than twice _FOLDS give nothing.
    """
    known = np.isfinite(d)
    y = d[known]
    if len(y) < 2 * _FOLDS or float(np.var(y)) == 0:
        return float("nan"), ()
    own = [one for one, there in zip(levels, known, strict=True) if there]
    columns: list[Floats] = [
        np.array([[one[axis.name] == level for level in axis.different] for one in own], float) for axis in axes
    ]
    ends = np.cumsum([column.shape[1] for column in columns])[:-1]
    x = np.hstack(columns)
    draws = np.random.default_rng(2)
    folds = draws.permutation(len(y)) % _FOLDS
    base, added = np.zeros(len(y)), np.zeros((len(axes), len(y)))
    for fold in range(_FOLDS):
        inside, outside = folds != fold, folds == fold
        centre, means = float(y[inside].mean()), x[inside].mean(axis=0)
        weights = _fit_ridge(x[inside] - means, y[inside] - centre)
        pieces = zip(columns, np.split(weights, ends), strict=True)
        parts = np.array([column[outside] @ own_weights for column, own_weights in pieces])
        predicted = centre + parts.sum(axis=0) - float(means @ weights)
        base[outside] = (y[outside] - predicted) ** 2
        for number in range(len(axes)):
            errors = [
                (y[outside] - predicted + parts[number] - parts[number][draws.permutation(int(outside.sum()))]) ** 2
                for _ in range(_SHUFFLES)
            ]
            added[number, outside] = (np.mean(errors, axis=0) - base[outside]) / 2
    variance = float(np.var(y))
    again = draws.integers(0, len(y), (2000, len(y)))
    spread = np.var(y[again], axis=1)
    spread[spread == 0] = variance
    found = []
    for axis, row in zip(axes, added, strict=True):
        low, high = np.quantile(row[again].mean(axis=1) / spread, [LEVEL / 2, 1 - LEVEL / 2])
        found.append(Decides(axis.name, float(row.mean()) / variance, float(low), float(high)))
    return 1 - float(base.mean()) / variance, tuple(sorted(found, key=lambda one: -one.share))


def _fit_ridge(x: Floats, y: Floats) -> Floats:
    """Return the weights of a ridge regression, with the penalty that generalised cross-validation finds best."""
    left, values, right = np.linalg.svd(x, full_matrices=False)
    along = left.T @ y
    best: tuple[float, Any] = (np.inf, None)
    for penalty in _PENALTIES:
        kept = values**2 / (values**2 + penalty)
        error = float(np.sum((y - left @ (kept * along)) ** 2)) / (1 - float(kept.sum()) / len(y)) ** 2
        if error < best[0]:
            shrunk = np.divide(kept * along, values, out=np.zeros_like(values), where=values > 1e-9)
            best = (error, right.T @ shrunk)
    weights: Floats = best[1]
    return weights


def _reported_mean(experiment: str, role: str, measure: str) -> float:
    table = "II" if measure == "task_acc" else "I"
    return reported_means(table, experiment, measure)[role]
