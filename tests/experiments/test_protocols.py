"""A protocol is a table of settings, each with its source; the companion's own changes nothing."""

import pytest

from cl_core.experiments.plan import make_plan
from cl_core.experiments.protocols import COMPANION, PROTOCOLS, protocol_settings
from cl_core.experiments.settings import SETTINGS, check

BARE = make_plan("split-cifar100", "adaptive", 0, "cpu")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_value_fits_its_setting_and_has_a_source(name):
    for setting, sourced in PROTOCOLS[name].values.items():
        assert setting in SETTINGS
        assert check(setting, sourced.value) == sourced.value
        assert len(sourced.source) > 10


def test_a_run_of_the_companion_keeps_its_name():
    assert protocol_settings(COMPANION, [BARE]) == {}


def test_the_documented_recipe_is_what_the_run_reads():
    named = protocol_settings("deng2025", [BARE])
    plan = make_plan("split-cifar100", "adaptive", 0, "cpu", overrides=named)
    recipe = plan.recipe
    assert (recipe.learning_rate, recipe.momentum, recipe.batch, recipe.epochs) == (0.05, 0.9, 128, 30)
    assert (recipe.weight_decay, recipe.schedule, plan.network.shared_head) == (1e-4, "step", False)
    assert "joint_epochs" not in named
    assert plan.name != BARE.name


def test_a_bound_that_counts_its_own_passes_is_given_them():
    named = protocol_settings("deng2025", [make_plan("split-cifar100", "joint", 0, "cpu")])
    assert named["joint_epochs"] == 30
    assert "epochs" not in named


def test_an_unknown_protocol_is_one_line_with_the_nearest():
    with pytest.raises(ValueError, match="deng2025"):
        protocol_settings("deng2024", [BARE])
