"""Designs: the same draw each time, balanced whenever it ends, and each choice changes what it says."""

from collections import Counter

import pytest

from cl_core.experiments.plan import digest_json
from cl_core.runs.design_axes import STREAMS, list_axes, settings_of
from cl_core.runs.designs import DESIGNS, ROLES, SLICE, find_design

CIFAR = find_design("split-cifar100")
DRAWN = {"split-cifar100": "f67ea1b43ff02ada", "split-cifar10": "e576ed274f7005d9", "digits-split": "fcc57eb2b27a3302"}


@pytest.mark.parametrize("name", DESIGNS)
def test_the_draw_is_the_one_that_was_written_down(name):
    assert digest_json([dict(levels) for levels in DESIGNS[name].draw()])[:16] == DRAWN[name]


@pytest.mark.parametrize("name", DESIGNS)
def test_every_slice_has_each_level_as_often_as_any_other_up_to_one(name):
    design = DESIGNS[name]
    for start in range(0, design.protocols - SLICE + 1, SLICE):
        for axis in design.axes:
            counts = Counter(levels[axis.name] for levels in design.draw()[start : start + SLICE])
            for level in axis.different:
                assert abs(counts[level] - SLICE * axis.levels.count(level) / len(axis.levels)) < len(axis.levels), axis
            even = [counts[level] / axis.levels.count(level) for level in axis.different]
            assert max(even) - min(even) <= 1, (axis.name, counts)


def test_no_two_axes_are_drawn_alike():
    columns = [[levels[axis.name] for levels in CIFAR.draw()] for axis in CIFAR.axes]
    two = [tuple(dict.fromkeys(column)) for column in columns]
    places = [[names.index(level) for level in column] for names, column in zip(two, columns, strict=True)]
    assert len({tuple(column) for column in places}) == len(places)


def test_every_run_of_every_design_can_be_made_and_costs_no_more_than_allowed():
    for design in DESIGNS.values():
        for number in range(design.protocols):
            for role in ROLES:
                plan = design.plan(number, role)
                assert plan.seed == int(design.draw()[number]["seed"]) < 100
                if design.profile == "cpu":
                    given = plan.settings
                    raised = [given.width > 8, given.epochs > 4, given.stem_stride < 2]
                    assert sum(raised) <= 1
                    assert given.width <= 16
                    assert given.epochs <= 12


def vary(axis, level, role="adaptive"):
    """Return what a run reads where one choice is `level` and the others are their first."""
    levels = {each.name: each.levels[0] for each in list_axes("cifar100")} | {"statistics": "moving", axis: level}
    common, rule = settings_of(levels, dataset="cifar100", profile="cpu")
    return {**common, **rule} if role == "adaptive" else common


@pytest.mark.parametrize(
    "axis", [axis for axis in list_axes("cifar100") if axis.name not in ("h", "seed")], ids=lambda a: a.name
)
def test_each_choice_changes_the_settings_of_a_run_and_the_rule_s_own_those_of_no_other(axis):
    settings = [(vary(axis.name, level), vary(axis.name, level, "frozen")) for level in axis.different]
    assert all(one != other for i, one in enumerate(settings) for other in settings[:i])
    assert (len({str(other) for _, other in settings}) == 1) == axis.of_rule


def test_the_other_reading_of_h_is_the_strategy_literal():
    readings = {levels["h"]: CIFAR.plan(n, "adaptive").strategy.name for n, levels in enumerate(CIFAR.draw())}
    assert readings == {"held": "adaptive", "trained": "literal"}


def test_each_data_set_has_three_streams_and_every_axis_a_reason():
    assert all(len(streams) == 3 for streams in STREAMS.values())
    assert all(len(axis.reason) > 20 for axis in CIFAR.axes)


@pytest.mark.parametrize(
    ("protocol", "role", "says"), [(150, "frozen", "give 0 to 149"), (0, "frozn", "did you mean 'frozen'")]
)
def test_a_run_that_the_design_does_not_have_is_an_error(protocol, role, says):
    with pytest.raises(ValueError, match=says):
        CIFAR.plan(protocol, role)


def test_an_unknown_design_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'split-cifar10'"):
        find_design("split-cifar")
