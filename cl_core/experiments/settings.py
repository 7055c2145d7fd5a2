"""The settings of a run, which ``--set name=value`` may change: each is said once, as a field of its group.

A field says the range, the meaning, the default and the title; everything else that lists settings reads them here. A
new setting is a field in one of the groups, and the code that reads it. Which settings a given run reads depends on its
network, strategy and stream; only those enter its identity (see :mod:`cl_core.experiments.plan`).
"""

from typing import Literal

from pydantic import Field
from pydantic.fields import FieldInfo

from cl_core.learners.recipe import (
    ArrivalSettings,
    AugmentationSettings,
    GradientSettings,
    HoldingSettings,
    NetworkSettings,
    OptimizerSettings,
    TrainingSettings,
)
from cl_core.naming import require_name
from cl_core.setting_ranges import describe_range
from cl_core.settings_base import SettingsBase, Value, define


class RuleSettings(SettingsBase):
    """The settings of the strategies that choose a number of blocks."""

    trained: int = define(1, "Blocks that move", "trailing blocks that stay trainable under frozen", least=0, most=16)
    threshold: float = define(
        0.08,
        "Threshold",
        "score from which two-level counts a task as related; adaptive does above it",
        least=-1000.0,
        most=1000.0,
    )
    few: int = define(1, "Few", "blocks that two-level lets a related task move", least=0, most=16)
    many: int = define(9, "Many", "blocks that two-level lets an unrelated task move", least=0, most=16)


class StepSettings(GradientSettings):
    """The settings of Algorithm 1 and its controls, which alone read them."""

    first_gradient: Literal["arrival", "trained"] = define(
        "trained",
        "First gradient",
        "weights at which the first task's gradient is taken: those before its training, or after it",
    )
    start: int = define(0, "Start", "modules that adaptive's count h begins with at the first task", least=0, most=16)
    step: int = define(1, "Step", "modules by which h goes up after a related task, else down", least=0, most=16)
    modules: int = define(9, "Modules", "greatest h: the leading blocks that adaptive may hold fixed", least=0, most=16)


class VariantSettings(SettingsBase):
    """What the paper leaves open of Algorithm 1 and of frozen training; the defaults are the book's readings."""

    quantile: float = define(
        0.0,
        "Quantile",
        "quantile of the run's earlier scores that takes the threshold's place from the third task on, 0 for none",
        least=0.0,
        most=1.0,
    )
    budget: Literal["same", "frozen-then-whole"] = define(
        "same",
        "Budget",
        "steps of a task under adaptive: the others', or as many again with all blocks after those with h held",
    )
    counted_in: Literal["blocks", "parameters"] = define(
        "blocks",
        "Counted in",
        "what m of K blocks stands for: the last blocks, or the last m/K of all shared parameters",
    )


class BoundSettings(SettingsBase):
    """The settings of the bounds, which do not train task by task."""

    joint_epochs: int = define(
        10, "Joint passes", "passes over all tasks' training images together, for the bound joint", least=1, most=1000
    )


class LimitSettings(SettingsBase):
    """What limits the update in other ways than by two-level's rule, from the second task on; the defaults limit nothing.

    The example of a setting is a value that does limit, for tiny runs.
    """

    moves: str = Field(
        default="m",
        pattern="^[mf]+$",
        title="Moves",
        description="schedule of fixed: m lets many blocks move, f few",
        json_schema_extra={"allowed": "letters m and f, one for each task from the second on, or one for all"},
    )
    share: float = define(
        1.0,
        "Share that moves",
        "share of the shared parameters that masked lets move",
        least=1e-6,
        most=1.0,
        examples=[0.3],
    )
    place: Literal["trailing", "leading", "random"] = define(
        "trailing", "Place", "where the parameters are that masked lets move", examples=["random"]
    )
    rate_factor: float = define(
        1.0, "Step length\u00a0×", "slower's step length, in that of the others", least=1e-6, most=1.0, examples=[0.25]
    )
    step_share: float = define(
        1.0, "Share of steps", "share of the steps that shorter makes", least=1e-6, most=1.0, examples=[0.4]
    )
    pull: float = define(
        0.0, "Pull", "strength of pulled's pull back to where a task began", least=0.0, most=1e6, examples=[2.0]
    )


class AveragingSettings(SettingsBase):
    """The settings of averaged, which goes a part of the way that a task's training leads."""

    fractions: Literal["harmonic", "constant", "reversed", "gain", "raised"] = define(
        "harmonic",
        "Fractions",
        "how far averaged goes along its way: 1/t at task t, the same share each time, 1/t in reversed order, "
        "the gain computed from losses at arrival, or its reverse",
    )
    fraction: float = define(
        0.3,
        "Fraction",
        "share of the way that averaged goes from the second task on where fractions is constant",
        least=1e-6,
        most=1.0,
    )


