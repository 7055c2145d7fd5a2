"""The settings of a run: one flat table, each with its range and its meaning, and the check of a wrong one.

A setting is what ``--set name=value`` may change. Which of them a given run reads depends on its network, strategy and
stream; only those enter its identity (see :mod:`cl_core.experiments.plan`).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from cl_core.naming import require_name

Value = int | float | bool | str
"""What a setting may hold."""


def _range(low: float, high: float, meaning: str) -> dict[str, Any]:
    return {"meaning": meaning, "low": low, "high": high, "among": ()}


def _words(pattern: str, allowed: str, meaning: str) -> dict[str, Any]:
    return {"meaning": meaning, "low": None, "high": None, "among": (), "pattern": pattern, "allowed": allowed}


def _choice(*among: Value, meaning: str) -> dict[str, Any]:
    return {"meaning": meaning, "low": None, "high": None, "among": among}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of a run. Values are in :mod:`cl_core.experiments.catalogue`, ranges and meanings here."""

    width: int = field(metadata=_range(1, 1024, "channels of the ResNet's first group, or units of an MLP layer"))
    depth: int = field(metadata=_range(1, 16, "hidden layers of the MLP, each one a block"))
    norm: str = field(metadata=_choice("batch", "group", meaning="normalisation of the ResNet's blocks"))
    stem_stride: int = field(metadata=_range(1, 4, "stride of the ResNet's first convolution"))
    shared_head: bool = field(metadata=_choice(False, True, meaning="one head for all tasks instead of one a task"))

    learning_rate: float = field(metadata=_range(1e-6, 10.0, "step length of SGD at the start of each task"))
    momentum: float = field(metadata=_range(0.0, 0.999, "momentum of SGD, started anew with each task"))
    weight_decay: float = field(metadata=_range(0.0, 1.0, "L2 pull on the parameters that train"))
    batch: int = field(metadata=_range(2, 4096, "images in a minibatch"))
    epochs: int = field(metadata=_range(1, 1000, "passes over a task's training images"))
    schedule: str = field(metadata=_choice("constant", "cosine", meaning="course of the step length within a task"))
    precision: str = field(metadata=_choice("float64", "float32", "bfloat16", meaning="arithmetic of training"))

    head_warmup_steps: int = field(
        metadata=_range(0, 10000, "steps in which a new head is fitted alone before the gradients are taken")
    )
    gradient_samples: int = field(
        metadata=_range(2, 100000, "training images that the arrival gradient is averaged over")
    )
    gradient_at: str = field(
        metadata=_choice(
            "arrival",
            "warm",
            meaning="where the arrival gradient is taken: with the head as drawn, or after its warm-up",
        )
    )
    metric: str = field(
        metadata=_choice("cosine", "sign", "projection", meaning="comparison of the two arrival gradients")
    )

    trained: int = field(metadata=_range(0, 16, "trailing blocks that stay trainable under frozen"))
    threshold: float = field(metadata=_range(-1000.0, 1000.0, "score from which adaptive counts a task as related"))
    few: int = field(metadata=_range(0, 16, "blocks that adaptive lets a related task move"))
    many: int = field(metadata=_range(0, 16, "blocks that adaptive lets an unrelated task move"))
    joint_epochs: int = field(
        metadata=_range(1, 1000, "passes over all tasks' training images together, for the bound joint")
    )

    # What limits the update in other ways than by adaptive's rule, from the second task on.
    moves: str = field(
        default="m",
        metadata=_words(
            "[mf]+",
            "letters m and f, one for each task from the second on, or one for all",
            "schedule of fixed: m lets many blocks move, f few",
        ),
    )
    share: float = field(
        default=1.0, metadata=_range(1e-6, 1.0, "share of the shared parameters that masked lets move")
    )
    place: str = field(
        default="trailing",
        metadata=_choice("trailing", "leading", "random", meaning="where the parameters are that masked lets move"),
    )
    rate_factor: float = field(default=1.0, metadata=_range(1e-6, 1.0, "slower's step length, in that of the others"))
    step_share: float = field(default=1.0, metadata=_range(1e-6, 1.0, "share of the steps that shorter makes"))
    pull: float = field(default=0.0, metadata=_range(0.0, 1e6, "strength of pulled's pull back to where a task began"))

    # The stream's own; its definition in cl_core.streams gives the values.
    tasks: int = field(default=1, metadata=_range(1, 1000, "number of tasks; it must divide a split stream's classes"))
    overlap: float = field(
        default=0.0, metadata=_range(0.0, 1.0, "share of classes that neighbouring tasks share (correlated streams)")
    )
    severity: float = field(
        default=0.0, metadata=_range(0.0, 4.0, "strength of the noise at the last task (corrupted streams)")
    )


SETTINGS: dict[str, Field[Any]] = {entry.name: entry for entry in fields(Settings)}
"""Every setting's field, by name."""


def allowed(name: str) -> str:
    """Return in words what the setting `name` may hold, such as ``integer, 1 to 1024``."""
    entry = SETTINGS[name]
    among = entry.metadata["among"]
    if among:
        return "one of " + ", ".join(_text(value) for value in among)
    if "pattern" in entry.metadata:
        return str(entry.metadata["allowed"])
    kind = "integer" if entry.type is int else "number"
    return f"{kind}, {entry.metadata['low']:g} to {entry.metadata['high']:g}"


def meaning(name: str) -> str:
    """Return the one-line meaning of the setting `name`."""
    return str(SETTINGS[name].metadata["meaning"])


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
    kind = SETTINGS[name].type
    value: Value
    if kind is bool and raw.lower() in {"true", "false"}:
        value = raw.lower() == "true"
    elif kind is str:
        value = raw
    else:
        try:
            value = int(raw) if kind is int else float(raw)
        except ValueError:
            raise ValueError(f"{name} = {raw!r} does not fit; allowed: {allowed(name)}") from None
    return name, check(name, value)


def check(name: str, value: Value) -> Value:
    """Return `value` as the setting `name` holds it (an integer given for a number becomes one).

    Raises ValueError if there is no such setting or the value does not fit.
    """
    require_name("setting", name, SETTINGS)
    entry = SETTINGS[name]
    wrong = ValueError(f"{name} = {value!r} does not fit; allowed: {allowed(name)}")
    if entry.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not entry.type:
        raise wrong
    among, low, high = (entry.metadata[key] for key in ("among", "low", "high"))
    pattern = entry.metadata.get("pattern")
    if among:
        if value not in among:
            raise wrong
    elif pattern is not None:
        if re.fullmatch(pattern, str(value)) is None:
            raise wrong
    elif isinstance(value, int | float) and (not math.isfinite(value) or not low <= value <= high):
        raise wrong
    return value


def checked(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return `values` with each one checked, in the order of the table."""
    given = {name: check(name, value) for name, value in values.items()}
    return {name: given[name] for name in SETTINGS if name in given}


def changed(settings: Settings, values: Mapping[str, Value]) -> Settings:
    """Return `settings` with `values` put in, each one checked."""
    new: dict[str, Any] = dict(checked(values))
    return replace(settings, **new)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
