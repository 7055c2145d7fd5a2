"""The reference runs as data: what `results/` is to hold, in the order in which it is computed.

Steps, each of batches, each batch a product of experiments, strategies, seeds and settings. The first step stands
alone; each later one adds a question. Seeds come before strategies within a batch, so that a step that is cut short has
whole seeds. ``cl-core sweep --reference primary,controls`` computes steps.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cl_core.experiments.plan import Plan, make_plan
from cl_core.experiments.protocols import PROTOCOLS
from cl_core.experiments.settings import SETTINGS
from cl_core.naming import require_name
from cl_core.runs.grid import list_plans
from cl_core.settings_base import Value

MAIN = ("split-cifar100", "split-cifar10", "permuted-mnist")
"""The experiments of the first two steps."""

RULES = ("initialized", "frozen", "frozen-0", "two-level")
"""The strategies that every experiment is run under, but for the trends, which do without magnitude 0."""

TREND = ("initialized", "frozen", "two-level")

ENDS = ("initialized", "frozen", "frozen-0")
"""All, a little and nothing."""

THREE, FIVE, EIGHT, TEN = (tuple(range(count)) for count in (3, 5, 8, 10))

SHORT_STEPS = (0.25, 0.1, 0.03, 0.01)
"""Step lengths of the follow-up to the primary runs, as shares of the protocol's own, each about a third of the last."""

STRENGTHS = (0.7, 0.5, 0.25, 0.1)
PULLS = (0.03, 0.1, 0.3, 1.0)
"""Preset strengths of the limits, from weak to strong: on validation, frozen's update lies within what they give."""

OVERLAPS = (0.0, 0.25, 0.5, 0.75, 1.0)
SEVERITIES = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Settings of the two trends, from one end to the other; the ends are run first."""

SCHEDULES = tuple(
    sorted(("".join(letters) for letters in itertools.product("mf", repeat=4)), key=lambda moves: moves[::-1])
)
"""All schedules of few and many blocks for five tasks. Neighbours in this order begin differently, so that two
processes do not wait for one another's beginnings."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Runs of every experiment under every strategy with every seed and every combination of `settings`.

    `factors` are settings too, given in multiples of the value that the protocol has for the experiment (an integer
    setting is rounded down, to 1 at least). A setting goes to the runs that read it.
    """

    why: str
    experiments: tuple[str, ...]
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    factors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the reference runs."""

    name: str
    summary: str
    batches: tuple[Batch, ...]


def _batch(
    why: str,
    experiments: str | tuple[str, ...],
    strategies: str | tuple[str, ...],
    seeds: tuple[int, ...],
    settings: Mapping[str, tuple[Value, ...]] | None = None,
    *,
    factors: Mapping[str, tuple[float, ...]] | None = None,
) -> Batch:
    return Batch(
        why=why,
        experiments=(experiments,) if isinstance(experiments, str) else experiments,
        strategies=(strategies,) if isinstance(strategies, str) else strategies,
        seeds=seeds,
        settings=settings or {},
        factors=factors or {},
    )


ALGORITHM = (
    "adaptive",
    "literal",
    "clock",
    "walk",
    "adaptive-random",
    "adaptive-inverted",
    "adaptive-constant",
)
"""Algorithm 1, its other reading and its controls."""

_DECIDING = ("adaptive", "adaptive-random", "adaptive-inverted", "adaptive-constant")

_CONTROLS = ("two-level-random", "two-level-inverted", "two-level-constant")
_BOUNDS = ("joint", "separate")

FRESH = tuple(range(2, 12))
"""Seeds of the claims on averaged: a first look outside this book was taken at seeds 0 and 1."""

OTHERS = ("split-cifar100-20", "split-cifar10", "permuted-mnist", "correlated-cifar100", "split-cub50")
"""The streams on which averaged is run beside Split CIFAR-100."""

_AGAINST = ("initialized", "frozen", "frozen-0", "adaptive")

_DENG: Mapping[str, tuple[Value, ...]] = {
    name: (sourced.value,) for name, sourced in PROTOCOLS["deng2025"].values.items() if name != "joint_epochs"
}
"""The protocol deng2025 as settings; no bound is run under it."""