class BaselineSettings(SettingsBase):
    """The settings of the field's methods that the strategies are compared with.

    The example of a setting is its value in tiny runs.
    """

    ewc_strength: float = define(
        100.0,
        "Consolidation",
        "strength λ with which ewc holds each parameter by its Fisher information",
        least=0.0,
        most=1e9,
        examples=[10.0],
    )
    lwf_strength: float = define(
        1.0, "Distillation", "weight of the old heads' answers in the loss of lwf", least=0.0, most=1e6, examples=[2.0]
    )
    temperature: float = define(
        2.0,
        "Temperature",
        "temperature at which lwf compares the old heads' answers",
        least=0.1,
        most=100.0,
        examples=[3.0],
    )
    images_per_class: int = define(
        20, "Images kept", "training images of each class that replay keeps", least=1, most=100000, examples=[4]
    )


class EffectSettings(SettingsBase):
    """The settings of what is measured besides; nothing that is trained depends on them."""

    effects: bool = define(
        False,
        "Effects",
        "after each task, also measure what its update did: curvature along it, and drift of the old answers",
    )


class BeginningSettings(SettingsBase):
    """The settings of the first task alone."""

    first_epochs: int = define(
        0,
        "First epochs",
        "epochs on the first task, 0 for as many as on the others",
        least=0,
        most=1000,
    )


class StreamSettings(SettingsBase):
    """The stream's own settings; its definition in :mod:`cl_core.streams` gives the values."""

    tasks: int = define(1, "Tasks", "number of tasks; it must divide a split stream's classes", least=1, most=1000)
    classes: int = define(1, "Classes", "classes that a task has (correlated streams)", least=1, most=1000)
    class_images: int = define(
        0,
        "Images of a class",
        "most training images that a class has in a task, 0 for no limit (split and correlated streams)",
        least=0,
        most=100000,
    )
    first_tasks: int = define(
        0,
        "First tasks",
        "tasks that are run, from the stream's first on, 0 for all (split streams)",
        least=0,
        most=1000,
    )
    class_order: Literal["drawn", "numbered"] = define(
        "drawn",
        "Class order",
        "order in which a split stream's tasks take the classes: drawn with the seed, or as they are numbered",
    )
    same_images: bool = define(
        False, "Same images", "a class that tasks share has the same training images in each (correlated streams)"
    )
    overlap: float = define(
        0.0, "Overlap", "share of classes that neighbouring tasks share (correlated streams)", least=0.0, most=1.0
    )
    severity: float = define(
        0.0,
        "Noise",
        "strength of the noise at the last task (corrupted streams); of blur and rotation (those after Deng)",
        least=0.0,
        most=4.0,
    )
    corrupted: int = define(1, "Corrupted tasks", "tasks whose training images are corrupted", least=0, most=1000)
    corruption: Literal["all", "colour", "blur", "rotation"] = define(
        "all", "Corruption", "what is done to the training images of a corrupted task"
    )


class Settings(
    # Bases are read from the last to the first: the order of the settings in the help, in tables and in every result.
    StreamSettings,
    EffectSettings,
    BeginningSettings,
    BaselineSettings,
    AveragingSettings,
    LimitSettings,
    BoundSettings,
    VariantSettings,
    StepSettings,
    RuleSettings,
    ArrivalSettings,
    AugmentationSettings,
    HoldingSettings,
    OptimizerSettings,
    TrainingSettings,
    NetworkSettings,
):
    """Every setting of a run; ``Settings()`` is the protocol before a profile changes it."""

    @property
    def tasks_run(self) -> int:
        """Number of tasks that a run learns: all of the stream's, or its first ones."""
        return min(self.first_tasks or self.tasks, self.tasks)


SETTINGS: dict[str, FieldInfo] = Settings.model_fields
"""Every setting's field, by name."""

LATER = frozenset(
    {
        *("classes", "class_images", "same_images", "augmentation", "first_epochs", "effects"),
        *("first_tasks", "class_order", "optimizer", "frozen_statistics", "score_images"),
        *VariantSettings.model_fields,
    }
)
"""Settings that results from before them lack: a run holds one only where it is not what the run had without it."""


def parse(text: str) -> tuple[str, Value]:
    """Return the name and checked value of one ``name=value``, as ``--set`` takes it.

    Raises ValueError if there is no such setting (with the nearest name) or the value does not fit (with what is
    allowed).
    """
    name, equals, raw = text.partition("=")
    name, raw = name.strip(), raw.strip()
    if not equals or not name or not raw:
        raise ValueError(f"{text!r} is not of the form name=value; write for example --set epochs=3")
    require_name("setting", name, SETTINGS)
    kind = SETTINGS[name].annotation
    value: Value = raw
    if kind is bool and raw.lower() in {"true", "false"}:
        value = raw.lower() == "true"
    elif kind in {int, float, bool}:
        try:
            value = int(raw) if kind is int else float(raw)
        except ValueError:
            raise ValueError(f"{name} = {raw!r} does not fit; allowed: {describe_range(Settings, name)}") from None
    return name, check(name, value)


def check(name: str, value: Value) -> Value:
    """Return `value` as the setting `name` holds it (an integer given for a number becomes one).

    Raises ValueError if there is no such setting or the value does not fit.
    """
    held: Value = getattr(Settings.from_mapping({name: value}), name)
    return held
