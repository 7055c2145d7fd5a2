"""From a request to what will be run: names resolved, settings checked, an identity fixed, before anything runs."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from cl_core.experiments.catalogue import (
    CATALOGUE,
    INTEGRATED,
    OWN,
    PROFILES,
    VALIDATION_SEEDS_FROM,
    VALUES,
    Experiment,
    Profile,
)
from cl_core.experiments.registry import find_experiment, find_strategy
from cl_core.experiments.settings import LATER, SETTINGS, BeginningSettings, EffectSettings, Settings
from cl_core.experiments.strategy_table import STRATEGIES, Treatment
from cl_core.learners.recipe import (
    ArrivalSettings,
    AugmentationSettings,
    GradientSettings,
    HoldingSettings,
    NetworkSettings,
    NetworkSpec,
    OptimizerSettings,
    Recipe,
    TrainingSettings,
)
from cl_core.naming import require_name
from cl_core.plugins import Kind, Plugin, write_file_word
from cl_core.setting_ranges import describe_fields, format_value
from cl_core.settings_base import Value
from cl_core.streams.definitions import define
from cl_core.streams.manifest import Route
from cl_core.streams.sequences import Stream, stream
from cl_core.streams.tasks import Part

_SOME = frozenset({*GradientSettings.model_fields, *HoldingSettings.model_fields})

RESNET_BLOCKS = 9
"""Shared blocks of the ResNet: a stem and eight residual blocks."""

MOST_BLOCKS = 16
"""The largest number of blocks that a setting can ask for."""


@dataclass(frozen=True)
class Plan:
    """One run, fully determined. Made by :func:`make_plan`, never by hand.

    `request` is the experiment's name as it was given; it differs from `experiment.name` where profile smoke runs a stand-in.
    `overrides` holds only the settings that differ from the profile's.
    """

    request: str
    experiment: Experiment
    strategy: Treatment
    seed: int
    profile: Profile
    settings: Settings
    overrides: Mapping[str, Value] = field(default_factory=dict)

    @property
    def part(self) -> Part:
        """Images that the run is scored on: ``test`` for seeds below 100, else ``validation``."""
        return "test" if self.seed < VALIDATION_SEEDS_FROM else "validation"

    @property
    def blocks(self) -> int:
        """Number K of shared blocks of the network; of one from outside the most that a setting can ask for."""
        if self.experiment.builder is not None:
            return MOST_BLOCKS
        return RESNET_BLOCKS if self.experiment.network == "resnet" else self.settings.depth

    @property
    def stream_options(self) -> dict[str, Any]:
        """The stream's own settings, as :func:`cl_core.streams.stream` takes them."""
        return {name: getattr(self.settings, name) for name in self._held(self.experiment.reads)}

    @property
    def dataset(self) -> str:
        """Name of the data set that the stream is cut from."""
        return self.experiment.definition.dataset

    def draw_stream(self, route: Route | None = None) -> Stream:
        """Return the stream of tasks, whose images come by `route` (None: the data set's own).

        Raises ValueError for a route to a user's own stream, and as :func:`cl_core.streams.stream` does.
        """
        own = self.experiment.own_stream
        if own is None:
            return stream(self.experiment.stream, self.seed, self.part, route=route, **self.stream_options)
        if route is not None:
            raise ValueError(
                f"{self.experiment.name} brings its own data; leave out --data {route}, or unset CL_DATA_ROUTE"
            )
        return own.draw(self.seed).at(self.seed, self.part)

    @property
    def plugins(self) -> dict[Kind, Plugin]:
        """What comes from outside, by its kind; empty for a run of the project's own."""
        own = self.experiment.own_stream
        found: dict[Kind, Plugin | None] = {
            "strategy": self.strategy.plugin,
            "stream": None if own is None else own.plugin,
            "network": self.experiment.builder,
        }
        return {kind: plugin for kind, plugin in found.items() if plugin is not None}

    @property
    def network(self) -> NetworkSpec | None:
        """Shape of the network; None for one from outside."""
        if self.experiment.builder is not None:
            return None
        return NetworkSpec.from_mapping({"kind": self.experiment.network, **self.settings.select(NetworkSettings)})

    @property
    def recipe(self) -> Recipe:
        """How the network is trained; joint training makes its own number of passes."""
        # What only some strategies read is left at its default for the others.
        values = self.settings.select(Recipe).items()
        recipe = Recipe(**{name: value for name, value in values if name in self.config or name not in _SOME})
        return recipe.replace(epochs=self.settings.joint_epochs) if "joint_epochs" in self.strategy.reads else recipe

    def recipe_of(self, task: int) -> Recipe:
        """Return how the network is trained on `task`, counted from 0: the first may have its own number of passes."""
        epochs = self.settings.first_epochs
        return self.recipe.replace(epochs=epochs) if task == 0 and epochs else self.recipe

    @cached_property
    def config(self) -> dict[str, Value]:
        """What decides the outcome besides experiment, strategy, seed and data: every setting that this run reads.

        What comes from outside has the digest of its source here, such as ``strategy_source``.
        """
        return {
            "stream": self.experiment.stream,
            "part": self.part,
            "network": self.experiment.network,
            **{
                name: getattr(self.settings, name) for name in self._held(list_settings(self.experiment, self.strategy))
            },
            **{f"{kind}_source": plugin.digest for kind, plugin in self.plugins.items()},
        }

    def _held(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in LATER or name in self.overrides]

    @property
    def stem(self) -> str:
        """File name without ending: ``<strategy>[~<digest of the overrides>]-<seed>``."""
        tag = f"~{digest_json(dict(self.overrides))[:10]}" if self.overrides else ""
        return f"{write_file_word(self.strategy.name)}{tag}-{self.seed}"

    @property
    def folder(self) -> str:
        """Folder of the result below the results folder: ``<profile>/<experiment>``."""
        return f"{self.profile.name}/{write_file_word(self.experiment.name)}"

    @property
    def name(self) -> str:
        """Name of the result below the results folder: ``<profile>/<experiment>/<stem>.json``; a colon becomes a dot."""
        return f"{self.folder}/{self.stem}.json"

    def of_strategy(self, strategy: str) -> "Plan":
        """Return the same run under another strategy, keeping the overrides that it reads too."""
        other = find_strategy(strategy)
        kept = {k: v for k, v in self.overrides.items() if k in list_settings(self.experiment, other)}
        return assemble_plan(self.experiment, other, self.seed, self.profile, overrides=kept)

    @property
    def followed(self) -> "Plan | None":
        """The run whose result this one needs: that of the strategy that a control follows, None for any other run."""
        return None if self.strategy.follows is None else self.of_strategy(self.strategy.follows)

    def describe(self) -> str:
        """Return one line for people, such as ``split-cifar100 · two-level · seed 0 · cpu · epochs=3``."""
        changed = "".join(f" · {name}={value}" for name, value in self.overrides.items())
        return f"{self.experiment.name} · {self.strategy.name} · seed {self.seed} · {self.profile.name}{changed}"

    def command(self) -> str:
        """Return the command line that asks for this run."""
        changed = "".join(f" --set {name}={format_value(value)}" for name, value in self.overrides.items())
        run = f"--strategy {self.strategy.name} --seed {self.seed} --profile {self.profile.name}"
        return f"cl-core run {self.experiment.name} {run}{changed}"


