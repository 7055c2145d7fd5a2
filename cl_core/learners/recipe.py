"""What a network is made of and how it is trained: two records, readable without torch."""

import math
from dataclasses import dataclass

from cl_core.strategies import SCORES


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The shape of a network.

    `kind` is ``resnet`` (a stem and eight residual blocks, `width` channels in the first of four groups, doubled from
    group to group) or ``mlp`` (`depth` hidden layers of `width` units; no normalisation). `norm` (``batch`` or
    ``group``) and `stem_stride` belong to the ResNet, `depth` to the MLP. `shared_head` gives all tasks one head.
    """

    kind: str = "resnet"
    width: int = 64
    depth: int = 3
    norm: str = "batch"
    stem_stride: int = 1
    shared_head: bool = False

    def __post_init__(self) -> None:
        _require_among("kind", self.kind, ("resnet", "mlp"))
        _require_among("norm", self.norm, ("batch", "group"))
        for name in ("width", "depth", "stem_stride"):
            _require(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How every task is trained, the same under every strategy.

    SGD with `momentum` and `weight_decay` (on what trains, alone), started anew with each task; `learning_rate` stays
    (``constant``) or falls to zero along half a cosine (``cosine``) within a task of `epochs` passes in minibatches of
    `batch` images. `precision` is ``float64``, ``float32`` or ``bfloat16`` (float32 parameters, bfloat16 autocast).

    At a task's arrival its head is fitted alone for `head_warmup_steps` on a sample of `gradient_samples` training
    images, and the gradient over all shared parameters is taken on that sample, with the head as drawn
    (`gradient_at` ``arrival``) or after its warm-up (``warm``: a random head says little about the features).
    `metric`, one of :data:`cl_core.strategies.SCORES`, compares it with the gradient of the task before.
    """

    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    batch: int = 64
    epochs: int = 5
    schedule: str = "cosine"
    precision: str = "float32"
    head_warmup_steps: int = 50
    gradient_samples: int = 1024
    gradient_at: str = "warm"
    metric: str = "cosine"

    def __post_init__(self) -> None:
        _require("learning_rate", self.learning_rate, 0 < self.learning_rate < math.inf, "above 0")
        _require("momentum", self.momentum, 0 <= self.momentum < 1, "0 to below 1")
        _require("weight_decay", self.weight_decay, 0 <= self.weight_decay < math.inf, "0 or more")
        _require("batch", self.batch, self.batch >= 2, "2 or more")
        _require("epochs", self.epochs, self.epochs >= 1, "1 or more")
        _require("head_warmup_steps", self.head_warmup_steps, self.head_warmup_steps >= 0, "0 or more")
        _require("gradient_samples", self.gradient_samples, self.gradient_samples >= 2, "2 or more")
        _require_among("schedule", self.schedule, ("constant", "cosine"))
        _require_among("precision", self.precision, ("float64", "float32", "bfloat16"))
        _require_among("gradient_at", self.gradient_at, ("arrival", "warm"))
        _require_among("metric", self.metric, tuple(sorted(SCORES)))


def _require(name: str, value: float, fits: bool, allowed: str) -> None:
    if not fits:
        raise ValueError(f"{name} = {value!r} does not fit; allowed: {allowed}")


def _require_among(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} = {value!r} is unknown; choose one of {', '.join(allowed)}")
