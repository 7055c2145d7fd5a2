"""What a table of a design says, on tables whose effects were planted."""

import numpy as np
import pytest
from cl_book.claims import design_analysis as analysis
from cl_book.claims.design_analysis import Order
from support.made_designs import make_record, make_table

from cl_core.runs.design_table import complete_protocols
from cl_core.runs.designs import find_design

NAME = "split-cifar100"
DESIGN = find_design(NAME)
AVG = Order("adaptive", "initialized", "avg_acc", 1)


def table(accuracies, protocols=None, **planted):
    return complete_protocols(make_table(NAME, accuracies, protocols))


def levels(rows):
    return [dict(next(iter(row.values())).levels) for row in rows.values()]


def test_the_paper_s_orders_point_where_its_numbers_do():
    words = {(order.measure, order.words) for order in analysis.paper_orders(NAME)}
    assert len(words) == 9
    assert ("task_acc", "frozen below initialized") in words
    assert ("forgetting", "adaptive above frozen") in words
    assert ("forgetting", "adaptive below frozen") in {
        (order.measure, order.words) for order in analysis.paper_orders("split-cifar10")
    }


def test_an_order_calls_no_update_by_that_name():
    order = Order("frozen-0", "adaptive", "avg_acc", -1)
    assert (order.words, order.difference) == ("no update below adaptive", "no update − adaptive, Avg.Acc")


def test_a_planted_share_is_found_with_its_interval():
    rows = table(lambda number, _: {"adaptive": (51 if number % 3 == 0 else 49, 10)})
    share = analysis.share_of(analysis.effect(rows, AVG) > 0)
    assert (share.count, share.of) == (50, 150)
    half = 1.96 * np.sqrt(2 / 9 / 150)
    assert (share.low, share.high) == pytest.approx((1 / 3 - half, 1 / 3 + half), abs=0.01)


@pytest.mark.parametrize("size", [15, 33, 150])
def test_an_order_in_all_protocols_or_in_none_is_not_certain(size):
    none, every = (analysis.share_of(np.full(size, holds)) for holds in (False, True))
    assert (none.low, every.high) == (0, 1)
    assert (1 - none.high) ** size == pytest.approx(0.025)
    assert every.low**size == pytest.approx(0.025)


def test_an_equal_number_and_a_run_that_diverged_do_not_hold():
    records = make_table(NAME, lambda *_: {"adaptive": (51, 10)}, 3)
    failed = make_record(NAME, 0, "adaptive", 50, 10, failure="nan", correct=(), classes=(), test_sizes=())
    rows = complete_protocols([failed, *(r for r in records if r.key != failed.key)])
    assert list(analysis.effect(rows, AVG) > 0) == [False, True, True]
    assert np.isnan(analysis.effect(rows, AVG)[0])
    equal = table(lambda *_: {}, 3)
    assert not (analysis.effect(equal, AVG) > 0).any()


def test_a_difference_between_the_halves_is_found_and_none_where_there_is_none():
    def drawn(number, _):
        return {"adaptive": (50 + np.random.default_rng(number).normal(), 10)}

    orders = analysis.paper_orders(NAME)
    alike = analysis.compare_halves(table(drawn), orders)
    assert all(low <= 0 <= high for *_, low, high in alike)
    apart = analysis.compare_halves(table(lambda n, _: {"adaptive": (49 if n % 2 else 51, 10)}), orders)
    order, difference, low, _ = apart[0]
    assert order == AVG
    assert difference == 1
    assert low > 0.5


def test_the_choice_that_decides_is_found_out_of_sample_and_no_other():
    def planted(number, at):
        noise = np.random.default_rng(number).normal(0, 1, 2)
        return {"adaptive": (50 + 4 * (at["norm"] == "group") + noise[0], 10), "initialized": (50 + noise[1], 10)}

    rows = table(planted)
    predicted, decides = analysis.find_deciding(levels(rows), DESIGN.axes, analysis.effect(rows, AVG))
    assert decides[0].axis == "norm"
    # A third of the protocols have group norm, so its effect has a variance of 4² · 2/9, beside 2 of the two noises.
    true = 16 * 2 / 9 / (16 * 2 / 9 + 2)
    assert true - 0.15 < decides[0].share < true + 0.05
    assert decides[0].low > 0.3
    assert predicted > 0.4
    assert all(one.low < 0.05 and one.share < 0.1 for one in decides[1:])


