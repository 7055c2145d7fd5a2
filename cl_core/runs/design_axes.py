"""The axes of the designs: what the paper leaves open, the plausible values of each, and why these.

A level that is listed twice is drawn twice as often. One table, from which the runs are made and the book's page is set.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cl_core.settings_base import Value

Levels = Mapping[str, str]
"""The level that a protocol has on each axis, by the axis's name."""


@dataclass(frozen=True)
class Axis:
    """One choice: its `levels` in words, those drawn more often listed more often, and the `reason` for them.

    `of_rule`: it is Algorithm 1's alone, and the other strategies' runs do not depend on it.
    """

    name: str
    levels: tuple[str, ...]
    reason: str
    of_rule: bool = False

    @property
    def different(self) -> tuple[str, ...]:
        """The levels, each once."""
        return tuple(dict.fromkeys(self.levels))


STREAMS: Mapping[str, Mapping[str, Mapping[str, Value]]] = {
    "cifar100": {
        "5 tasks of 10": {"first_tasks": 5},
        "3 tasks of 10": {"first_tasks": 3},
        "10 tasks of 5": {"tasks": 20, "first_tasks": 10},
    },
    "cifar10": {"5 tasks of 2": {}, "3 tasks of 2": {"first_tasks": 3}, "2 tasks of 5": {"tasks": 2}},
    "digits": {"5 tasks of 2": {}, "3 tasks of 2": {"first_tasks": 3}, "2 tasks of 5": {"tasks": 2}},
}
"""The numbers of tasks and classes, by the data set, and the settings that make them."""

_SIZES: Mapping[str, Mapping[str, Mapping[str, Value]]] = {
    "cpu": {
        "none": {},
        "width": {"width": 16},
        "passes": {"epochs": 12},
        "input": {"stem_stride": 1},
    },
    "smoke": {
        "none": {"stem_stride": 2},
        "width": {"width": 8, "stem_stride": 2},
        "passes": {"epochs": 6, "stem_stride": 2},
        "input": {"stem_stride": 1},
    },
}
_RATES: Mapping[str, Mapping[str, float]] = {
    "sgd": {"low": 0.05, "middle": 0.1, "high": 0.2},
    "adamw": {"low": 0.0005, "middle": 0.001, "high": 0.002},
}
_DECAYS: Mapping[str, Mapping[str, float]] = {
    "sgd": {"none": 0.0, "light": 1e-4, "full": 5e-4},
    "adamw": {"none": 0.0, "light": 0.01, "full": 0.05},
}
_THRESHOLDS: Mapping[str, Mapping[str, Value]] = {
    "-0.1": {"threshold": -0.1},
    "0": {"threshold": 0.0},
    "0.1": {"threshold": 0.1},
    "lower quartile": {"threshold": 0.0, "quantile": 0.25},
    "median": {"threshold": 0.0, "quantile": 0.5},
    "upper quartile": {"threshold": 0.0, "quantile": 0.75},
}
FITTED = 50
"""Steps in which a new head is fitted where it is."""

SEEDS = range(40, 50)
"""Seeds of the designs' runs, which no other run has."""

LEFT_OUT: Mapping[str, str] = {
    "other networks, deeper ones, pre-training": "the paper says nine blocks and names no pre-training",
    "momentum, the metric of the gradients": "momentum 0.9 is what recipes share; the paper's metric is the cosine by default",
    "a head over all classes": "the paper's accuracies after ten tasks without replay have no class-incremental reading",
    "modules drawn anew, each block by its own gradient": "other rules than the one printed; each would need its own code",
    "gradients of old tasks at today's weights": "they need the old tasks' images, which Algorithm 1 does not keep",
    "width above 16, more than 12 passes": "cost; the widths and lengths of the page on scale go there",
}
"""What is not varied, and why."""