def make_plan(
    experiment: str, strategy: str, seed: int, profile: str, *, overrides: Mapping[str, Value] | None = None
) -> Plan:
    """Return the run that these names ask for.

    Under profile smoke an experiment on real images becomes its embedded stand-in, and the plan says so: its
    `experiment` is the stand-in. Raises ValueError for a name that does not exist (with the nearest one), a seed below
    0, a setting that does not fit or that this run does not read, or an experiment that the profile does not have.
    """
    chosen, treatment = find_experiment(experiment), find_strategy(strategy)
    require_name("profile", profile, PROFILES)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed = {seed!r} does not fit; allowed: integer, 0 or more (from 100 on: validation)")
    size = PROFILES[profile]
    if size.embedded and chosen.stand_in is not None:
        chosen = find_experiment(chosen.stand_in)
    elif chosen.embedded and not size.embedded:
        raise ValueError(f"{experiment} is embedded and has no profile {profile!r}; run it with profile 'smoke'")
    plan = assemble_plan(chosen, treatment, seed, size, overrides=overrides)
    return plan if plan.request == experiment else replace(plan, request=experiment)


def assemble_plan(
    experiment: Experiment,
    strategy: Treatment,
    seed: int,
    profile: Profile,
    *,
    overrides: Mapping[str, Value] | None = None,
) -> Plan:
    """Return the run of these entries, in the catalogue or not. Raises ValueError for settings that do not fit."""
    base = build_default_settings(experiment, profile, strategy)
    given = Settings.from_mapping(overrides).given() if overrides else {}
    _require_read(given, experiment, strategy)
    different = {name: value for name, value in given.items() if value != getattr(base, name)}
    # What was given has been checked above, each value by itself.
    settings = base.model_copy(update=different)
    plan = Plan(experiment.name, experiment, strategy, seed, profile, settings, different)
    require_blocks(plan, plan.blocks)
    if experiment.own_stream is None:
        _require_stream(experiment.stream, tuple(plan.stream_options.items()))
    return plan


