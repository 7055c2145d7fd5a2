"""Plans: names resolve or fail with the nearest, and the identity of a run holds what decides it and nothing else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.experiments.catalogue import CATALOGUE, OWN, PROFILES, VALUES
from cl_core.experiments.plan import list_readers, list_settings, make_plan
from cl_core.experiments.settings import LATER, SETTINGS
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.streams import DEFINITIONS


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("split-cifar", "frozen", 0, "cpu"), "split-cifar10"),
        (("split-cifar100", "two-levl", 0, "cpu"), "'two-level'"),
        (("split-cifar100", "two-level", 0, "cpus"), "'cpu'"),
        (("split-cifar100", "two-level", -1, "cpu"), "seed = -1"),
        (("split-cifar100", "two-level", True, "cpu"), "seed = True"),
        (("digits-split", "two-level", 0, "cpu"), "profile 'smoke'"),
    ],
)
def test_a_wrong_name_fails_with_what_would_do(names, says):
    with pytest.raises(ValueError, match=says):
        make_plan(*names)


@pytest.mark.parametrize("name", [name for name, experiment in CATALOGUE.items() if not experiment.embedded])
def test_smoke_runs_the_stand_in_under_its_own_name(name):
    plan = make_plan(name, "frozen", 0, "smoke")
    assert plan.request == name
    assert plan.experiment.name.startswith("digits-")
    assert plan.experiment.network == CATALOGUE[name].network
    assert set(CATALOGUE[name].reads) == set(plan.experiment.reads)
    assert plan.name.startswith(f"smoke/{plan.experiment.name}/")
    assert name not in plan.name


@pytest.mark.parametrize(("seed", "part"), [(0, "test"), (99, "test"), (100, "validation"), (1234, "validation")])
def test_seeds_from_100_are_scored_on_validation_images(seed, part):
    plan = make_plan("split-cifar100", "frozen", seed, "cpu")
    assert plan.part == part
    assert plan.config["part"] == part


def test_no_two_runs_of_the_catalogue_share_a_file():
    names = [
        make_plan(experiment, strategy, seed, profile, overrides=overrides).name
        for experiment, strategy, seed, profile in itertools.product(CATALOGUE, STRATEGIES, (0, 1, 100), PROFILES)
        if CATALOGUE[experiment].embedded == PROFILES[profile].embedded
        for overrides in ({}, {"learning_rate": 0.01}, {"learning_rate": 0.02})
    ]
    assert len(set(names)) == len(names) > 500


@given(st.floats(1e-6, 10.0), st.floats(1e-6, 10.0))
def test_an_override_has_its_own_file_and_config(one, other):
    first = make_plan("split-cifar10", "frozen", 0, "cpu", overrides={"learning_rate": one})
    second = make_plan("split-cifar10", "frozen", 0, "cpu", overrides={"learning_rate": other})
    assert (first.name == second.name) == (one == other)
    assert (first.config == second.config) == (one == other)


def test_an_override_that_changes_nothing_is_the_same_run():
    usual = make_plan("split-cifar10", "frozen", 0, "cpu")
    again = make_plan("split-cifar10", "frozen", 0, "cpu", overrides={"trained": usual.settings.trained})
    assert again.name == usual.name
    assert again.overrides == {}


@pytest.mark.parametrize(
    ("strategy", "overrides", "says"),
    [
        ("initialized", {"threshold": 0.2}, "no effect on initialized"),
        ("frozen", {"few": 2}, "no effect on frozen"),
        ("frozen", {"overlap": 0.25}, "no effect on frozen on split-cifar10"),
        ("frozen", {"depth": 2}, "no effect"),
        ("joint", {"epochs": 2}, "no effect on joint"),
        ("frozen", {"trained": 10}, "exceeds the network's 9 blocks"),
        ("two-level", {"few": 9, "many": 3}, "few = 9 is above many = 3"),
    ],
)
def test_a_setting_that_the_run_does_not_read_is_refused(strategy, overrides, says):
    with pytest.raises(ValueError, match=says):
        make_plan("split-cifar10", strategy, 0, "cpu", overrides=overrides)


def test_few_may_be_as_much_as_many():
    settings = make_plan("split-cifar10", "two-level", 0, "cpu", overrides={"few": 3, "many": 3}).settings
    assert (settings.few, settings.many) == (3, 3)


@pytest.mark.parametrize("moves", ["m", "f", "mffm"])
def test_a_schedule_has_one_letter_for_all_tasks_or_one_for_each(moves):
    plan = make_plan("split-cifar10", "fixed", 0, "cpu", overrides={"moves": moves})
    assert (plan.settings.moves, plan.settings.tasks) == (moves, 5)


@pytest.mark.parametrize("moves", ["mf", "mffmf"])
def test_a_schedule_of_another_length_is_refused(moves):
    with pytest.raises(ValueError, match="give 4 letters, m or f"):
        make_plan("split-cifar10", "fixed", 0, "cpu", overrides={"moves": moves})


def test_a_setting_tells_who_reads_it():
    everything = (tuple(CATALOGUE), tuple(STRATEGIES))
    assert list_readers("learning_rate") == everything
    layered = tuple(name for name, experiment in CATALOGUE.items() if experiment.network == "mlp")
    assert "permuted-mnist" in layered
    assert list_readers("depth") == (layered, tuple(STRATEGIES))
    assert list_readers("pull") == (tuple(CATALOGUE), ("pulled",))
    assert "joint" not in list_readers("epochs")[1]


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_read_by_some_run(name):
    assert all(list_readers(name))


def test_the_recipe_and_the_network_are_those_of_the_settings():
    plan = make_plan("permuted-mnist", "frozen", 0, "cpu", overrides={"epochs": 3, "depth": 2, "metric": "sign"})
    assert (plan.recipe.epochs, plan.recipe.metric, plan.recipe.learning_rate) == (3, "sign", 0.05)
    assert (plan.network.kind, plan.network.depth, plan.network.width) == ("mlp", 2, 128)
    joint = make_plan("permuted-mnist", "joint", 0, "cpu", overrides={"joint_epochs": 7})
    assert joint.recipe.epochs == 7


def test_the_config_holds_what_the_run_reads_and_nothing_else():
    frozen = make_plan("correlated-cifar100", "frozen", 0, "cpu").config
    assert {"overlap", "trained", "epochs", "width", "part"} <= set(frozen)
    assert not {"threshold", "few", "many", "joint_epochs", "severity", "depth"} & set(frozen)
    joint = make_plan("permuted-mnist", "joint", 0, "cpu").config
    assert "joint_epochs" in joint
    assert not {"epochs", "head_warmup_steps", "metric"} & set(joint)


def test_every_strategy_reads_the_arrival_settings_alike():
    rules = [strategy for strategy in STRATEGIES.values() if strategy.kind != "bound"]
    common = {
        name: {s.name for s in rules if name in list_settings(CATALOGUE["split-cifar10"], s)}
        for name in ("gradient_at", "metric")
    }
    assert all(names == {s.name for s in rules} for names in common.values())


def test_a_control_finds_its_two_level_run_with_the_same_overrides():
    control = make_plan(
        "correlated-cifar100", "two-level-inverted", 3, "cpu", overrides={"overlap": 0.25, "threshold": 0.3}
    )
    two_level = control.of_strategy("two-level")
    assert two_level.overrides == {"overlap": 0.25, "threshold": 0.3}
    assert two_level.strategy.name == "two-level"
    assert dict(two_level.config) == dict(control.config)


def test_a_streams_own_settings_come_from_its_definition():
    config = make_plan("corrupted-cub50", "frozen", 0, "cpu").config
    assert (config["tasks"], config["severity"]) == (DEFINITIONS["corrupted-cub50"].tasks, 4.0)
    assert "overlap" not in config


def test_a_stream_that_cannot_be_cut_so_is_refused_before_anything_runs():
    with pytest.raises(ValueError, match="does not divide"):
        make_plan("split-cifar10", "frozen", 0, "cpu", overrides={"tasks": 3})
    with pytest.raises(ValueError, match="overlap"):
        make_plan("correlated-cifar100", "frozen", 0, "cpu", overrides={"overlap": 0.33})
    assert make_plan("split-cifar10", "frozen", 0, "cpu", overrides={"tasks": 2}).stream_options == {"tasks": 2}


def test_every_experiment_has_its_stream():
    assert set(CATALOGUE) == set(DEFINITIONS)
    assert all((DEFINITIONS[name].dataset == "digits") == experiment.embedded for name, experiment in CATALOGUE.items())


def test_an_experiment_may_have_values_of_its_own():
    assert make_plan("split-cub50", "frozen", 0, "cpu").settings.epochs == OWN["split-cub50"]["epochs"]
    assert make_plan("split-cub50", "frozen", 0, "smoke").settings.epochs == VALUES["smoke"]["resnet"]["epochs"]
    assert "epochs" not in make_plan("split-cub50", "frozen", 0, "cpu").overrides


def test_a_setting_added_later_is_in_a_run_only_where_it_changes_something():
    def config(**overrides):
        return make_plan("correlated-cifar100", "frozen", 0, "cpu", overrides=overrides).config

    usual = config()
    assert not LATER & set(usual)
    assert config(classes=20, augmentation="none", class_images=0, same_images=False) == usual
    given = {"classes": 10, "tasks": 10, "overlap": 0.2, "same_images": True, "augmentation": "flips-and-crops"}
    changed = config(**given)
    assert {name: changed[name] for name in given} == given
    assert "class_images" not in changed


@pytest.mark.parametrize(
    ("experiment", "strategy"), [("split-cifar100", "lwf"), ("split-cifar100", "joint"), ("permuted-mnist", "frozen")]
)
def test_augmentation_is_for_the_resnet_trained_task_by_task(experiment, strategy):
    with pytest.raises(ValueError, match="no effect on"):
        make_plan(experiment, strategy, 0, "cpu", overrides={"augmentation": "flips-and-crops"})


def test_the_first_task_may_have_its_own_number_of_passes():
    plan = make_plan("split-cifar100", "frozen", 0, "cpu", overrides={"first_epochs": 20})
    assert [plan.recipe_of(task).epochs for task in range(3)] == [20, 4, 4]
    usual = make_plan("split-cifar100", "frozen", 0, "cpu")
    assert usual.recipe_of(0) == usual.recipe_of(1) == usual.recipe
    with pytest.raises(ValueError, match="no effect on joint"):
        make_plan("split-cifar100", "joint", 0, "cpu", overrides={"first_epochs": 20})


def test_a_stream_may_end_after_its_first_tasks():
    plan = make_plan("split-cifar100", "averaged", 0, "cpu", overrides={"first_tasks": 5})
    assert plan.stream_options == {"tasks": 10, "first_tasks": 5}
    assert plan.settings.tasks_run == 5
    with pytest.raises(ValueError, match="first_tasks = 11 of 10 tasks"):
        make_plan("split-cifar100", "frozen", 0, "cpu", overrides={"first_tasks": 11})


@pytest.mark.parametrize(
    ("strategy", "name", "value"),
    [
        ("initialized", "frozen_statistics", "moving"),
        ("initialized", "budget", "frozen-then-whole"),
        ("ewc", "optimizer", "adamw"),
        ("joint", "optimizer", "adamw"),
        ("frozen", "quantile", 0.5),
        ("frozen", "score_images", 64),
    ],
)
def test_a_setting_that_a_strategy_does_not_read_is_refused(strategy, name, value):
    with pytest.raises(ValueError, match="no effect on"):
        make_plan("split-cifar100", strategy, 0, "cpu", overrides={name: value})
