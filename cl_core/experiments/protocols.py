"""The protocols by name: how runs are trained, each value with where it comes from.

A protocol changes settings of the profile, as ``--set`` would; what it changes is part of a result's name and identity,
so that results of two protocols never mix.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cl_core.experiments.plan import Plan
from cl_core.naming import require_name
from cl_core.settings_base import Value


@dataclass(frozen=True)
class SourcedValue:
    """One setting's value under a protocol, and where the value comes from."""

    value: Value
    source: str


@dataclass(frozen=True)
class TrainingProtocol:
    """A named way to train: `values` by setting; what they do not name stays as the profile has it."""

    name: str
    summary: str
    values: Mapping[str, SourcedValue] = field(default_factory=dict)


_DENG = "Deng et al. 2025 (arXiv:2506.00205), Section 6"

COMPANION = "companion"
"""Name of the protocol that runs have where none is named."""

PROTOCOLS: Mapping[str, TrainingProtocol] = {
    protocol.name: protocol
    for protocol in (
        TrainingProtocol(COMPANION, "the book's own, chosen on validation; the page Protocol says how"),
        TrainingProtocol(
            "deng2025",
            "the recipe of Deng et al., whose experiments are the nearest documented ones (a head for each task and no augmentation, as here)",
            {
                "shared_head": SourcedValue(False, f"{_DENG}: multi-headed"),
                "learning_rate": SourcedValue(0.05, _DENG),
                "momentum": SourcedValue(0.9, _DENG),
                "weight_decay": SourcedValue(1e-4, f"{_DENG}; not its value for Tiny ImageNet"),
                "batch": SourcedValue(128, _DENG),
                "epochs": SourcedValue(30, f"{_DENG}; not its number for Tiny ImageNet"),
                "joint_epochs": SourcedValue(30, "as many as a task has"),
                "schedule": SourcedValue("step", f"{_DENG}: a tenth from epoch 20 of 30 on"),
            },
        ),
    )
}
"""The protocols by name."""


def protocol_settings(name: str, plans: Sequence[Plan]) -> dict[str, Value]:
    """Return what the protocol `name` sets for those of `plans`' settings that some of them reads.

    Raises ValueError for a name that does not exist, with the nearest one.
    """
    require_name("protocol", name, PROTOCOLS)
    read = {setting for plan in plans for setting in plan.config}
    return {setting: sourced.value for setting, sourced in PROTOCOLS[name].values.items() if setting in read}
