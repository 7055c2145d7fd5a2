"""What a network is made of and how it is trained, readable without torch. The defaults are the book's protocol."""

from typing import Literal

from cl_core.settings_base import SettingsBase, define


class NetworkSettings(SettingsBase):
    """The settings of a network's shape; one that names a `network` belongs to that kind alone."""

    width: int = define(
        64, "Width", "channels of the ResNet's first group, or units of an MLP layer", least=1, most=1024
    )
    depth: int = define(3, "Depth", "hidden layers of the MLP, each one a block", least=1, most=16, network="mlp")
    norm: Literal["batch", "group"] = define(
        "batch", "Normalisation", "normalisation of the ResNet's blocks", network="resnet"
    )
    stem_stride: int = define(
        1, "Input stride", "stride of the ResNet's first convolution", least=1, most=4, network="resnet"
    )
    shared_head: bool = define(False, "Shared head", "one head for all tasks instead of one a task")


class NetworkSpec(NetworkSettings):
    """The shape of a network.

    `kind` is ``resnet`` (a stem and eight residual blocks, `width` channels in the first of four groups, doubled from
    group to group) or ``mlp`` (`depth` hidden layers of `width` units; no normalisation). Raises ValueError for a value
    that does not fit.
    """

    kind: Literal["resnet", "mlp"] = define("resnet", "Network", "kind of network")


class TrainingSettings(SettingsBase):
    """The settings of SGD, started anew with each task."""

    learning_rate: float = define(
        0.2, "Learning rate", "step length of SGD at the start of each task", least=1e-6, most=10.0
    )
    momentum: float = define(0.9, "Momentum", "momentum of SGD, started anew with each task", least=0.0, most=0.999)
    weight_decay: float = define(5e-4, "Weight decay", "L2 pull on the parameters that train", least=0.0, most=1.0)
    batch: int = define(64, "Batch", "images in a minibatch", least=2, most=4096)
    epochs: int = define(10, "Epochs", "epochs on a task: passes over its training images", least=1, most=1000)
    schedule: Literal["constant", "cosine", "step"] = define(
        "cosine", "Schedule", "course of the step length within a task"
    )
    precision: Literal["float64", "float32", "bfloat16"] = define("float32", "Precision", "arithmetic of training")


class OptimizerSettings(SettingsBase):
    """What makes the steps; a run that does not say has SGD."""

    optimizer: Literal["sgd", "adamw"] = define(
        "sgd",
        "Optimizer",
        "what makes the steps, started anew with each task; adamw's first beta is the momentum, its second 0.999",
    )


class HoldingSettings(SettingsBase):
    """What holding a block fixed means; a run that does not say holds all of it."""

    frozen_statistics: Literal["held", "moving"] = define(
        "held",
        "Statistics of held blocks",
        "running statistics of blocks that may not move: held, or normalising by each minibatch and moving with it",
        network="resnet",
    )


class AugmentationSettings(SettingsBase):
    """The settings of what is done to images in training alone; a run that reads none leaves them as they are."""

    augmentation: Literal["none", "flips-and-crops"] = define(
        "none",
        "Augmentation",
        "change of each minibatch's images: none, or mirrored by chance and shifted by an eighth of the width at most",
        network="resnet",
    )


class ArrivalSettings(SettingsBase):
    """The settings of what is measured when a task arrives, before it is trained."""

    head_warmup_steps: int = define(
        50,
        "Head-only steps",
        "steps in which a new head is fitted alone before the gradients are taken",
        least=0,
        most=10000,
    )
    gradient_samples: int = define(
        5000, "Gradient samples", "training images that the arrival gradient is averaged over", least=2, most=100000
    )
    gradient_at: Literal["arrival", "warm"] = define(
        "warm", "Gradient at", "where the arrival gradient is taken: with the head as drawn, or after its warm-up"
    )
    metric: Literal["cosine", "sign", "projection"] = define(
        "cosine", "Metric", "comparison of the two arrival gradients"
    )


class GradientSettings(SettingsBase):
    """Which gradients are compared. A run that reads none of the settings has the defaults."""

    first_gradient: Literal["arrival", "trained"] = define(
        "arrival",
        "First gradient",
        "weights at which the first task's gradient is taken: those before its training, or after it",
    )
    gradient_over: Literal["blocks", "whole"] = define(
        "blocks", "Gradient over", "parameters that the gradient is over: the shared blocks, or the task's head too"
    )
    score_images: int = define(
        0,
        "Images of a score",
        "images of the gradient sample that the gradients are averaged over, two at least; 0 for all",
        least=0,
        most=100000,
    )


class Recipe(
    GradientSettings, ArrivalSettings, AugmentationSettings, HoldingSettings, OptimizerSettings, TrainingSettings
):
    """How every task is trained, the same under every strategy; ``Recipe()`` is the protocol.

    SGD with `momentum` and `weight_decay` (on what trains, alone), started anew with each task; `learning_rate` stays
    (``constant``), falls to zero along half a cosine (``cosine``) or to a tenth after two thirds of the steps (``step``) within a task of `epochs` passes in minibatches of
    `batch` images, which `augmentation` changes at each step. `optimizer` ``adamw`` makes AdamW's steps instead. With
    `frozen_statistics` ``moving`` a block held fixed normalises by each minibatch, and its running statistics move. `precision` is ``float64`` (data and network are built with that `dtype`), ``float32`` or ``bfloat16`` (float32 parameters, bfloat16 autocast).

    At a task's arrival its head is fitted alone for `head_warmup_steps` on a sample of `gradient_samples` training
    images, and the gradient over all shared parameters is taken on that sample, with the head as drawn
    (`gradient_at` ``arrival``) or after its warm-up (``warm``: a random head says little about the features).
    `metric`, one of :data:`cl_core.strategies.SCORES`, compares it with the gradient of the task before. The first
    task's is taken before its training, or with `first_gradient` ``trained`` after it (a run does so; in a loop of your own, ``cl_core.learners.trained_gradient`` gives it), as Algorithm 1 has it; with
    `gradient_over` ``whole`` the task's head is part of every gradient; `score_images` takes fewer images of the sample
    for it. Raises ValueError for a value that does not fit.
    """