@cache
def _require_stream(name: str, options: tuple[tuple[str, Value], ...]) -> None:
    define(name, **dict(options))


def build_default_settings(experiment: Experiment, profile: Profile, strategy: Treatment) -> Settings:
    """Return what the runs of `strategy` on `experiment` under `profile` are set to where nothing is overridden."""
    integrates = not profile.embedded and "start" in strategy.reads
    sizes = VALUES[profile.name]
    values = {
        **sizes.get(experiment.network, sizes["resnet"]),
        **OWN.get(experiment.stream, {}),
        **{name: value for name, value in INTEGRATED.items() if integrates and name in strategy.reads},
        **{name: getattr(experiment.definition, name) for name in ("tasks", *experiment.reads)},
    }
    return _make_settings(tuple(values.items()))


@cache
def _make_settings(values: tuple[tuple[str, Value], ...]) -> Settings:
    return Settings.from_mapping(dict(values))


def list_settings(experiment: Experiment, strategy: Treatment) -> tuple[str, ...]:
    """Return the names of the settings that decide a run of `strategy` on `experiment`, in the table's order."""
    return _list_settings(experiment.network, experiment.reads, strategy.kind, strategy.reads)


@cache
def _list_settings(
    network: str, of_stream: tuple[str, ...], kind: str, of_strategy: tuple[str, ...]
) -> tuple[str, ...]:
    names = {*of_stream, *of_strategy, *TrainingSettings.model_fields}
    names |= {
        name
        for name, described in describe_fields(NetworkSettings).items()
        if described.get("network", network) == network
    }
    if kind != "bound":
        names |= {*ArrivalSettings.model_fields, *BeginningSettings.model_fields, *EffectSettings.model_fields}
        names |= set(OptimizerSettings.model_fields) if kind != "baseline" else set()
    # A baseline's penalty is on images, or answers to them, that are not changed.
    if kind not in ("bound", "baseline") and network == "resnet":
        names |= set(AugmentationSettings.model_fields)
    if network != "resnet":
        names -= set(HoldingSettings.model_fields)
    if "joint_epochs" in of_strategy:
        names.remove("epochs")
    return tuple(name for name in SETTINGS if name in names)


def list_readers(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the experiments and of the strategies whose runs read the setting `name`."""
    runs = [
        (experiment.name, strategy.name)
        for experiment in CATALOGUE.values()
        for strategy in STRATEGIES.values()
        if name in list_settings(experiment, strategy)
    ]
    return tuple(dict.fromkeys(run[0] for run in runs)), tuple(dict.fromkeys(run[1] for run in runs))


def digest_json(value: Any) -> str:
    """Return the SHA-256 (hexadecimal) of `value` as JSON with sorted keys and no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _require_read(given: Mapping[str, Value], experiment: Experiment, strategy: Treatment) -> None:
    used = list_settings(experiment, strategy)
    for name, value in given.items():
        if name not in used:
            raise ValueError(
                f"{name} = {value!r} has no effect on {strategy.name} on {experiment.name}; "
                f"settings read there: {', '.join(used)}"
            )


def require_blocks(plan: Plan, blocks: int) -> None:
    """Raise ValueError where a setting of `plan` does not fit a network of `blocks` shared blocks, or another setting."""
    for name in ("trained", "few", "many", "modules"):
        value = getattr(plan.settings, name)
        if name in plan.config and value > blocks:
            raise ValueError(f"{name} = {value} exceeds the network's {blocks} blocks; give 0 to {blocks}")
    if "few" in plan.config and plan.settings.few > plan.settings.many:
        raise ValueError(
            f"few = {plan.settings.few} is above many = {plan.settings.many}; "
            "a related task must not move more than an unrelated one"
        )
    if "start" in plan.config and plan.settings.start > plan.settings.modules:
        raise ValueError(
            f"start = {plan.settings.start} exceeds modules = {plan.settings.modules}; give 0 to {plan.settings.modules}"
        )
    moves, later = plan.settings.moves, plan.settings.tasks_run - 1
    if "moves" in plan.config and len(moves) not in {1, later}:
        raise ValueError(
            f"moves = {moves!r} does not fit {plan.settings.tasks_run} tasks; give {later} letters, m or f, one for each task "
            "from the second on, or one for all"
        )
