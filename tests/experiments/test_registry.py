"""Strategies, streams and networks from outside: what may stand for one, and what a run keeps of it."""

import dataclasses
import json

import pytest
from support.plugin_files import STRATEGY

from cl_core.experiments import run, store
from cl_core.experiments.plan import make_plan
from cl_core.experiments.registry import find_experiment, find_strategy
from cl_core.runs.repeat import repeat
from cl_core.runs.staleness import state

TINY = {"tasks": 2, "epochs": 1, "head_warmup_steps": 1}

KINDS = (
    STRATEGY
    + '''
from cl_core.experiments.strategy_table import Treatment
from cl_core.strategies import Frozen, Initialized

instance = Halved()
table = Treatment(name="x", kind="rule", summary="few", also="", make=lambda run: Frozen(run.settings.trained), reads=("trained",))
number = 3
no_base = type("NoBase", (), {"update": lambda self, arrival: 1})

def of_run(run):
    return Frozen(run.blocks - 1)

def of_nothing():
    return Initialized()

def of_two(a, b):
    return Initialized()

def wrong():
    return 7

class Silent(Strategy):
    pass

class Words(Strategy):
    def update(self, arrival):
        return "all"

class Number(Strategy):
    def update(self, arrival):
        return arrival.blocks

class Raises(Strategy):
    def update(self, arrival):
        return {}["no"]

class Counting(Strategy):
    """Remembers the tasks of its run."""

    def __init__(self):
        self.seen = []

    def update(self, arrival):
        assert len(self.seen) == arrival.task
        return Update(arrival.blocks)

    def learned(self, task, network, data):
        self.seen.append(task)

counting = Counting()
'''
)

STREAM = '''"""A stream and a network of my own."""
import numpy as np
from torch import nn
from cl_core.learners import Network
from cl_core.streams import Stream

def draw(seed):
    draws = np.random.default_rng(seed)
    def task():
        centres = draws.normal(size=(3, 6))
        y, y_eval = np.repeat([0, 1, 2], 20), np.repeat([0, 1, 2], 4)
        return centres[y] + draws.normal(size=(60, 6)), y, centres[y_eval] + draws.normal(size=(12, 6)), y_eval
    return Stream.of([task(), task()], name="clouds")

fixed = draw(0)

def two_blocks(inputs):
    blocks = [nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.ReLU()), nn.Sequential(nn.Linear(8, 8), nn.ReLU())]
    return Network(blocks, [nn.Linear(8, inputs.classes) for _ in range(inputs.tasks)])

def one_head(inputs):
    return Network([nn.Flatten()], [nn.Linear(6, inputs.classes)])

def none(inputs):
    return nn.Linear(6, 3)

def no_stream(seed):
    return [seed]

def broken(seed):
    return {}["a file"]
'''


@pytest.fixture
def kinds(own_files):
    own_files.write("kinds.py", KINDS)
    own_files.write("own.py", STREAM)
    return own_files


@pytest.mark.parametrize("name", ["Halved", "instance", "of_run", "of_nothing", "table", "Number", "counting"])
def test_a_class_an_instance_a_function_and_an_entry_are_strategies(kinds, name):
    result = run("digits-split@mlp", f"kinds:{name}", 100, "smoke", overrides=TINY)
    assert result.strategy == f"kinds:{name}"
    assert result.magnitudes == {"Halved": (3, 1), "instance": (3, 1), "of_run": (3, 2), "table": (3, 1)}.get(
        name, (3, 3)
    )


def test_an_instance_keeps_nothing_from_run_to_run(kinds):
    first, second = (run("digits-split@mlp", "kinds:counting", 100, "smoke", overrides=TINY) for _ in range(2))
    assert first.outcome == second.outcome


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("number", "kinds:number is a value of type int; a strategy is a class"),
        ("no_base", "the class kinds:no_base is no strategy; let it inherit"),
        ("of_two", "kinds:of_two needs 2 arguments; write an instance"),
        ("Silent", "kinds:Silent defines no `update`"),
        ("wrong", "kinds:wrong returns a value of type int; return an instance"),
        ("Words", "Words.update answers 'all' at task 0; answer a number of blocks"),
    ],
)
def test_what_is_no_strategy_is_refused_in_one_line(kinds, name, said):
    with pytest.raises(ValueError, match=said) as error:
        run("digits-split@mlp", f"kinds:{name}", 100, "smoke", overrides=TINY)
    assert "\n" not in str(error.value)


