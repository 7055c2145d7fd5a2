"""The catalogue: experiments and profiles as data, and what they change of the settings' defaults.

The reasons for the choices are in the book, page *Protocol*. Raise ``PROTOCOL`` when what a run computes changes on
purpose: every stored result then counts as stale until it has been run again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cl_core.plugins import Plugin
from cl_core.settings_base import Value
from cl_core.streams.definitions import DEFINITIONS, Definition
from cl_core.streams.sequences import Stream

PROTOCOL = 1
"""Version of what a run computes. Results of another protocol are stale."""

# --- the values -------------------------------------------------------------------------------------------------------
# Fixed on validation (seeds from 100) before any reference run; how, and why, is in the book, page Protocol. What all
# runs share are the defaults in cl_core.experiments.settings.

VALUES: Mapping[str, Mapping[str, Mapping[str, Value]]] = {
    "smoke": {
        "resnet": {
            "width": 4,
            "learning_rate": 0.05,
            "threshold": 0.05,
            "batch": 32,
            "epochs": 3,
            "joint_epochs": 3,
            "precision": "float64",
            "head_warmup_steps": 20,
            "gradient_samples": 128,
        },
        "mlp": {
            "width": 32,
            "learning_rate": 0.05,
            "many": 3,
            "modules": 3,
            "threshold": 0.05,
            "batch": 32,
            "epochs": 3,
            "joint_epochs": 3,
            "precision": "float64",
            "head_warmup_steps": 20,
            "gradient_samples": 128,
        },
    },
    "cpu": {
        "resnet": {
            "width": 8,
            "stem_stride": 2,
            "epochs": 4,
            "joint_epochs": 4,
            "ewc_strength": 1.0,
            "lwf_strength": 3.0,
        },
        "mlp": {
            "width": 128,
            "learning_rate": 0.05,
            "many": 3,
            "modules": 3,
            "epochs": 2,
            "joint_epochs": 2,
            "lwf_strength": 3.0,
        },
    },
    "paper": {
        "resnet": {"width": 64, "epochs": 20, "joint_epochs": 20, "ewc_strength": 1.0, "lwf_strength": 3.0},
        "mlp": {
            "width": 256,
            "learning_rate": 0.05,
            "many": 3,
            "modules": 3,
            "epochs": 5,
            "joint_epochs": 5,
            "lwf_strength": 3.0,
        },
    },
}
"""What each profile changes for each kind of network."""

_BIRDS: Mapping[str, Value] = {"epochs": 30, "joint_epochs": 30}

OWN: Mapping[str, Mapping[str, Value]] = dict.fromkeys(
    ("split-cub200", "split-cub200-20", "split-cub50", "corrupted-cub200", "corrupted-cub50", "corrupted-cub50-deng"),
    _BIRDS,
)
"""What an experiment changes on top of that, under every profile: CUB has thirty training images a class."""

INTEGRATED: Mapping[str, Value] = {"threshold": -0.1, "step": 2}
"""What Algorithm 1 and its controls change on top of that, on real images: chosen on validation as the protocol says."""


# --- profiles ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Profile:
    """How large a run is, and on which data."""

    name: str
    summary: str
    embedded: bool
    threads: int
    gpu: bool = False


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="smoke",
            summary="scikit-learn's digits, a tiny network, float64; seconds, no data to fetch",
            embedded=True,
            threads=1,
        ),
        Profile(
            name="cpu",
            summary="the real images, a narrower network; minutes on one core",
            embedded=False,
            threads=1,
        ),
        Profile(
            name="paper",
            summary="the real images, the paper's width; meant for a GPU or a large machine",
            embedded=False,
            threads=0,
            gpu=True,
        ),
    )
}
"""The profiles by name. `threads` is what a run sets for itself, 0 leaves the machine's choice.
`gpu`: a GPU is used where there is one."""

VALIDATION_SEEDS_FROM = 100
"""Seeds from here on are scored on validation images and are for development; those below, on test images."""


# --- experiments ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class OwnStream:
    """A stream from outside: the plugin that it is from, its definition, and what gives it (any seed's) at a seed."""

    plugin: Plugin
    definition: Definition
    draw: Callable[[int], Stream]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A stream of tasks and the network that learns it.

    `network` is ``resnet``, ``mlp`` or the name of a plugin, which `builder` then is. `stand_in` names the experiment
    that profile smoke runs in its place, under the stand-in's own name; None marks those that need none.
    `reads` lists the settings of the stream itself, whose values its definition gives. `stream` is its name in
    :mod:`cl_core.streams`, or that of a plugin, which `own_stream` then has; empty: the same as the experiment's.
    """

    name: str
    summary: str
    network: str
    stand_in: str | None
    reads: tuple[str, ...] = ("tasks",)

    stream: str = ""
    own_stream: OwnStream | None = None
    builder: Plugin | None = None

    def __post_init__(self) -> None:
        if not self.stream:
            object.__setattr__(self, "stream", self.name)

    @property
    def definition(self) -> Definition:
        """The stream as data, before any setting changes it."""
        return DEFINITIONS[self.stream] if self.own_stream is None else self.own_stream.definition

    @property
    def embedded(self) -> bool:
        """Whether the data ship with scikit-learn."""
        return self.stand_in is None and self.own_stream is None


def _experiment(name: str, summary: str, stand_in: str | None, *reads: str, network: str = "resnet") -> Experiment:
    return Experiment(name=name, summary=summary, network=network, stand_in=stand_in, reads=("tasks", *reads))


_SPLIT = ("class_images", "first_tasks", "class_order")
_CORRELATED = ("classes", "class_images", "same_images", "overlap")
_PARTLY = ("severity", "corrupted", "corruption")

CATALOGUE: Mapping[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        _experiment("split-cifar10", "5 tasks of 2 classes", "digits-split", *_SPLIT),
        _experiment("split-cifar100", "10 tasks of 10 classes", "digits-split", *_SPLIT),
        _experiment("split-cifar100-20", "20 tasks of 5 classes", "digits-long"),
        _experiment("split-cub200", "10 tasks of 20 classes", "digits-split", *_SPLIT),
        _experiment("split-cub200-20", "20 tasks of 10 classes", "digits-long"),
        _experiment("split-cub50", "10 tasks of 5 classes, the first 50 of CUB's 200", "digits-split", *_SPLIT),
        _experiment("permuted-mnist", "10 tasks of 10 classes, pixels permuted", "digits-permuted", network="mlp"),
        _experiment(
            "permuted-mnist-4",
            "4 tasks of 10 classes, the largest number that the reported row allows",
            "digits-permuted",
            network="mlp",
        ),
        _experiment("correlated-cifar100", "neighbouring tasks share classes", "digits-correlated", *_CORRELATED),
        _experiment("corrupted-cub200", "noise grows along the tasks", "digits-corrupted", "severity"),
        _experiment("corrupted-cub50", "noise grows along the tasks, CUB-50", "digits-corrupted", "severity"),
        _experiment(
            "corrupted-cifar100-deng",
            "one task's training images are corrupted, after Deng et al.",
            "digits-deng",
            *_PARTLY,
        ),
        _experiment("corrupted-cub50-deng", "the same on CUB-50", "digits-deng", *_PARTLY),
        _experiment("digits-split", "5 tasks of 2 digits", None, *_SPLIT),
        _experiment("digits-permuted", "10 tasks of 10 digits, pixels permuted", None, network="mlp"),
        _experiment("digits-correlated", "neighbouring tasks share digits", None, *_CORRELATED),
        _experiment("digits-corrupted", "noise grows along the tasks", None, "severity"),
        _experiment("digits-deng", "one task's training images are corrupted", None, *_PARTLY),
        _experiment("digits-long", "20 tasks of 2 digits under fixed transforms", None),
    )
}
"""The experiments by name."""
