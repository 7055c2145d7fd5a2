"""What a network is made of and how it is trained, readable without torch. The defaults are the book's protocol."""

from typing import Literal

from pydantic import Field

from cl_core.settings_base import SettingsBase


class NetworkSettings(SettingsBase):
    """The settings of a network's shape; one that names a `network` belongs to that kind alone."""

    width: int = Field(
        default=64,
        ge=1,
        le=1024,
        title="Width",
        description="channels of the ResNet's first group, or units of an MLP layer",
    )
    depth: int = Field(
        default=3,
        ge=1,
        le=16,
        title="Depth",
        description="hidden layers of the MLP, each one a block",
        json_schema_extra={"network": "mlp"},
    )
    norm: Literal["batch", "group"] = Field(
        default="batch",
        title="Normalisation",
        description="normalisation of the ResNet's blocks",
        json_schema_extra={"network": "resnet"},
    )
    stem_stride: int = Field(
        default=1,
        ge=1,
        le=4,
        title="Stem stride",
        description="stride of the ResNet's first convolution",
        json_schema_extra={"network": "resnet"},
    )
    shared_head: bool = Field(
        default=False, title="Shared head", description="one head for all tasks instead of one a task"
    )


class NetworkSpec(NetworkSettings):
    """The shape of a network.

    `kind` is ``resnet`` (a stem and eight residual blocks, `width` channels in the first of four groups, doubled from
    group to group) or ``mlp`` (`depth` hidden layers of `width` units; no normalisation). Raises ValueError for a value
    that does not fit.
    """

    kind: Literal["resnet", "mlp"] = Field(default="resnet", title="Network", description="kind of network")


class TrainingSettings(SettingsBase):
    """The settings of SGD, started anew with each task."""

    learning_rate: float = Field(
        default=0.2, ge=1e-6, le=10.0, title="Learning rate", description="step length of SGD at the start of each task"
    )
    momentum: float = Field(
        default=0.9, ge=0.0, le=0.999, title="Momentum", description="momentum of SGD, started anew with each task"
    )
    weight_decay: float = Field(
        default=5e-4, ge=0.0, le=1.0, title="Weight decay", description="L2 pull on the parameters that train"
    )
    batch: int = Field(default=64, ge=2, le=4096, title="Batch", description="images in a minibatch")
    epochs: int = Field(default=10, ge=1, le=1000, title="Passes", description="passes over a task's training images")
    schedule: Literal["constant", "cosine", "step"] = Field(
        default="cosine", title="Schedule", description="course of the step length within a task"
    )
    precision: Literal["float64", "float32", "bfloat16"] = Field(
        default="float32", title="Precision", description="arithmetic of training"
    )


class OptimizerSettings(SettingsBase):
    """What makes the steps; a run that does not say has SGD."""

    optimizer: Literal["sgd", "adamw"] = Field(
        default="sgd",
        title="Optimizer",
        description="what makes the steps, started anew with each task; adamw's first beta is the momentum, its second 0.999",
    )


class HoldingSettings(SettingsBase):
    """What holding a block fixed means; a run that does not say holds all of it."""

    frozen_statistics: Literal["held", "moving"] = Field(
        default="held",
        title="Statistics of held blocks",
        description="running statistics of blocks that may not move: held, or normalising by each minibatch and moving with it",
        json_schema_extra={"network": "resnet"},
    )


class AugmentationSettings(SettingsBase):
    """The settings of what is done to images in training alone; a run that reads none leaves them as they are."""

    augmentation: Literal["none", "flips-and-crops"] = Field(
        default="none",
        title="Augmentation",
        description="change of each minibatch's images: none, or mirrored by chance and shifted by an eighth of the width at most",
        json_schema_extra={"network": "resnet"},
    )


class ArrivalSettings(SettingsBase):
    """The settings of what is measured when a task arrives, before it is trained."""

    head_warmup_steps: int = Field(
        default=50,
        ge=0,
        le=10000,
        title="Head's first steps",
        description="steps in which a new head is fitted alone before the gradients are taken",
    )
    gradient_samples: int = Field(
        default=5000,
        ge=2,
        le=100000,
        title="Gradient samples",
        description="training images that the arrival gradient is averaged over",
    )
    gradient_at: Literal["arrival", "warm"] = Field(
        default="warm",
        title="Gradient at",
        description="where the arrival gradient is taken: with the head as drawn, or after its warm-up",
    )
    metric: Literal["cosine", "sign", "projection"] = Field(
        default="cosine", title="Metric", description="comparison of the two arrival gradients"
    )


class GradientSettings(SettingsBase):
    """Which gradients are compared. A run that reads none of the settings has the defaults."""

    first_gradient: Literal["arrival", "trained"] = Field(
        default="arrival",
        title="First gradient",
        description="weights at which the first task's gradient is taken: those before its training, or after it",
    )
    gradient_over: Literal["blocks", "whole"] = Field(
        default="blocks",
        title="Gradient over",
        description="parameters that the gradient is over: the shared blocks, or the task's head too",
    )
    score_images: int = Field(
        default=0,
        ge=0,
        le=100000,
        title="Images of a score",
        description="images of the gradient sample that the gradients are averaged over, two at least; 0 for all",
    )


class Recipe(
    GradientSettings, ArrivalSettings, AugmentationSettings, HoldingSettings, OptimizerSettings, TrainingSettings
):
    """How every task is trained, the same under every strategy; ``Recipe()`` is the protocol.

    SGD with `momentum` and `weight_decay` (on what trains, alone), started anew with each task; `learning_rate` stays
    (``constant``), falls to zero along half a cosine (``cosine``) or to a tenth after two thirds of the steps (``step``) within a task of `epochs` passes in minibatches of
    `batch` images, which `augmentation` changes at each step. `optimizer` ``adamw`` makes AdamW's steps instead. With
    `frozen_statistics` ``moving`` a block held fixed normalises by each minibatch, and its running statistics move. `precision` is ``float64``, ``float32`` or ``bfloat16`` (float32 parameters, bfloat16 autocast).

    At a task's arrival its head is fitted alone for `head_warmup_steps` on a sample of `gradient_samples` training
    images, and the gradient over all shared parameters is taken on that sample, with the head as drawn
    (`gradient_at` ``arrival``) or after its warm-up (``warm``: a random head says little about the features).
    `metric`, one of :data:`cl_core.strategies.SCORES`, compares it with the gradient of the task before. The first
    task's is taken before its training, or with `first_gradient` ``trained`` after it, as Algorithm 1 has it; with
    `gradient_over` ``whole`` the task's head is part of every gradient; `score_images` takes fewer images of the sample
    for it. Raises ValueError for a value that does not fit.
    """