def test_a_strategy_that_raises_is_one_line_with_its_place(kinds):
    with pytest.raises(RuntimeError, match=r"kinds:Raises raises KeyError: 'no' \(kinds.py, line \d+\)"):
        run("digits-split@mlp", "kinds:Raises", 100, "smoke", overrides=TINY)


def test_the_source_is_part_of_the_config_the_record_and_the_name_is_a_file(kinds):
    plan = make_plan("own:fixed@own:two_blocks", "kinds:Halved", 100, "smoke")
    assert plan.name == "smoke/own.fixed@own.two_blocks/kinds.Halved-100.json"
    result = run("own:fixed@own:two_blocks", "kinds:Halved", 100, "smoke")
    assert result.config["strategy_source"] == find_strategy("kinds:Halved").plugin.digest
    assert result.config["stream_source"] == result.config["network_source"] == plan.plugins["stream"].digest
    assert set(result.recorded["plugins"]) == {"kinds.py", "own.py"}
    assert (result.data["name"], result.data["route"], len(result.block_parameters)) == ("clouds", "given", 2)


def test_nothing_of_it_stands_in_a_run_of_the_projects_own():
    plan = make_plan("digits-split", "frozen", 0, "smoke")
    assert plan.plugins == {}
    assert not [name for name in plan.config if name.endswith("_source")]
    assert "plugins" not in run("digits-split@mlp", "frozen", 100, "smoke", overrides=TINY).recorded


def test_a_changed_plugin_makes_its_results_those_of_other_code(kinds):
    result = run("digits-split@mlp", "kinds:Halved", 100, "smoke", overrides=TINY)
    then = result.config["strategy_source"]
    assert state(result, confirmed=True).word == "current"
    kinds.write("kinds.py", KINDS.replace("// 2", "// 3"))
    now = find_strategy("kinds:Halved").plugin.digest
    assert state(result, confirmed=True).stale == (
        f"made by other code: the source of kinds:Halved was {then}, and is {now} now",
    )


def test_a_plugin_that_is_gone_leaves_its_results_unchecked(kinds):
    result = run("digits-split@mlp", "kinds:Halved", 100, "smoke", overrides=TINY)
    (kinds.folder / "kinds.py").unlink()
    kinds.start_anew()
    assert "no module 'kinds' for the strategy" in state(result, confirmed=True).stale[0]


def test_a_stored_run_is_repeated_to_the_bit(kinds, tmp_path):
    result = run("own:draw", "kinds:of_run", 3, "smoke")
    path = tmp_path / make_plan("own:draw", "kinds:of_run", 3, "smoke").name
    store.save(result, path)
    assert store.load(path).outcome == result.outcome
    assert repeat(path)[1].identical


def test_a_rule_from_outside_has_yoked_controls(kinds):
    rule = run("own:draw", "kinds:Halved", 100, "smoke")
    plan = make_plan("own:draw", "kinds:Halved-inverted", 100, "smoke")
    assert plan.followed.strategy.name == "kinds:Halved"
    assert plan.config["strategy_source"] == rule.config["strategy_source"]
    control = run("own:draw", "kinds:Halved-inverted", 100, "smoke", source=rule)
    assert control.source["digest"] == rule.digest
    assert sorted(control.magnitudes) == sorted(rule.magnitudes)


def test_an_instance_and_a_function_have_yoked_controls_too(kinds):
    for name in ("instance", "of_run", "table"):
        assert find_strategy(f"kinds:{name}-constant").follows == f"kinds:{name}"


def test_a_strategy_that_settles_the_weights_has_no_yoked_control(own_files):
    own_files.write("settled.py", SETTLED)
    with pytest.raises(ValueError, match="settled:Averaged changes the weights after a task, so its magnitudes alone"):
        find_strategy("settled:Averaged-random")


