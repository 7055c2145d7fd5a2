"""The table of strategies: each with its maker, its name in the field, and the settings that it alone reads.

To add one, write its class (see :class:`cl_core.strategies.Strategy`) and add its entry here. What needs torch is
imported by the maker, so that the table can be read without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cl_core import strategies
from cl_core.averaging import Averaged, AveragedByGain, fractions
from cl_core.experiments import controls
from cl_core.experiments.settings import StepSettings
from cl_core.given_updates import Limited
from cl_core.learners.recipe import HoldingSettings
from cl_core.plugins import Plugin
from cl_core.strategies import Strategy, Update
from cl_core.threshold_rules import TwoLevel

if TYPE_CHECKING:
    import torch

    from cl_core.experiments.run_context import RunContext, RunState
    from cl_core.experiments.settings import Settings
    from cl_core.experiments.store import Result

    Bound = Callable[[RunContext], RunState]


@dataclass(frozen=True, eq=False)
class StrategyInputs:
    """What a strategy is made from: the run's settings and seed, the sizes of the shared blocks, the run it follows.

    `sizes` holds the number of parameters of each block, in order.
    """

    settings: Settings
    seed: int
    sizes: tuple[int, ...]
    device: torch.device | str = "cpu"
    source: Result | None = None

    @property
    def blocks(self) -> int:
        """Number K of shared blocks."""
        return len(self.sizes)

    @property
    def followed(self) -> Result:
        """The run that a control follows; raises ValueError where there is none."""
        if self.source is None:
            raise ValueError("a control is made from a finished run, and there is none")
        return self.source

    @property
    def followed_magnitudes(self) -> list[int]:
        """The magnitudes of the run that a control follows, one a task."""
        return [magnitude for magnitude in self.followed.magnitudes if magnitude is not None]


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """A strategy as an experiment runs it: its names, its maker and the settings that it alone reads.

    `also` is what the field calls it, with a reference where there is one. Kinds: ``rule`` decides at each arrival how
    many blocks may move; ``control`` takes from a finished run of the same experiment and seed, under the strategy
    `follows`, how much may move; ``limit`` holds the update back in another way than by blocks; ``baseline`` is a
    method of the field's to compare with; ``bound`` is not sequential training at all, and its maker returns a function
    that does the run. `scores`: it decides by the scores of the arriving tasks, so they are worth showing, and where it
    chose one magnitude throughout, its controls compare nothing.
    `free_from` is the first task, counted from 0, whose magnitude it chooses. `whole`: all blocks move with every task.
    `plugin` is where one from outside is from.
    """

    name: str
    kind: Literal["rule", "control", "limit", "baseline", "bound"]
    summary: str
    also: str
    make: Callable[[StrategyInputs], Strategy | Bound]
    reads: tuple[str, ...] = ()
    follows: str | None = None
    scores: bool = False
    free_from: int = 1
    whole: bool = False
    plugin: Plugin | None = None

    def describe(self) -> str:
        """Return one line for people: what moves, what kind it is, and what the field calls it."""
        kind = "" if self.kind == "rule" else f"{self.kind}; "
        follows = f"follows {self.follows}; " if self.follows else ""
        return f"{self.summary} ({kind}{follows}also: {self.also})"


def schedule_word(settings: Settings) -> str:
    """Return the schedule of a fixed run: a letter, m or f, for each task from the second on."""
    return settings.moves * (settings.tasks_run - 1) if len(settings.moves) == 1 else settings.moves


def fixed_magnitudes(settings: Settings) -> tuple[int, ...]:
    """Return the magnitudes that a fixed run gives its tasks from the second on."""
    return tuple(settings.many if letter == "m" else settings.few for letter in schedule_word(settings))


def _adaptive(run: StrategyInputs, counts: Literal["held", "trained"] = "held") -> Strategy:
    given = run.settings
    rule = strategies.Adaptive(
        given.threshold, given.step, given.modules, given.start, given.metric, counts, given.quantile
    )
    return _count_in(rule, run)


def _frozen(run: StrategyInputs) -> Strategy:
    return _count_in(strategies.Frozen(run.settings.trained), run)


def _count_in(rule: Strategy, run: StrategyInputs) -> Strategy:
    """Return `rule`, with the blocks that it lets move counted out as a share of the parameters where the run says so."""
    if run.settings.counted_in == "blocks":
        return rule
    from cl_core.learners.limits import InParameters

    return InParameters(rule, run.sizes, run.device)


def _clock(run: StrategyInputs) -> Strategy:
    given = run.settings
    return strategies.Replay(
        controls.clock(given.tasks_run, run.blocks, step=given.step, modules=given.modules, start=given.start)
    )


def _walk(run: StrategyInputs) -> Strategy:
    given = run.settings
    return strategies.Replay(
        controls.walk(given.tasks_run, run.blocks, run.seed, step=given.step, modules=given.modules, start=given.start)
    )


def _random(run: StrategyInputs, free_from: int) -> Strategy:
    return strategies.Replay(controls.random(run.followed_magnitudes, run.seed, free_from))


def _inverted(run: StrategyInputs, free_from: int) -> Strategy:
    return strategies.Replay(controls.inverted(run.followed_magnitudes, run.followed.scores, free_from))


def _constant(run: StrategyInputs, free_from: int) -> Strategy:
    return strategies.Replay(controls.constant(run.followed_magnitudes, run.followed.block_parameters, free_from))


def yoke(rule: str, reads: tuple[str, ...], free_from: int, plugin: Plugin | None = None) -> tuple[Treatment, ...]:
    """Return the three controls that follow the strategy `rule`, whose own choice begins at task `free_from`."""

    def control(name: str, summary: str, make: Callable[[StrategyInputs, int], Strategy]) -> Treatment:
        return Treatment(
            name=f"{rule}-{name}",
            kind="control",
            summary=summary,
            also="yoked control",
            make=lambda run: make(run, free_from),
            reads=reads,
            follows=rule,
            free_from=free_from,
            plugin=plugin,
        )

    return (
        control("random", f"{rule}'s magnitudes in a seeded random order", _random),
        control("inverted", f"{rule}'s magnitudes against the order of its scores", _inverted),
        control("constant", f"one magnitude nearest {rule}'s mean share", _constant),
    )


def _within(run: StrategyInputs) -> Strategy:
    from cl_core.learners.limits import AsFar

    norms = run.followed.update_norms
    return AsFar(tuple(math.hypot(*(norm for norm in row if norm is not None)) for row in norms))


def _go_as_far(name: str, followed: str, reads: tuple[str, ...]) -> Treatment:
    """Return the control whose updates of all blocks go as far as those of the strategy `followed`."""
    return Treatment(
        name=name,
        kind="control",
        summary=f"all blocks, as far as {followed}'s update went",
        also="norm-constrained, distance-matched training",
        make=_within,
        reads=reads,
        follows=followed,
        whole=True,
    )


def _masked(run: StrategyInputs) -> Strategy:
    from cl_core.learners.limits import mask_parameters

    return mask_parameters(run.sizes, run.settings.share, run.settings.place, run.seed, run.device)


def _pulled(run: StrategyInputs) -> Strategy:
    from cl_core.learners.limits import pull_back

    return pull_back(run.blocks, run.settings.pull)


def _averaged(run: StrategyInputs) -> Strategy:
    given = run.settings
    if given.fractions in ("gain", "raised"):
        return AveragedByGain("lowers" if given.fractions == "gain" else "raises")
    return Averaged(fractions(given.fractions, given.tasks_run, given.fraction))


def _ewc(run: StrategyInputs) -> Strategy:
    from cl_core.learners.ewc import ElasticConsolidation

    return ElasticConsolidation(run.settings.ewc_strength, run.seed)


def _lwf(run: StrategyInputs) -> Strategy:
    from cl_core.learners.lwf import Distillation

    return Distillation(run.settings.lwf_strength, run.settings.temperature)


def _replay(run: StrategyInputs) -> Strategy:
    from cl_core.learners.rehearsal import Rehearsal

    return Rehearsal(run.settings.images_per_class, run.seed)


def _joint(run: StrategyInputs) -> Bound:
    from cl_core.experiments.bounds import joint

    return joint


def _separate(run: StrategyInputs) -> Bound:
    from cl_core.experiments.bounds import separate

    return separate


_TWO_LEVEL = ("threshold", "few", "many")
_HOLDS = tuple(HoldingSettings.model_fields)
_STEPS = tuple(StepSettings.model_fields)
_YOKED = ("threshold", *_STEPS, "quantile", "budget", *_HOLDS)
_ADAPTIVE = (*_YOKED, "counted_in")

STRATEGIES: Mapping[str, Treatment] = {
    treatment.name: treatment
    for treatment in (
        Treatment(
            name="initialized",
            kind="rule",
            summary="every task may move everything",
            also="sequential fine-tuning",
            make=lambda run: strategies.Initialized(),
            whole=True,
        ),
        Treatment(
            name="frozen",
            kind="rule",
            summary="after the first task, only the last blocks",
            also="freezing the early layers",
            make=_frozen,
            reads=("trained", "counted_in", *_HOLDS),
        ),
        Treatment(
            name="frozen-0",
            kind="rule",
            summary="after the first task, only the new head (magnitude 0)",
            also="head only, linear probe",
            make=lambda run: strategies.Frozen(0),
            reads=_HOLDS,
        ),
        Treatment(
            name="adaptive",
            kind="rule",
            summary="a step of blocks more or fewer than the task before, by the two gradients",
            also="the hybrid rule, the paper's Algorithm 1",
            make=_adaptive,
            reads=_ADAPTIVE,
            scores=True,
        ),
        Treatment(
            name="literal",
            kind="rule",
            summary="adaptive with h counting what moves",
            also="the other reading of Algorithm 1's h",
            make=lambda run: _adaptive(run, "trained"),
            reads=_ADAPTIVE,
            scores=True,
        ),
        Treatment(
            name="clock",
            kind="rule",
            summary="adaptive's steps by the task's number alone: fewer blocks with each task",
            also="gradual freezing",
            make=_clock,
            reads=_STEPS,
        ),
        Treatment(
            name="walk",
            kind="rule",
            summary="adaptive's steps at random",
            also="random walk",
            make=_walk,
            reads=_STEPS,
        ),
        *yoke("adaptive", _YOKED, free_from=1),
        Treatment(
            name="two-level",
            kind="rule",
            summary="few or many blocks, by the two gradients",
            also="gradient-gated freezing; our first reading of the paper's Algorithm 1",
            make=lambda run: TwoLevel(run.settings.threshold, run.settings.few, run.settings.many, run.settings.metric),
            reads=_TWO_LEVEL,
            scores=True,
            free_from=controls.FREE_FROM,
        ),
        *yoke("two-level", _TWO_LEVEL, free_from=controls.FREE_FROM),
        _go_as_far("within", "frozen", ("trained",)),
        Treatment(
            name="fixed",
            kind="rule",
            summary="few or many blocks, by a schedule given beforehand",
            also="preset freezing schedule",
            make=lambda run: strategies.Replay((run.blocks, *fixed_magnitudes(run.settings))),
            reads=("few", "many", "moves"),
        ),
        Treatment(
            name="masked",
            kind="limit",
            summary="a share of the parameters, counted out whatever block they are in",
            also="sparse update",
            make=_masked,
            reads=("share", "place"),
        ),
        Treatment(
            name="slower",
            kind="limit",
            summary="all blocks, by shorter steps",
            also="smaller learning rate",
            make=lambda run: Limited(Update(run.blocks, rate_factor=run.settings.rate_factor)),
            reads=("rate_factor",),
            whole=True,
        ),
        Treatment(
            name="shorter",
            kind="limit",
            summary="all blocks, by fewer steps",
            also="early stopping",
            make=lambda run: Limited(Update(run.blocks, step_share=run.settings.step_share)),
            reads=("step_share",),
            whole=True,
        ),
        Treatment(
            name="pulled",
            kind="limit",
            summary="all blocks, pulled back to where the task began",
            also="L2-SP, Li et al. 2018 (arXiv:1802.01483)",
            make=_pulled,
            reads=("pull",),
            whole=True,
        ),
        Treatment(
            name="averaged",
            kind="limit",
            summary="all blocks, and then only a part of the way; the head fitted anew",
            also="weight averaging along the sequence, α = 1/t as in Lin, Chu and Lai 2021 (arXiv:2110.07905)",
            make=_averaged,
            reads=("fractions", "fraction"),
            whole=True,
        ),
        _go_as_far("within-averaged", "averaged", ("fractions", "fraction")),
        Treatment(
            name="ewc",
            kind="baseline",
            summary="all blocks, each parameter held by what it meant to earlier tasks",
            also="elastic weight consolidation, Kirkpatrick et al. 2017 (arXiv:1612.00796)",
            make=_ewc,
            reads=("ewc_strength",),
            whole=True,
        ),
        Treatment(
            name="lwf",
            kind="baseline",
            summary="all blocks, the old heads' answers to the new images held as they were",
            also="learning without forgetting, Li and Hoiem 2016 (arXiv:1606.09282)",
            make=_lwf,
            reads=("lwf_strength", "temperature"),
            whole=True,
        ),
        Treatment(
            name="replay",
            kind="baseline",
            summary="all blocks, trained on kept images of earlier tasks too",
            also="experience replay, rehearsal, Chaudhry et al. 2019 (arXiv:1902.10486)",
            make=_replay,
            reads=("images_per_class",),
            whole=True,
        ),
        Treatment(
            name="joint",
            kind="bound",
            summary="all tasks at once",
            also="joint or multi-task training",
            make=_joint,
            reads=("joint_epochs",),
        ),
        Treatment(
            name="separate",
            kind="bound",
            summary="one network for each task",
            also="single-task training",
            make=_separate,
            whole=True,
        ),
    )
}
"""The strategies by name."""
