"""The reference runs are those that were announced, in that order."""

import itertools
from collections import defaultdict

import pytest
from cl_book.claims import claim as claims
from cl_book.claims.reference_runs import STEPS, plans
from cl_book.cli import app
from typer.testing import CliRunner

from cl_core.experiments.plan import make_plan
from cl_core.experiments.settings import SETTINGS

RULES = {"initialized", "frozen", "frozen-0", "two-level"}
TREND = {"initialized", "frozen", "two-level"}
MAIN = {"split-cifar100": 10, "split-cifar10": 5, "permuted-mnist": 5}


def seeds_of(*steps, **asked):
    """Return the seeds of each (experiment, strategy, overrides) in these steps."""
    found = defaultdict(list)
    for made in plans(steps, **asked):
        found[made.experiment.name, made.strategy.name, tuple(made.overrides.items())].append(made.seed)
    return dict(found)


def test_the_steps_come_in_order():
    assert list(STEPS) == [
        "primary",
        "controls",
        "trends",
        "schedules",
        "sensitivity",
        "algorithm",
        "depths",
        "budget",
        "no-update",
        "choices",
        "streams",
        "deng2025",
        "averaged",
        "order",
        "scale",
        "surprise",
        "baselines",
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
        for strategy in ("two-level-random", "two-level-inverted", "two-level-constant", "joint", "separate"):
            assert found.pop((experiment, strategy, ())) == list(range(count))
    assert {strategy for _, strategy, _ in found} == {"two-level"}, "the runs that controls follow come along"


def test_every_schedule_of_split_cifar10_has_five_seeds():
    found = seeds_of("schedules")
    assert len(found) == 16
    assert {dict(over)["moves"] for _, _, over in found} == {"".join(s) for s in itertools.product("mf", repeat=4)}
    assert all(key[:2] == ("split-cifar10", "fixed") and seeds == list(range(5)) for key, seeds in found.items())


def default(experiment, name):
    return getattr(make_plan(experiment, "initialized", 0, "cpu").settings, name)


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


def test_the_surprise_tries_four_short_steps_on_eight_seeds():
    found = seeds_of("surprise")
    tried = {dict(over)["rate_factor"]: seeds for (_, strategy, over), seeds in found.items() if strategy == "slower"}
    assert tried == {key: list(range(8)) for key in (0.25, 0.1, 0.03, 0.01)}


SENSITIVITY = seeds_of("sensitivity")


def sensitivity(strategy, *names, experiment="split-cifar100"):
    """Return the values of settings that the last step tries under a strategy, with their seeds."""
    found = {}
    for (where, ran, over), seeds in SENSITIVITY.items():
        if (where, ran) == (experiment, strategy) and set(dict(over)) <= set(names):
            values = tuple(dict(over).get(name, default(experiment, name)) for name in names)
            found[values[0] if len(values) == 1 else values] = len(seeds)
    return found


def test_every_number_of_trained_blocks_is_run_on_the_seeds_that_pick_and_those_that_test():
    base = make_plan("split-cifar100", "frozen", 0, "cpu")
    assert base.blocks == 9
    assert sensitivity("frozen", "trained") == dict.fromkeys(range(1, 9), 8)  # frozen-0 and initialized are the ends


def test_threshold_and_gradient_are_varied():
    base = default("split-cifar100", "threshold")
    assert {*sensitivity("two-level", "threshold"), base} == {0.0, base / 2, base, base * 2}
    assert sensitivity("two-level", "gradient_at")["arrival"] == 3


def test_groups_normalise_instead_of_batches():
    assert {strategy: sensitivity(strategy, "norm")["group"] for strategy in RULES} == {
        "initialized": 5,
        "frozen": 5,
        "frozen-0": 3,
        "two-level": 3,
    }


def test_the_same_number_of_parameters_moves_at_several_places():
    places, shares = ("trailing", "leading", "random"), (0.01, 0.05, 0.25, 0.5)
    wanted = {(share, place): 5 if share == 0.25 else 3 for share in shares for place in places}
    assert sensitivity("masked", "share", "place") == wanted
    digits = {key: count for key, count in wanted.items() if key[1] != "random"}
    assert sensitivity("masked", "share", "place", experiment="permuted-mnist") == digits


def test_count_is_set_against_distance():
    assert SENSITIVITY["split-cifar100", "within", ()] == [0, 1, 2, 3, 4]
    for strategy, name in (("slower", "rate_factor"), ("shorter", "step_share"), ("pulled", "pull")):
        tried = sensitivity(strategy, name)
        assert len(tried) == 4
        assert set(tried.values()) == {3}
        assert default("split-cifar100", name) not in tried, "a limit that limits nothing is initialized"


def test_each_strategy_has_four_learning_rates_and_three_lengths():
    base, epochs = (default("split-cifar100", name) for name in ("learning_rate", "epochs"))
    for strategy in TREND:
        assert {*sensitivity(strategy, "learning_rate"), base} == {base / 4, base / 2, base, base * 2}
        assert {*sensitivity(strategy, "epochs"), epochs} == {epochs // 2, epochs, epochs * 2}


def test_every_run_that_a_claim_names_is_in_a_step():
    """A claim whose runs are in no step would stay not run for ever; those on CUB-200 wait for its images."""
    have = {made.name for made in plans()}
    on_runs = [claim for claim in claims.load() if claim.test is not None]
    assert len(on_runs) > 25
    for claim in on_runs:
        if "cub200" not in claim.test.experiment:
            assert {made.name for made in claim.test.runs()} <= have, claim.id


def test_the_last_step_has_three_seeds_at_least():
    assert all(seeds[:3] == [0, 1, 2] for seeds in SENSITIVITY.values())


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
    assert "split-cifar100 · two-level · seed 9 · cpu" in done.output
    done = CliRunner().invoke(app, [*asked, "--set", "epochs=1"])
    assert "--set has no place beside --reference" in str(done.exception)


def test_algorithm_1_and_its_controls_run_on_the_primary_seeds():
    found = seeds_of("algorithm")
    rules = {
        "adaptive",
        "literal",
        "clock",
        "walk",
        *(f"adaptive-{name}" for name in ("random", "inverted", "constant")),
    }
    for experiment, count in MAIN.items():
        assert {s for e, s, over in found if e == experiment and not over} == rules
        assert all(found[experiment, strategy, ()] == list(range(count)) for strategy in rules)
    tried = {dict(over)["threshold"] for _, _, over in found if over}
    assert tried == {0.08, 0.0}


def test_the_budget_is_every_head_with_every_number_of_passes():
    found = seeds_of("budget")
    assert len(found) == 18
    assert all(seeds == list(range(10)) for seeds in found.values())
    base = default("split-cifar100", "epochs"), default("split-cifar100", "head_warmup_steps")
    cells = {
        (strategy, dict(over).get("epochs", base[0]), dict(over).get("head_warmup_steps", base[1]))
        for _, strategy, over in found
    }
    assert cells == set(itertools.product(("initialized", "frozen", "adaptive"), (1, 2, 4), (0, 50)))
    assert {dict(over)["modules"] for _, strategy, over in found if strategy == "adaptive"} == {4}
    assert {dict(over)["trained"] for _, strategy, over in found if strategy == "frozen"} == {5}


def test_the_nearest_recipe_is_run_under_every_strategy_and_depth():
    found = seeds_of("deng2025")
    assert all(seeds == list(range(5)) for seeds in found.values())
    ways = {(strategy, dict(over).get("trained", 1)) for _, strategy, over in found}
    assert ways == {*((rule, 1) for rule in (*RULES, "adaptive")), ("frozen", 3), ("frozen", 5)}
    assert {dict(over)["schedule"] for _, _, over in found} == {"step"}


@pytest.mark.slow
def test_all_steps_are_asked_for_in_one_word():
    done = CliRunner().invoke(app, ["sweep", "--reference", "all", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "split-cifar100 · adaptive · seed 9 · cpu" in done.output
    assert "schedule=step" in done.output


def test_no_update_is_run_on_every_stream_overlap_and_severity():
    asked = defaultdict(set)
    for plan in plans():
        where = (plan.experiment.name, tuple(sorted(plan.stream_options.items())))
        asked[where].add(plan.strategy.name)
    assert len(asked) > 20
    assert [where for where, strategies in asked.items() if "frozen-0" not in strategies] == []


def test_what_turns_no_update_is_asked_of_the_same_three_ways_with_five_seeds():
    found = {key: seeds for key, seeds in seeds_of("no-update").items() if key[0] == "split-cifar100"}
    assert all(seeds == list(range(5)) for seeds in found.values())
    cells = defaultdict(set)
    for _, strategy, over in found:
        cells[over].add(strategy)
    assert all(strategies == {"initialized", "frozen", "frozen-0"} for strategies in cells.values())
    few, more, longer = (("class_images", 100), ("epochs", 20), ("first_epochs", 20))
    wanted = [(), (few,), (few, more), (few, longer)]
    assert {frozenset(over) for over in cells} == {
        *(frozenset((*tasks, *cell)) for tasks in ((), (("tasks", 5),)) for cell in wanted),
        frozenset({("first_epochs", 1)}),
    }


def test_the_choices_that_turned_verdicts_are_run_at_three_depths_and_under_algorithm_1():
    found = seeds_of("choices")
    ways = defaultdict(set)
    for (_, strategy, over), seeds in found.items():
        assert seeds == list(range(5))
        rest = {name: value for name, value in over if name != "trained"}
        ways[tuple(sorted(rest.items()))].add((strategy, dict(over).get("trained", 1)))
    assert len(ways) == 5
    wanted = {("initialized", 1), ("frozen", 1), ("frozen", 3), ("frozen", 5), ("adaptive", 1)}
    assert all(wanted <= have for have in ways.values())


def test_two_of_ten_classes_are_shared_with_apart_and_with_the_same_images():
    found = [(strategy, dict(over)) for e, strategy, over in seeds_of("streams") if e == "correlated-cifar100"]
    assert {over["overlap"] * over["classes"] for _, over in found if "overlap" in over} == {0, 2}
    assert {strategy for strategy, over in found if over.get("same_images")} == {
        "initialized",
        "frozen",
        "frozen-0",
        "adaptive",
    }


def test_the_fields_methods_run_on_the_main_streams_and_the_pull_on_seeds_that_did_not_choose_it():
    found = seeds_of("baselines")
    methods = {(experiment, strategy) for experiment, strategy, over in found if not over}
    assert methods == set(itertools.product(MAIN, ("ewc", "lwf", "replay")))
    assert found.pop(("split-cifar100", "pulled", (("pull", 0.3),))) == list(range(3, 10))
    assert all(seeds == list(range(5)) for seeds in found.values())


def test_the_scale_has_three_widths_and_three_lengths_of_every_primary_strategy():
    found, order = seeds_of("scale"), list(SETTINGS)
    points = {("width", 16): 5, ("epochs", 12): 5, ("width", 32): 3, ("epochs", 30): 3, ("stem_stride", 1): 3}
    arms = [(name, ()) for name in ("initialized", "frozen-0", "frozen", "adaptive", "averaged")]
    arms += [("frozen", (("trained", depth),)) for depth in (3, 5)]
    assert {key: len(seeds) for key, seeds in found.items()} == {
        ("split-cifar100", strategy, tuple(sorted((*own, point), key=lambda setting: order.index(setting[0])))): count
        for point, count in points.items()
        for strategy, own in arms
    }