_EFFECTS: Mapping[str, tuple[Value, ...]] = {"effects": (True,)}

WAYS: tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...] = (
    ("initialized", {}),
    ("frozen", {}),
    ("frozen", {"trained": (3,)}),
    ("frozen", {"trained": (5,)}),
    ("masked", {"share": (0.25,), "place": ("random",)}),
    ("slower", {"rate_factor": (0.1,)}),
    ("shorter", {"step_share": (0.25,)}),
    ("pulled", {"pull": (0.3,)}),
    ("averaged", {}),
    ("averaged", {"fractions": ("constant",)}),
    ("ewc", {}),
    ("lwf", {}),
)
"""Ways to train that limit an update by number, by distance, by direction or by function."""

_BUDGETS: Mapping[str, tuple[Value, ...]] = {"head_warmup_steps": (0, 50), "epochs": (1, 2, 4)}
"""The two budgets that the paper does not state: how long a new head is fitted first, and the passes."""

_SIZES: Mapping[str, tuple[Value, ...]] = {"tasks": (5, 10), "class_images": (0, 100)}
"""Tasks, and with them classes a task, by images of a class: what differs where no update ends highest and where lowest."""

_SHARED = (0.0, 0.2, 0.5)
"""No class of ten shared, two, and five."""

_TEN_OF_TEN: Mapping[str, tuple[Value, ...]] = {"tasks": (10,), "classes": (10,), "class_images": (250,)}
"""Ten tasks of ten classes; up to five shared, a class occurs in two tasks and has half of its images for each."""

_AUGMENTED: Mapping[str, tuple[Value, ...]] = {"augmentation": ("flips-and-crops",)}
_RATES_AND_PASSES: tuple[Mapping[str, tuple[Value, ...]], ...] = (
    {"learning_rate": (0.05, 0.1), "epochs": (2,)},
    {"learning_rate": (0.05,), "epochs": (8,)},
)
"""Rates and passes together, off the cross of settings that the sensitivity step moves one at a time."""

SCALED = ("initialized", "frozen-0", "adaptive", "averaged")
SCALED_DEPTHS = (1, 3, 5)
WIDTHS, PASSES = (8, 16, 32), (4, 12, 30)
"""Along which the primary effects are followed; the first of each is the protocol's own."""

_SCALE_SEEDS = tuple(range(2, 7))
"""Seeds that every strategy has at the protocol's own width and passes, averaging too."""


def _scale(why: str, seeds: tuple[int, ...], settings: Mapping[str, tuple[Value, ...]]) -> tuple[Batch, ...]:
    """Return the batches of one point of the scale: the strategies, and frozen training at each depth."""
    depths = tuple(depth for depth in SCALED_DEPTHS if depth != 1)
    return (
        _batch(why, "split-cifar100", (*SCALED, "frozen"), seeds, settings),
        _batch(f"{why}, other depths", "split-cifar100", "frozen", seeds, {**settings, "trained": depths}),
    )


