"""From differences to a verdict: the rule that was stated before any result, and the primary family's correction.

With d the difference in the claimed direction, one a seed, δ the smallest effect that matters and a 95 % t interval:
*reproduced* if the interval lies above zero, *not reproduced* if it lies below δ and not above zero, *inconclusive*
otherwise. In the primary family both tests are corrected by Holm's method.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cl_book.claims.paired_differences import Reading
from cl_book.claims.statistics import LEVEL, Interval, holm, p_value, seeds_needed, t_interval
from cl_book.notebooks.record import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED

LEAST_SEEDS = 5
"""Fewer seeds than this give no verdict."""

FALSE_SHARE = LEVEL / 2
"""Chance that a claim whose true effect is zero comes out reproduced; that one of true effect δ comes out not reproduced."""


@dataclass(frozen=True)
class Ps:
    """Two-sided p-values of d against zero and against δ, as the verdict takes them."""

    zero: float
    delta: float


@dataclass(frozen=True)
class Judgement:
    """A verdict, the labels that go with it, and the interval that it rests on.

    `needed` is the number of seeds for a power of 80 % at δ, given the observed spread; only where inconclusive, and
    None where there would have to be more than a thousand.
    """

    verdict: str
    labels: tuple[str, ...]
    interval: Interval
    ps: Ps
    needed: int | None = None


def raw_ps(differences: Iterable[float], *, delta: float) -> Ps:
    """Return the p-values of one comparison alone."""
    d = list(differences)
    return Ps(zero=p_value(d), delta=p_value(d, null=delta))


def family_ps(ps: Mapping[str, Ps | None]) -> dict[str, Ps]:
    """Return the p-values of a family by claim, corrected; None stands for a claim without a result, which counts too."""
    none = Ps(1.0, 1.0)
    zero = holm([(each or none).zero for each in ps.values()])
    delta = holm([(each or none).delta for each in ps.values()])
    return {name: Ps(z, d) for name, z, d in zip(ps, zero, delta, strict=True)}


def judge(
    differences: Iterable[float], *, delta: float, effect: float | None = None, ps: Ps | None = None, family: int = 1
) -> Judgement:
    """Return the verdict on differences in the claimed direction.

    `effect` is the paper's, if it reports one. `ps` are the p-values corrected for a family of `family` claims; without
    them the comparison stands alone. Raises ValueError for fewer than LEAST_SEEDS differences.
    """
    d = list(differences)
    if len(d) < LEAST_SEEDS:
        raise ValueError(f"{len(d)} differences give no verdict; {LEAST_SEEDS} or more do")
    ps, interval = ps or raw_ps(d, delta=delta), t_interval(d)
    labels: tuple[str, ...] = ()
    if interval.mean > 0 and ps.zero < LEVEL:
        if effect is not None and interval.high < effect:
            labels = ("smaller",)
        elif effect is not None and interval.low > max(effect, 0.0):
            labels = ("larger",)
        return Judgement(REPRODUCED, labels, interval, ps)
    reversed_ = interval.mean < 0 and ps.zero < LEVEL
    if reversed_ or (interval.mean < delta and ps.delta < LEVEL):
        return Judgement(NOT_REPRODUCED, ("reversed",) if reversed_ else (), interval, ps)
    needed = seeds_needed(interval.spread, delta, level=LEVEL / family)
    return Judgement(INCONCLUSIVE, (), interval, ps, needed)


def judge_reading(reading: Reading, *, ps: Ps | None, family: int) -> Judgement:
    """Return the verdict on what a comparison read, by its own δ and the effect that the paper reports."""
    return judge(reading.differences.values(), delta=reading.delta, effect=reading.effect, ps=ps, family=family)


def expected_false(exploratory: int) -> float:
    """Return how many of `exploratory` claims would come out reproduced by chance if no effect at all were there."""
    return FALSE_SHARE * exploratory
