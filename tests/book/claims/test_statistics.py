"""Intervals, p-values, Holm's correction and power, by hand, against scipy's own, and by their properties."""

import math

import numpy as np
import pytest
from cl_book.claims.statistics import holm, p_value, power, seeds_needed, t_interval
from hypothesis import given
from hypothesis import strategies as st

points = st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 3))
samples = st.lists(points, min_size=2, max_size=12)
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_an_interval_by_hand():
    # mean 3, variance 2.5, t(0.975, 4) = 2.7764
    found = t_interval([1, 2, 3, 4, 5])
    assert (found.mean, found.seeds) == (3, 5)
    assert found.spread == pytest.approx(math.sqrt(2.5))
    assert found.high - 3 == pytest.approx(2.7764 * math.sqrt(2.5 / 5), rel=1e-4)
    assert found.low == pytest.approx(6 - found.high)


@given(samples)
def test_p_values_are_those_of_the_t_test(d):
    # Not at the top: every process that collects tests would load it, for a second.
    from scipy import stats

    if np.std(d) < 1e-3:
        return
    assert p_value(d) == pytest.approx(stats.ttest_1samp(d, 0).pvalue, rel=1e-6, abs=1e-12)
    assert p_value(d, null=0.5) == pytest.approx(stats.ttest_1samp(d, 0.5).pvalue, rel=1e-6, abs=1e-12)


@given(samples)
def test_the_interval_leaves_zero_out_where_p_is_small(d):
    found, p = t_interval(d), p_value(d)
    assert found.low <= found.mean <= found.high
    if abs(p - 0.05) > 1e-6 and np.std(d) > 1e-3:
        assert (p < 0.05) == (found.low > 0 or found.high < 0)


@given(samples, st.floats(0.1, 10))
def test_the_interval_moves_and_turns_with_the_differences(d, shift):
    one, other = t_interval(d), t_interval([x + shift for x in d])
    assert other.low == pytest.approx(one.low + shift, abs=1e-6)
    turned = t_interval([-x for x in d])
    assert turned.high == pytest.approx(-one.low, abs=1e-9)


def test_no_spread_leaves_no_doubt():
    assert t_interval([2.0, 2.0, 2.0]).low == 2.0
    assert p_value([2.0, 2.0, 2.0]) == 0.0
    assert p_value([0.0, 0.0, 0.0]) == 1.0
    # 0.1 + 0.2 is not 0.3: a spread of rounding alone must not decide.
    assert p_value([0.1 + 0.2 - 0.3, 0.0, 0.0]) == 1.0


@pytest.mark.parametrize("d", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_what_gives_no_interval(d):
    with pytest.raises(ValueError, match=r"no interval|not a number"):
        t_interval(d)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5]) == [0.5]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(p_values)
def test_holm_lies_between_no_correction_and_bonferroni(ps):
    for raw, adjusted in zip(ps, holm(ps), strict=True):
        assert raw <= adjusted <= min(1.0, len(ps) * raw) + 1e-12


@given(p_values)
def test_holm_keeps_the_order(ps):
    found = holm(ps)
    ranked = [found[i] for i in np.argsort(ps, kind="stable")]
    assert ranked == sorted(ranked)


def test_holm_keeps_the_chance_of_any_false_verdict():
    # 8 true null hypotheses, alike or apart: at most 5 % of families have a rejection; 500 families have a standard error
    # of 1 %, and 3 of these above are allowed.
    draws = np.random.default_rng(3)
    for correlated in (False, True):
        d = draws.standard_normal((500, 8, 10))
        if correlated:
            d = 0.3 * d + draws.standard_normal((500, 1, 10))
        any_false = [min(holm([p_value(row) for row in family])) < 0.05 for family in d]
        assert np.mean(any_false) <= 0.05 + 3 * 0.01


def test_power_by_the_book():
    # A paired t test with an effect of half a standard deviation needs 34 pairs for 80 % (two-sided, 5 %).
    assert seeds_needed(2.0, 1.0) == 34
    assert power(34, spread=2.0, effect=1.0) >= 0.8 > power(33, spread=2.0, effect=1.0)


def test_power_by_simulation():
    draws = np.random.default_rng(5).normal(1.0, 1.5, size=(2000, 8))
    rejected = np.mean([t_interval(d).low > 0 for d in draws])
    assert rejected == pytest.approx(power(8, spread=1.5, effect=1.0), abs=3 * 0.011)


@given(st.floats(0.05, 2), st.floats(0.5, 5))
def test_more_spread_needs_more_seeds(spread, effect):
    less, more = seeds_needed(spread, effect), seeds_needed(1.5 * spread, effect)
    assert less is not None
    assert more is not None
    assert more >= less >= 2


def test_what_has_no_number_of_seeds():
    assert seeds_needed(100.0, 0.5) is None
    assert seeds_needed(0.0, 0.5) == 2
    with pytest.raises(ValueError, match="above zero"):
        seeds_needed(1.0, 0.0)