@pytest.mark.parametrize("size", [2.0, 20.0])
def test_a_choice_never_decides_more_than_all_of_an_effect(size):
    def planted(number, at):
        noise = np.random.default_rng(number).normal(0, 0.1)
        return {"adaptive": (50 + size * (at["head"] == "plain") + noise, 10)}

    rows = table(planted)
    predicted, decides = analysis.find_deciding(levels(rows), DESIGN.axes, analysis.effect(rows, AVG))
    assert 0.8 < decides[0].share < 1.02
    assert sum(one.share for one in decides) < 1.05
    assert predicted > 0.9


def test_choices_of_the_rule_alone_act_on_its_own_effects():
    names = {axis.name for axis in analysis.list_acting(DESIGN.axes, Order("frozen", "initialized", "avg_acc", 1))}
    assert not names & {"threshold", "start", "step", "modules", "budget", "images", "gradient", "over", "first"}
    assert {"head", "optimizer", "passes"} < names
    assert analysis.list_acting(DESIGN.axes, AVG) == DESIGN.axes


def test_noise_is_decided_by_nothing():
    rows = table(lambda number, _: {"adaptive": (50 + np.random.default_rng(number).normal(), 10)})
    predicted, decides = analysis.find_deciding(levels(rows), DESIGN.axes, analysis.effect(rows, AVG))
    assert predicted < 0.1
    assert all(one.low < 0.05 for one in decides)


def test_too_few_protocols_and_effects_without_spread_decide_nothing():
    few = table(lambda number, _: {"adaptive": (number, 10)}, 10)
    same = table(lambda *_: {"adaptive": (51, 10)})
    for rows in (few, same):
        predicted, decides = analysis.find_deciding(levels(rows), DESIGN.axes, analysis.effect(rows, AVG))
        assert np.isnan(predicted)
        assert decides == ()


def planted_region(number, at):
    noise = np.random.default_rng(number).normal(0, 1, 6)
    inside = at["head"] == "fitted for the rule" and at["optimizer"] == "sgd"
    gain = 6.0 if inside else -3.0
    return {
        "initialized": (42 + noise[0], 20 + noise[1]),
        "frozen": (42 + noise[2], 20 + noise[3]),
        "adaptive": (42 + gain + noise[4], 20 + noise[5]),
    }


def test_a_planted_region_is_found_on_one_half_and_holds_on_the_other():
    region, searched = analysis.search_region(table(planted_region), DESIGN.axes)
    assert region.levels == {"optimizer": "sgd", "head": "fitted for the rule"}
    assert searched > 1000
    assert region.tested.has_pattern
    assert min(one.low for one in region.tested.intervals) > 3
    assert not region.tested.forgetting.low > 0 > region.tested.forgetting.high


@pytest.mark.parametrize(
    "spoilt",
    [
        {"adaptive": (42, 20)},
        {"frozen": (49, 20)},
        {"adaptive": (48, 0)},
        {"frozen": (42, 10)},
    ],
)
def test_no_part_of_the_pattern_may_be_missing(spoilt):
    rows = table(lambda *_: {"initialized": (42, 20), "frozen": (42, 20), "adaptive": (48, 20), **spoilt}, 60)
    assert not analysis.find_pattern(rows).any()
    assert analysis.search_region(rows, DESIGN.axes)[0] is None


def test_the_pattern_is_found_where_it_is():
    rows = table(lambda *_: {"initialized": (42, 20), "frozen": (42, 20), "adaptive": (48, 20)}, 60)
    assert analysis.find_pattern(rows).all()


def test_the_distance_is_to_the_paper_s_nine_numbers():
    exact = {"initialized": (42.27, 24.84), "frozen": (43.38, 23.96), "adaptive": (47.19, 24.15)}
    (away,) = analysis.distances(table(lambda *_: exact, 1), NAME)
    # Two tasks tie Task.Acc to the two others, at 54.7, 55.4 and 59.3; the paper has 60.72, 57.37 and 67.30.
    squares = [(60.72 - 54.69) ** 2, (57.37 - 55.36) ** 2, (67.30 - 59.265) ** 2]
    assert away == pytest.approx(np.sqrt(sum(squares) / 9), abs=0.01)


@pytest.mark.parametrize(
    ("counts", "ends"),
    [
        # Newcombe (1998), Statistics in Medicine 17, page 877, method 10, examples (a), (b), (d), (h).
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_two_shares_are_compared_as_newcombe_does(counts, ends):
    one, of, other, of_others = counts
    difference, low, high = analysis.compare_shares(
        analysis.Share(one, of, 0, 0), analysis.Share(other, of_others, 0, 0)
    )
    assert difference == pytest.approx(one / of - other / of_others)
    assert (low, high) == pytest.approx(ends, abs=5e-5)
