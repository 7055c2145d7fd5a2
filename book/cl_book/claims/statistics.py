"""Paired differences over seeds: t interval, p-values, Holm's correction, and how many seeds a verdict would need."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtr, stdtr, stdtrit

LEVEL = 0.05
"""Two-sided error level of intervals and tests."""

POWER = 0.8
"""Power that the number of seeds needed refers to."""

MOST_SEEDS = 1000
"""Where more seeds than this would be needed, no number is given."""


@dataclass(frozen=True)
class Interval:
    """Mean of n differences, their standard deviation, and the ends of the t interval at 1 − LEVEL."""

    mean: float
    spread: float
    low: float
    high: float
    seeds: int


def t_interval(differences: Sequence[float], *, level: float = LEVEL) -> Interval:
    """Return the two-sided t interval of the mean at confidence 1 − `level`. Raises ValueError for fewer than two."""
    d = _checked(differences)
    n, mean, spread = len(d), float(np.mean(d)), float(np.std(d, ddof=1))
    half = float(stdtrit(n - 1, 1 - level / 2)) * spread / math.sqrt(n)
    return Interval(mean=mean, spread=spread, low=mean - half, high=mean + half, seeds=n)


def p_value(differences: Sequence[float], *, null: float = 0.0) -> float:
    """Return the two-sided p-value of the t test that the mean is `null`; without any spread it is 0 or 1."""
    d = _checked(differences)
    error = float(np.std(d, ddof=1)) / math.sqrt(len(d))
    distance = float(np.mean(d)) - null
    if error == 0:
        return 1.0 if distance == 0 else 0.0
    return float(2 * stdtr(len(d) - 1, -abs(distance) / error))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted by Holm's step-down method, in the order given: at most 1, never below the raw one.

    Rejecting where the adjusted value is below α keeps the chance of any false rejection below α, however the tests
    depend on each other.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, so_far = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        so_far = max(so_far, (len(p_values) - rank) * p_values[i])
        adjusted[i] = min(1.0, so_far)
    return adjusted


def power(seeds: int, *, spread: float, effect: float, level: float = LEVEL) -> float:
    """Return the chance that a t interval over `seeds` lies above zero when the true mean is `effect`."""
    if seeds < 2:
        return 0.0
    if spread == 0:
        return 1.0
    freedom, shift = seeds - 1, effect / spread * math.sqrt(seeds)
    limit = float(stdtrit(freedom, 1 - level / 2))
    below = float(nctdtr(freedom, shift, limit))
    # The distribution function gives up far from its middle, where the answer is plain.
    return 1 - below if math.isfinite(below) else float(shift > limit)


def seeds_needed(spread: float, effect: float, *, level: float = LEVEL, wanted: float = POWER) -> int | None:
    """Return the least number of seeds with power `wanted` at the true mean `effect`, None beyond MOST_SEEDS.

    `spread` is the standard deviation over seeds. Raises ValueError unless `effect` is above zero.
    """
    if effect <= 0:
        raise ValueError(f"effect = {effect} does not fit; power is stated at an effect above zero")
    enough = (n for n in range(2, MOST_SEEDS + 1) if power(n, spread=spread, effect=effect, level=level) >= wanted)
    return next(enough, None)


def _checked(differences: Sequence[float]) -> np.ndarray:
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or len(d) < 2:
        raise ValueError(f"{d.size} differences give no interval; two or more are needed")
    if not np.isfinite(d).all():
        raise ValueError("a difference is not a number; a run without the measure cannot be compared by it")
    # Rounding leaves a spread of 1e-17 between equal numbers, and an interval of that width.
    return np.full_like(d, round(float(np.mean(d)), 12)) if np.ptp(d) <= 1e-12 * max(1.0, abs(d[0])) else d