STEPS: Mapping[str, Step] = {
    step.name: step
    for step in (
        Step(
            name="primary",
            summary="the primary family: the strategies on Split CIFAR-100, Split CIFAR-10 and Permuted MNIST",
            batches=(
                _batch("the strategies, five seeds", MAIN, RULES, FIVE),
                _batch("five more where the primary claims are", "split-cifar100", RULES, TEN[5:]),
            ),
        ),
        Step(
            name="controls",
            summary="the yoked controls and the two bounds on the same",
            batches=(
                _batch("does reading the gradients matter?", MAIN, _CONTROLS, FIVE),
                _batch("five more where the primary claims are", "split-cifar100", _CONTROLS, TEN[5:]),
                _batch("the room that there is", MAIN, _BOUNDS, FIVE),
                _batch("five more where the primary claims are", "split-cifar100", _BOUNDS, TEN[5:]),
            ),
        ),
        Step(
            name="trends",
            summary="correlated and corrupted streams as trends, CUB-50, and twenty tasks",
            batches=(
                _batch("from no shared class to all", "correlated-cifar100", TREND, FIVE, {"overlap": OVERLAPS[::4]}),
                _batch("the overlaps between", "correlated-cifar100", TREND, FIVE, {"overlap": OVERLAPS[1:-1]}),
                _batch("fine-grained classes", "split-cub50", RULES, FIVE),
                _batch("from clean to heavy noise", "corrupted-cub50", TREND, FIVE, {"severity": SEVERITIES[::4]}),
                _batch("the severities between", "corrupted-cub50", TREND, FIVE, {"severity": SEVERITIES[1:-1]}),
                _batch("a longer sequence", "split-cifar100-20", RULES, FIVE),
            ),
        ),
        Step(
            name="schedules",
            summary="all schedules of few and many blocks on Split CIFAR-10, trained as a tree of shared beginnings",
            batches=(
                _batch("where does two-level stand among all?", "split-cifar10", "fixed", FIVE, {"moves": SCHEDULES}),
            ),
        ),
        Step(
            name="sensitivity",
            summary="what the choices decide, on Split CIFAR-100: depth, place, distance, normalisation, rule, tuning",
            batches=(
                _batch(
                    "the network's F(m); 0 is frozen-0, 9 is initialized; picked on three seeds, tested on five others",
                    "split-cifar100",
                    "frozen",
                    EIGHT,
                    {"trained": tuple(range(1, 9))},
                ),
                _batch("count against distance", "split-cifar100", "within", FIVE),
                _batch(
                    "position against count, where there is a claim",
                    ("split-cifar100", "permuted-mnist"),
                    "masked",
                    FIVE,
                    {"share": (0.25,), "place": ("trailing", "leading")},
                ),
                _batch("and at random", "split-cifar100", "masked", FIVE, {"share": (0.25,), "place": ("random",)}),
                _batch("no running statistics", "split-cifar100", TREND[:2], FIVE, {"norm": ("group",)}),
                _batch(
                    "no running statistics", "split-cifar100", ("frozen-0", "two-level"), THREE, {"norm": ("group",)}
                ),
                _batch(
                    "position against count, other counts",
                    "split-cifar100",
                    "masked",
                    THREE,
                    {"share": (0.01, 0.05, 0.5), "place": ("trailing", "leading", "random")},
                ),
                _batch(
                    "position against count, other counts",
                    "permuted-mnist",
                    "masked",
                    THREE,
                    {"share": (0.01, 0.05, 0.5), "place": ("trailing", "leading")},
                ),
                _batch("a smaller learning rate", "split-cifar100", "slower", THREE, {"rate_factor": STRENGTHS}),
                _batch("fewer steps", "split-cifar100", "shorter", THREE, {"step_share": STRENGTHS}),
                _batch("an L2 pull", "split-cifar100", "pulled", THREE, {"pull": PULLS}),
                _batch("the threshold", "split-cifar100", "two-level", THREE, factors={"threshold": (0, 0.5, 2)}),
                _batch("a head as drawn", "split-cifar100", "two-level", THREE, {"gradient_at": ("arrival",)}),
                _batch(
                    "each strategy's own best learning rate",
                    "split-cifar100",
                    TREND,
                    THREE,
                    factors={"learning_rate": (0.25, 0.5, 2)},
                ),
                _batch("shorter and longer", "split-cifar100", TREND, THREE, factors={"epochs": (0.5, 2)}),
            ),
        ),
        Step(
            name="algorithm",
            summary="Algorithm 1 as printed and what separates the reasons why it might work",
            batches=(
                _batch("the rule and its controls, five seeds", MAIN, ALGORITHM, FIVE),
                _batch("five more where most claims are", "split-cifar100", ALGORITHM, TEN[5:]),
                _batch(
                    "the nearest recipe's other threshold",
                    "split-cifar100",
                    "adaptive",
                    FIVE,
                    {"threshold": (0.0,)},
                ),
                _batch("the rule where both answers occur", "split-cifar100", _DECIDING, TEN, {"threshold": (0.08,)}),
                _batch("a longer sequence, and birds", ("split-cifar100-20", "split-cub50"), "adaptive", FIVE),
                _batch("the variants", ("correlated-cifar100", "corrupted-cub50"), "adaptive", FIVE),
            ),
        ),
        Step(
            name="depths",
            summary="frozen training at the depths that the paper's own numbers point to; the two-level rule follows",
            batches=(
                _batch("three and five blocks", "split-cifar100", "frozen", TEN, {"trained": (3, 5)}),
                _batch("three and five blocks", "split-cifar10", "frozen", FIVE, {"trained": (3, 5)}),
                _batch("two of three blocks", "permuted-mnist", "frozen", FIVE, {"trained": (2,)}),
                _batch(
                    "three and five blocks",
                    ("correlated-cifar100", "corrupted-cub50", "split-cub50", "split-cifar100-20"),
                    "frozen",
                    FIVE,
                    {"trained": (3, 5)},
                ),
                _batch(
                    "the ends of the trends",
                    "correlated-cifar100",
                    "frozen",
                    FIVE,
                    {"overlap": OVERLAPS[::4], "trained": (3, 5)},
                ),
                _batch("clean birds", "corrupted-cub50", "frozen", FIVE, {"severity": (0.0,), "trained": (3, 5)}),
                _batch(
                    "no running statistics", "split-cifar100", "frozen", FIVE, {"norm": ("group",), "trained": (3, 5)}
                ),
                _batch("few follows", ("split-cifar100", "split-cifar10"), "two-level", FIVE, {"few": (3, 5)}),
                _batch("few follows", "permuted-mnist", "two-level", FIVE, {"few": (2,)}),
            ),
        ),
        Step(
            name="budget",
            summary="what an unequal start or budget does: heads fitted first or not, one, two and four passes",
            batches=(
                _batch("training everything", "split-cifar100", "initialized", TEN, {**_BUDGETS}),
                _batch("five blocks", "split-cifar100", "frozen", TEN, {**_BUDGETS, "trained": (5,)}),
                _batch(
                    "Algorithm 1, four blocks at most", "split-cifar100", "adaptive", TEN, {**_BUDGETS, "modules": (4,)}
                ),
            ),
        ),
        Step(
            name="no-update",
            summary="no update on every stream, overlap and severity, and what turns it from highest to lowest",
            batches=(
                _batch("no update, every overlap", "correlated-cifar100", "frozen-0", FIVE, {"overlap": OVERLAPS}),
                _batch("no update, every severity", "corrupted-cub50", "frozen-0", FIVE, {"severity": SEVERITIES}),
                _batch("tasks and classes by images", "split-cifar100", ENDS, FIVE, _SIZES),
                _batch(
                    "as many steps as with all images",
                    "split-cifar100",
                    ENDS,
                    FIVE,
                    {"tasks": (5, 10), "class_images": (100,), "epochs": (20,)},
                ),
                _batch(
                    "the first task alone trained longer",
                    "split-cifar100",
                    ENDS,
                    FIVE,
                    {"tasks": (5, 10), "class_images": (100,), "first_epochs": (20,)},
                ),
                _batch("the first task alone trained shorter", "split-cifar100", ENDS, FIVE, {"first_epochs": (1,)}),
            ),
        ),
        Step(
            name="choices",
            summary="what turned primary verdicts on Split CIFAR-100: fitted heads, augmentation, rate and passes together",
            batches=(
                _batch("no fitted head", "split-cifar100", (*ENDS, "adaptive"), FIVE, {"head_warmup_steps": (0,)}),
                _batch(
                    "no fitted head, other depths",
                    "split-cifar100",
                    "frozen",
                    FIVE,
                    {"head_warmup_steps": (0,), "trained": (3, 5)},
                ),
                _batch("flips and crops", "split-cifar100", (*ENDS, "adaptive"), FIVE, _AUGMENTED),
                _batch(
                    "flips and crops, other depths", "split-cifar100", "frozen", FIVE, {**_AUGMENTED, "trained": (3, 5)}
                ),
                *(
                    batch
                    for choices in _RATES_AND_PASSES
                    for batch in (
                        _batch(
                            "rate and passes together",
                            "split-cifar100",
                            ("initialized", "frozen", "adaptive"),
                            FIVE,
                            choices,
                        ),
                        _batch(
                            "rate and passes, other depths",
                            "split-cifar100",
                            "frozen",
                            FIVE,
                            {**choices, "trained": (3, 5)},
                        ),
                    )
                ),
            ),
        ),
        Step(
            name="streams",
            summary="classes shared by whole numbers, the same images, and corruption of one task's training images",
            batches=(
                _batch(
                    "ten tasks of ten classes",
                    "correlated-cifar100",
                    (*ENDS, "adaptive"),
                    FIVE,
                    {**_TEN_OF_TEN, "overlap": _SHARED},
                ),
                _batch(
                    "two shared, other depths",
                    "correlated-cifar100",
                    "frozen",
                    FIVE,
                    {**_TEN_OF_TEN, "overlap": (0.2,), "trained": (3, 5)},
                ),
                _batch(
                    "two shared, the same images",
                    "correlated-cifar100",
                    (*ENDS, "adaptive"),
                    FIVE,
                    {**_TEN_OF_TEN, "overlap": (0.2,), "same_images": (True,)},
                ),
                _batch(
                    "one corrupted task",
                    ("corrupted-cifar100-deng", "corrupted-cub50-deng"),
                    (*ENDS, "adaptive"),
                    FIVE,
                ),
                _batch(
                    "one corrupted task, other depths",
                    ("corrupted-cifar100-deng", "corrupted-cub50-deng"),
                    "frozen",
                    FIVE,
                    {"trained": (3, 5)},
                ),
            ),
        ),
        Step(
            name="deng2025",
            summary="the primary family under the nearest documented recipe",
            batches=(
                _batch("the strategies, five seeds", "split-cifar100", (*RULES, "adaptive"), FIVE, _DENG),
                _batch(
                    "frozen training's other depths", "split-cifar100", "frozen", FIVE, {**_DENG, "trained": (3, 5)}
                ),
            ),
        ),
        Step(
            name="averaged",
            summary="a part of the way, 1/t at task t, on every stream, and what it is held against",
            batches=(
                _batch("ten seeds that no look was taken at", "split-cifar100", "averaged", FRESH),
                _batch("every other stream", OTHERS, "averaged", FIVE),
                _batch("the fifth fresh seed", "split-cifar10", "averaged", (5,)),
                _batch(
                    "is it the order of the fractions?",
                    "split-cifar100",
                    "averaged",
                    FRESH,
                    {"fractions": ("reversed", "constant")},
                ),
                _batch(
                    "what surprise does to the step",
                    "split-cifar100",
                    "averaged",
                    FRESH,
                    {"fractions": ("gain", "raised")},
                ),
                _batch(
                    "what surprise does to the step, where images change one way",
                    "corrupted-cub50",
                    "averaged",
                    FIVE,
                    {"fractions": ("gain", "raised")},
                ),
                _batch("what it is held against, the last seeds", "split-cifar100", _AGAINST, (10, 11)),
                _batch(
                    "what it is held against, the last seeds", "split-cifar100", "frozen", (10, 11), {"trained": (3, 5)}
                ),
                _batch("the fifth fresh seed", "split-cifar10", _AGAINST, (5,)),
                _batch("the fifth fresh seed", "split-cifar10", "frozen", (5,), {"trained": (3, 5)}),
                _batch("no update where it was not run", "correlated-cifar100", "frozen-0", FIVE),
                _batch("short steps", "split-cifar100", "slower", FRESH, {"rate_factor": (0.03,)}),
                _batch("short steps", OTHERS, "slower", FIVE, {"rate_factor": (0.03,)}),
                _batch("short steps", "split-cifar10", "slower", (5,), {"rate_factor": (0.03,)}),
                _batch(
                    "a smaller part where 1/t loses",
                    "split-cifar10",
                    "averaged",
                    (1, 2, 3, 4, 5),
                    {"fractions": ("constant",), "fraction": (0.1,)},
                ),
                _batch(
                    "a smaller part where 1/t loses",
                    "split-cifar10",
                    "averaged",
                    (1, 2, 3, 4, 5),
                    {"fractions": ("gain",)},
                ),
                _batch("as far, on another path", "split-cifar100", "within-averaged", FRESH),
                _batch("methods of the field", "split-cifar100", ("ewc", "lwf"), FRESH),
                _batch("methods of the field", "split-cifar100", "pulled", FRESH, {"pull": (0.3,)}),
                _batch(
                    "short steps that learn as much", "split-cifar100", "slower", FRESH, {"rate_factor": SHORT_STEPS}
                ),
                _batch(
                    "short steps that learn as much",
                    "split-cifar100-20",
                    "slower",
                    FIVE,
                    {"rate_factor": SHORT_STEPS[:2]},
                ),
            ),
        ),
        Step(
            name="order",
            summary="twelve ways to train, with what their updates do measured: what orders the forgetting?",
            batches=tuple(
                _batch("number, distance, curvature, drift", "split-cifar100", way, (seed,), {**settings, **_EFFECTS})
                for seed in FIVE
                for way, settings in WAYS
            ),
        ),
        Step(
            name="scale",
            summary="wider networks, longer training and the whole input: where do the primary effects go?",
            batches=(
                *_scale("twice the width", _SCALE_SEEDS, {"width": WIDTHS[1:2]}),
                *_scale("three times the passes", _SCALE_SEEDS, {"epochs": PASSES[1:2]}),
                *_scale("four times the width", _SCALE_SEEDS[:3], {"width": WIDTHS[2:]}),
                *_scale("thirty passes", _SCALE_SEEDS[:3], {"epochs": PASSES[2:]}),
                *_scale("the whole input", _SCALE_SEEDS[:3], {"stem_stride": (1,)}),
            ),
        ),
        Step(
            name="surprise",
            summary="shorter steps of the whole network on Split CIFAR-100, planned after the primary runs",
            batches=(
                _batch("is it how many, or how far?", "split-cifar100", "slower", EIGHT, {"rate_factor": SHORT_STEPS}),
            ),
        ),
        Step(
            name="baselines",
            summary="the field's methods at the same protocol, each at the strength that validation chose",
            batches=(
                _batch("penalties and replay", MAIN, ("ewc", "lwf", "replay"), FIVE),
                _batch("an L2 pull, on seeds not seen before", "split-cifar100", "pulled", TEN[3:], {"pull": (0.3,)}),
            ),
        ),
    )
}
"""The steps by name, in order."""


