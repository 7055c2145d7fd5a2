"""Strategies and experiments by name: the project's own, and those of plugins.

A strategy is named as in STRATEGIES, or as a plugin; after the name of a plugin's strategy, ``-random``, ``-inverted``
and ``-constant`` name its yoked controls. An experiment is named as in CATALOGUE, or as a plugin that is a stream;
``@`` and the name of a network after it give it that network.
"""

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from cl_core.experiments.catalogue import CATALOGUE, Experiment, OwnStream
from cl_core.experiments.strategy_table import STRATEGIES, StrategyInputs, Treatment, yoke
from cl_core.plugins import Plugin, explain_failure, find_plugin, list_installed
from cl_core.strategies import Strategy
from cl_core.streams.sequences import Stream

if TYPE_CHECKING:
    from cl_core.experiments.settings import Settings
    from cl_core.experiments.strategy_table import Bound

NETWORKS: Mapping[str, str] = {
    "resnet": "a stem and eight residual blocks",
    "mlp": "fully connected layers, each a block",
}
"""The project's own kinds of network."""

_CONTROLS = ("random", "inverted", "constant")


@dataclass(frozen=True)
class NetworkInputs:
    """What a network from outside is made from: the stream's `tasks`, the most `classes` of a task, and more.

    `image_shape` is (H, W) or (H, W, channels); rows of features are (1, features). `settings` has ``width`` and
    ``shared_head``. torch's random numbers have been set to the run's `seed` when the network is made.
    """

    tasks: int
    classes: int
    image_shape: tuple[int, ...]
    seed: int
    settings: "Settings"


@cache
def find_strategy(name: str) -> Treatment:
    """Return the strategy called `name`. Raises ValueError, in one line, where there is none, or it is no strategy."""
    if name in STRATEGIES:
        return STRATEGIES[name]
    rule, dash, control = name.rpartition("-")
    if dash and control in _CONTROLS and (":" in rule or rule in list_installed("strategy")):
        followed = find_strategy(rule)
        value = None if followed.plugin is None else followed.plugin.value
        kind = value if isinstance(value, type) else type(value)
        if getattr(kind, "settle", Strategy.settle) is not Strategy.settle:
            raise ValueError(f"{rule} changes the weights after a task, so its magnitudes alone are no control of it")
        controls = yoke(rule, followed.reads, followed.free_from, followed.plugin)
        return controls[_CONTROLS.index(control)]
    plugin = find_plugin("strategy", name, STRATEGIES)
    assert plugin is not None
    if isinstance(plugin.value, Treatment):
        return replace(plugin.value, name=name, plugin=plugin)
    return Treatment(
        name=name,
        kind="rule",
        summary=_summarise(plugin.value),
        also="a strategy from outside",
        make=_make_strategy(plugin),
        plugin=plugin,
    )


@cache
def find_experiment(name: str) -> Experiment:
    """Return the experiment called `name`. Raises ValueError, in one line, where there is none."""
    stream, at, network = name.partition("@")
    if not at:
        return CATALOGUE[name] if name in CATALOGUE else _own_experiment(name)
    experiment = find_experiment(stream)
    if network == experiment.network:
        return experiment
    builder = find_plugin("network", network, NETWORKS)
    if builder is not None and (not callable(builder.value) or _count_inputs(builder.value) != 1):
        raise ValueError(
            f"{network} is {_name_kind(builder.value)}; a network is a function of cl_core.experiments.NetworkInputs "
            "that returns a cl_core.learners.Network"
        )
    return replace(
        experiment,
        name=name,
        network=network,
        builder=builder,
        stream=experiment.stream,
        stand_in=experiment.stand_in and f"{experiment.stand_in}@{network}",
    )


def _own_experiment(name: str) -> Experiment:
    plugin = find_plugin("stream", name, CATALOGUE)
    assert plugin is not None
    draw = _draw_stream(plugin)
    first = draw(0)
    features = first.data.image_shape[0] == 1 and len(first.data.image_shape) == 2
    return Experiment(
        name=name,
        summary=f"{len(first.tasks)} tasks, a stream from outside",
        network="mlp" if features else "resnet",
        stand_in=None,
        reads=(),
        own_stream=OwnStream(plugin, first.definition, draw),
    )


def _draw_stream(plugin: Plugin) -> Callable[[int], Stream]:
    value, name = plugin.value, plugin.name
    if isinstance(value, Stream):
        return lambda seed: value
    inputs = _count_inputs(value)
    if inputs not in (0, 1):
        raise ValueError(
            f"{name} is {_name_kind(value)}; a stream is what cl_core.streams.Stream.of gives, "
            "or a function, of nothing or of the seed, that returns one"
        )

    @lru_cache(maxsize=2)
    def call(*seed: int) -> Stream:
        with explain_failure([plugin]):
            made = value(*seed)
        if not isinstance(made, Stream):
            raise ValueError(f"{name} returns {_name_kind(made)}; return what cl_core.streams.Stream.of gives")
        return made

    return (lambda seed: call(seed)) if inputs else (lambda seed: call())


def _make_strategy(plugin: Plugin) -> "Callable[[StrategyInputs], Strategy | Bound]":
    value, name = plugin.value, plugin.name
    if isinstance(value, Strategy) and not isinstance(value, type):
        _require_update(type(value), name)
        # A strategy may have a memory, which must not go from one run to the next.
        return lambda run: copy.deepcopy(value)
    if isinstance(value, type):
        if not issubclass(value, Strategy):
            raise ValueError(f"the class {name} is no strategy; let it inherit from cl_core.strategies.Strategy")
        _require_update(value, name)
    inputs = _count_inputs(value)
    if inputs is None:
        raise ValueError(
            f"{name} is {_name_kind(value)}; a strategy is a class that inherits from cl_core.strategies.Strategy, an "
            "instance of one, or a function that returns one"
        )
    if inputs > 1:
        raise ValueError(
            f"{name} needs {inputs} arguments; write an instance with its values into your file, and name that instead"
        )

    def make(run: StrategyInputs) -> Strategy:
        made = value(run) if inputs else value()
        if not isinstance(made, Strategy) or isinstance(made, type):
            raise ValueError(f"{name} returns {_name_kind(made)}; return an instance of cl_core.strategies.Strategy")
        return made

    return make


def _require_update(strategy: type, name: str) -> None:
    if getattr(strategy, "update", None) is Strategy.update:
        raise ValueError(f"{name} defines no `update`; it is what a strategy answers when a task arrives")


def _count_inputs(value: Any) -> int | None:
    """Return how many arguments a call of `value` needs; None where it cannot be called."""
    if not callable(value):
        return None
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    return sum(one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters)


def _name_kind(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "a function" if inspect.isfunction(value) else f"a value of type {type(value).__name__}"


def _summarise(value: Any) -> str:
    first = (
        inspect.getdoc(value if inspect.isroutine(value) or isinstance(value, type) else type(value)) or ""
    ).partition("\n")[0]
    return first.rstrip(".") or "no description"