def test_a_drawn_stream_follows_the_seed_and_a_fixed_one_does_not(kinds):
    drawn = [run("own:draw", "initialized", seed, "smoke").data["digest"] for seed in (0, 1)]
    fixed = [run("own:fixed", "initialized", seed, "smoke").data for seed in (0, 1)]
    assert drawn[0] != drawn[1]
    assert fixed[0]["digest"] == fixed[1]["digest"]
    assert fixed[0]["stream"] != fixed[1]["stream"]


def test_rows_of_features_go_to_an_mlp_unless_another_network_is_named(kinds):
    assert find_experiment("own:fixed").network == "mlp"
    assert find_experiment("own:fixed@mlp") is find_experiment("own:fixed")
    assert find_experiment("digits-split@mlp").network == "mlp"
    smoke = make_plan("split-cifar100@own:two_blocks", "frozen", 100, "smoke")
    assert smoke.experiment.name == "digits-split@own:two_blocks"


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ("own:none", "own:none returns a value of type Linear|own:none is a function"),
        ("own:no_stream", "own:no_stream returns a value of type list; return what cl_core.streams.Stream.of gives"),
        ("own:broken", r"^own:broken raises KeyError: 'a file' \(own.py, line \d+\)"),
        ("own:fixed@own:none", "own:none returns a Linear; return a cl_core.learners.Network"),
        ("own:fixed@own:one_head", "own:one_head returns a Network with 1 heads; return .* with 2 heads"),
        ("own:fixed@own:fixed", "own:fixed is a value of type Stream; a network is a function"),
        ("own:fixed@nothing", "There is no network 'nothing'"),
        ("kinds:number", "kinds:number is a value of type int; a stream is what"),
    ],
)
def test_what_is_no_stream_or_network_is_refused_in_one_line(kinds, experiment, said):
    with pytest.raises((ValueError, RuntimeError), match=said) as error:
        run(experiment, "initialized", 100, "smoke")
    assert "\n" not in str(error.value)


def test_a_setting_that_exceeds_the_blocks_of_an_own_network_is_refused_before_training(kinds):
    with pytest.raises(ValueError, match="modules = 9 exceeds the network's 2 blocks; give 0 to 2"):
        run("own:fixed@own:two_blocks", "adaptive", 100, "smoke")


def test_own_data_take_no_route(kinds):
    with pytest.raises(
        ValueError, match="own:fixed brings its own data; leave out --data prepared, or unset CL_DATA_ROUTE"
    ):
        run("own:fixed", "initialized", 100, "smoke", route="prepared")


SETTLED = """
from cl_core.strategies import Strategy, Update

class Averaged(Strategy):
    def update(self, arrival):
        return Update(arrival.blocks)

    def settle(self, task, network, before):
        for name, weights in network.blocks.state_dict().items():
            if weights.is_floating_point():
                weights.copy_(before[name] + (weights - before[name]) / (task + 1))

class Undone(Averaged):
    def settle(self, task, network, before):
        if task > 0:
            network.blocks.load_state_dict(before)
"""


def test_a_strategy_may_settle_the_weights_and_the_result_tells_the_settled_ones(own_files):
    own_files.write("settled.py", SETTLED)
    plain, averaged, undone = (
        run("digits-split@mlp", name, 100, "smoke", overrides=TINY)
        for name in ("initialized", "settled:Averaged", "settled:Undone")
    )
    # The first task's mean is itself; the second goes half of its way.
    assert averaged.update_norms[0] == pytest.approx(plain.update_norms[0])
    assert averaged.update_norms[1] == pytest.approx([norm / 2 for norm in plain.update_norms[1]], rel=1e-9)
    assert undone.update_norms[1] == (0.0,) * 3
    assert undone.correct[1][0] == undone.correct[0][0]
    assert undone.moved_share == (1.0, 1.0)


def test_the_result_survives_its_file(kinds):
    result = run("own:fixed@own:two_blocks", "kinds:Halved", 100, "smoke")
    assert json.loads(store.dumps(result))["config"] == dict(result.config)
    assert store.loads(store.dumps(result), where="here") == dataclasses.replace(result)