def list_axes(dataset: str) -> tuple[Axis, ...]:
    """Return the axes of a design on `dataset`, in the order in which they are drawn."""
    return (
        Axis(
            "raised",
            ("none", "none", "width", "passes", "input"),
            "Width 8, one to four passes and a halved input are the book's size. One of them at most is raised, to width "
            "16, 12 passes or the whole input, so that a run costs four times the usual at most.",
        ),
        Axis("passes", ("1", "2", "4"), "Not stated. The paper's Task.Acc of 61 % is that of short training."),
        Axis(
            "optimizer",
            ("sgd", "adamw"),
            "Not stated. SGD is Deng et al.'s (2506.00205), whose experiments resemble the paper's; AdamW is in wide use.",
        ),
        Axis(
            "rate",
            ("low", "middle", "high"),
            "Not stated. SGD 0.05 (Deng et al.), 0.1 (usual for a ResNet), 0.2 (the book's, tuned for initialized "
            "training); AdamW 0.0005, 0.001 (its default), 0.002.",
        ),
        Axis(
            "schedule",
            ("constant", "cosine", "step"),
            "Not stated. The step, a tenth after two thirds, is Deng et al.'s.",
        ),
        Axis("batch", ("32", "64", "128"), "Not stated. 128 is Deng et al.'s, 64 the book's."),
        Axis(
            "decay",
            ("none", "light", "full"),
            "Not stated. SGD 0, 0.0001 (Deng et al.), 0.0005 (the book's); AdamW 0, 0.01 (its default), 0.05.",
        ),
        Axis("augmentation", ("none", "flips-and-crops"), "Not stated. Deng et al. use none; CIFAR recipes do."),
        Axis(
            "norm", ("batch", "batch", "group"), "Not stated. A ResNet has batch normalisation unless someone says so."
        ),
        Axis(
            "statistics",
            ("held", "moving"),
            "Not stated. Code that holds parameters alone lets running statistics move; the paper's frozen training "
            "forgets 21 points or more, so something shared is overwritten.",
        ),
        Axis("heads", ("many", "many", "many", "one"), "Not stated; many heads are what its accuracies suggest."),
        Axis(
            "head",
            ("fitted", "plain", "fitted for the rule"),
            "Whether a new head is fitted alone first. Algorithm 1 does not say so; the book does it for all. For the "
            "rule alone it is a by-product of taking the gradient, and no equal start.",
        ),
        Axis("tasks", tuple(STREAMS[dataset]), "The number of tasks of Tables I and II is not stated."),
        Axis("order", ("drawn", "numbered"), "Not stated. Many loaders take the classes as they are numbered."),
        Axis("depth", ("1", "3", "5", "7"), "What frozen training leaves to move is in an appendix that is not known."),
        Axis("unit", ("blocks", "parameters"), "The theory counts parameters, Algorithm 1 modules."),
        Axis(
            "threshold",
            tuple(_THRESHOLDS),
            "No value is given. −0.1 is Deng et al.'s on CIFAR-100, 0 apparently theirs on CIFAR-10; a quantile of the "
            "run's own earlier scores takes out how scores lie under a protocol (0 where there is none yet).",
            of_rule=True,
        ),
        Axis("start", ("0", "4"), "h_0 has no value. Nothing or half held.", of_rule=True),
        Axis("step", ("1", "2", "3"), "b has no value, and is not listed among the inputs.", of_rule=True),
        Axis("modules", ("4", "9"), "K has no value. Half of the blocks, or all nine.", of_rule=True),
        Axis(
            "h",
            ("held", "held", "trained"),
            "The text says that unrelated tasks get more modules, so h counts what is held; the other reading "
            "contradicts it and is drawn half as often.",
            of_rule=True,
        ),
        Axis(
            "budget",
            ("same", "frozen-then-whole"),
            "h does not stand in the printed training step. With the blocks held first and the whole network after "
            "that, the rule makes twice the steps of the others: an unequal budget.",
            of_rule=True,
        ),
        Axis("images", ("64", "512", "all"), "Algorithm 1 draws a sample whose size is not given.", of_rule=True),
        Axis("gradient", ("warm", "arrival"), "Whether the head is fitted when the gradient is taken.", of_rule=True),
        Axis("over", ("blocks", "whole"), "Whether the head is part of the gradient is not said.", of_rule=True),
        Axis(
            "first",
            ("trained", "arrival"),
            "The algorithm takes the first gradient at the trained weights; the others at arrival.",
            of_rule=True,
        ),
        Axis(
            "seed", tuple(str(seed) for seed in SEEDS), "Class order, first weights, minibatches; one seed a protocol."
        ),
    )


def settings_of(levels: Levels, *, dataset: str, profile: str) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return the settings that a protocol's `levels` stand for: those of every run, and what the rule has instead."""
    at = levels
    common: dict[str, Value] = {
        "epochs": int(at["passes"]),
        **_SIZES[profile][at["raised"]],
        **STREAMS[dataset][at["tasks"]],
        "optimizer": at["optimizer"],
        "learning_rate": _RATES[at["optimizer"]][at["rate"]],
        "weight_decay": _DECAYS[at["optimizer"]][at["decay"]],
        "schedule": at["schedule"],
        "batch": int(at["batch"]),
        "augmentation": at["augmentation"],
        "norm": at["norm"],
        "frozen_statistics": at["statistics"],
        "shared_head": at["heads"] == "one",
        "head_warmup_steps": FITTED if at["head"] == "fitted" else 0,
        "class_order": at["order"],
        "trained": int(at["depth"]),
        "counted_in": at["unit"],
    }
    rule: dict[str, Value] = {
        "gradient_at": at["gradient"],
        **_THRESHOLDS[at["threshold"]],
        "start": int(at["start"]),
        "step": int(at["step"]),
        "modules": int(at["modules"]),
        "budget": at["budget"],
        "score_images": 0 if at["images"] == "all" else int(at["images"]),
        "gradient_over": at["over"],
        "first_gradient": at["first"],
        "head_warmup_steps": 0 if at["head"] == "plain" else FITTED,
    }
    return common, rule
