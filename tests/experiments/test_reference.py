"""The reference runs are those that were announced, in that order."""

from collections import defaultdict

import pytest
from typer.testing import CliRunner

from cl_core.cli import app
from cl_core.experiments.plan import plan
from cl_core.experiments.reference import STEPS, plans

RULES = {"initialized", "frozen", "frozen-0", "adaptive"}
TREND = {"initialized", "frozen", "adaptive"}
MAIN = {"split-cifar100": 10, "split-cifar10": 5, "permuted-mnist": 5}


def seeds_of(*steps, **asked):
    """Return the seeds of each (experiment, strategy, overrides) in these steps."""
    found = defaultdict(list)
    for made in plans(steps, **asked):
        found[made.experiment.name, made.strategy.name, tuple(made.overrides.items())].append(made.seed)
    return dict(found)


def test_the_steps_come_in_order():
    assert list(STEPS) == [
        name for name in ("primary", "controls", "trends", "schedules", "sensitivity") if name in STEPS
    ]
    every = [made.name for made in plans()]
    assert len(every) == len(set(every))
    primary = [made.name for made in plans(["primary"])]
    assert every[: len(primary)] == primary
    assert [made.name for made in plans(["controls", "primary"])] == [
        made.name for made in plans(["primary", "controls"])
    ]


def test_the_primary_family_has_ten_seeds_on_split_cifar100_and_five_elsewhere():
    assert seeds_of("primary") == {
        (experiment, strategy, ()): list(range(count)) for experiment, count in MAIN.items() for strategy in RULES
    }


def test_controls_and_bounds_are_on_the_same_seeds():
    found = seeds_of("controls")
    for experiment, count in MAIN.items():
        for strategy in ("random", "inverted", "constant", "joint", "separate"):
            assert found.pop((experiment, strategy, ())) == list(range(count))
    assert {strategy for _, strategy, _ in found} == {"adaptive"}, "the runs that controls follow come along"


def default(experiment, name):
    return getattr(plan(experiment, "initialized", 0, "cpu").settings, name)


@pytest.mark.parametrize(
    ("experiment", "name", "values"),
    [
        ("correlated-cifar100", "overlap", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("corrupted-cub50", "severity", (0.0, 1.0, 2.0, 3.0, 4.0)),
    ],
)
def test_the_trends_run_from_end_to_end(experiment, name, values):
    found = {key: seeds for key, seeds in seeds_of("trends").items() if key[0] == experiment}
    changed = {value: () if value == default(experiment, name) else ((name, value),) for value in values}
    assert found == {(experiment, strategy, over): list(range(5)) for strategy in TREND for over in changed.values()}


@pytest.mark.parametrize("experiment", ["split-cub50", "split-cifar100-20"])
def test_birds_and_twenty_tasks_run_under_every_strategy(experiment):
    found = {key: seeds for key, seeds in seeds_of("trends").items() if key[0] == experiment}
    assert found == {(experiment, strategy, ()): list(range(5)) for strategy in RULES}


def sensitivity(strategy, name):
    """Return the values of a setting that the last step tries under a strategy on Split CIFAR-100, with their seeds."""
    return {
        dict(over)[name]: seeds
        for (experiment, ran, over), seeds in seeds_of("sensitivity").items()
        if experiment == "split-cifar100" and ran == strategy and set(dict(over)) == {name}
    }


def test_every_number_of_trained_blocks_is_run():
    base = plan("split-cifar100", "frozen", 0, "cpu")
    assert base.blocks == 9
    tried = {*sensitivity("frozen", "trained"), base.settings.trained, 0, 9}  # frozen-0 and initialized are the ends
    assert tried == set(range(10))


def test_threshold_gradient_and_normalisation_are_varied():
    base = default("split-cifar100", "threshold")
    assert set(sensitivity("adaptive", "threshold")) == {0.0, base / 2, base * 2}
    assert set(sensitivity("adaptive", "gradient_at")) == {"arrival"}
    assert all(set(sensitivity(strategy, "norm")) == {"group"} for strategy in RULES)


def test_each_strategy_has_four_learning_rates_and_three_lengths():
    base, epochs = (default("split-cifar100", name) for name in ("learning_rate", "epochs"))
    for strategy in TREND:
        assert {*sensitivity(strategy, "learning_rate"), base} == {base / 4, base / 2, base, base * 2}
        assert set(sensitivity(strategy, "epochs")) == {epochs // 2, epochs * 2}


def test_the_last_step_has_three_seeds_at_least():
    assert all(seeds[:3] == [0, 1, 2] for seeds in seeds_of("sensitivity").values())


def test_seeds_can_be_extended_and_runs_left_out():
    assert {tuple(seeds) for seeds in seeds_of("sensitivity", seeds=[3, 4]).values()} == {(3, 4)}
    few = plans(["primary"], experiments=["split-cifar10"], strategies=["frozen"])
    assert [made.describe() for made in few] == [f"split-cifar10 · frozen · seed {seed} · cpu" for seed in range(5)]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"steps": ["primry"]}, "primary"),
        ({"steps": ["primary"], "experiments": ["split-cub50"]}, "nothing of primary is left"),
    ],
)
def test_a_wrong_name_is_an_error(asked, says):
    with pytest.raises(ValueError, match=says):
        plans(**asked)


def test_the_command_lists_what_a_step_would_do(tmp_path):
    asked = ["sweep", "--reference", "primary", "--dry-run", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert done.output.count("to do ") == len(plans(["primary"])) + 1
    assert "split-cifar100 · adaptive · seed 9 · cpu" in done.output
    done = CliRunner().invoke(app, [*asked, "--set", "epochs=1"])
    assert "--set has no place beside --reference" in str(done.exception)