def plans(
    steps: Sequence[str] | None = None,
    *,
    profile: str = "cpu",
    seeds: Sequence[int] | None = None,
    experiments: Sequence[str] | None = None,
    strategies: Sequence[str] | None = None,
) -> list[Plan]:
    """Return the runs of `steps` (None: all of them), in order, each once, with what they follow.

    `seeds` replaces every batch's own; `experiments` and `strategies` leave out all others. Raises ValueError for a
    name that does not exist, or where nothing is left.
    """
    chosen = list(STEPS) if steps is None else list(steps)
    for name in chosen:
        require_name("reference step", name, STEPS)
    plans: dict[str, Plan] = {}
    for batch in (batch for name, step in STEPS.items() if name in chosen for batch in step.batches):
        left = [name for name in batch.experiments if experiments is None or name in experiments]
        under = [name for name in batch.strategies if strategies is None or name in strategies]
        for seed in (batch.seeds if seeds is None else seeds) if under else ():
            for experiment in left:
                choices = {**batch.settings, **_multiples(batch, experiment, profile)}
                for plan in list_plans(
                    experiments=[experiment], strategies=under, seeds=[seed], profile=profile, choices=choices
                ):
                    plans.setdefault(plan.name, plan)
    if not plans:
        raise ValueError(f"nothing of {', '.join(chosen)} is left; ask for experiments and strategies that are in it")
    return list(plans.values())


def _multiples(batch: Batch, experiment: str, profile: str) -> dict[str, tuple[Value, ...]]:
    settings = make_plan(experiment, batch.strategies[0], 0, profile).settings
    values_of: dict[str, tuple[Value, ...]] = {}
    for name, factors in batch.factors.items():
        value = getattr(settings, name)
        whole = SETTINGS[name].annotation is int
        values_of[name] = tuple(max(1, int(value * factor)) if whole else value * factor for factor in factors)
    return values_of
