"""Designs: many protocols drawn over all axes at once, and the runs of each.

A design is a Latin hypercube in slices: of each slice of SLICE protocols every axis has every level as often as any
other, up to one, so that a design which ends early is balanced too. The order is fixed. Needs NumPy for the draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from cl_core.experiments.plan import Plan, list_settings, make_plan
from cl_core.experiments.registry import find_experiment, find_strategy
from cl_core.naming import require_name
from cl_core.runs.design_axes import Axis, list_axes, settings_of

ROLES = ("initialized", "frozen", "frozen-0", "adaptive", "averaged")
"""What is run under each protocol, in this order; adaptive is Algorithm 1, by whichever reading of h."""

SLICE = 30
"""Protocols of a slice."""

_DRAWS = (2**32 - 1, 7)
"""Names the draws of designs; never changed, as the tables hold what was drawn."""


@dataclass(frozen=True)
class Design:
    """So many `protocols` on one experiment, in the size of `profile`; `number` names its draws."""

    name: str
    number: int
    experiment: str
    profile: str
    protocols: int

    @property
    def dataset(self) -> str:
        """Name of the images."""
        return find_experiment(self.experiment).definition.dataset

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes, in the order in which they are drawn."""
        return list_axes(self.dataset)

    @property
    def runs(self) -> int:
        """Number of runs in all."""
        return self.protocols * len(ROLES)

    def draw(self) -> tuple[Mapping[str, str], ...]:
        """Return the level of each axis for every protocol, in the design's order."""
        return _draw(self)

    def plan(self, protocol: int, role: str, *, seed: int | None = None) -> Plan:
        """Return the run of `role` under the protocol of that number, counted from 0.

        `seed` takes the place of the design's own; from 100 on the run is scored on validation images. Raises ValueError
        for a number or a role that there is not.
        """
        require_name("role", role, ROLES)
        if not 0 <= protocol < self.protocols:
            raise ValueError(f"protocol {protocol} is not in the design {self.name}; give 0 to {self.protocols - 1}")
        levels = self.draw()[protocol]
        common, rule = settings_of(levels, dataset=self.dataset, profile=self.profile)
        strategy = "literal" if role == "adaptive" and levels["h"] == "trained" else role
        read = list_settings(find_experiment(self.experiment), find_strategy(strategy))
        wanted = {**common, **rule} if role == "adaptive" else common
        overrides = {name: value for name, value in wanted.items() if name in read}
        own = int(levels["seed"]) if seed is None else seed
        return make_plan(self.experiment, strategy, own, self.profile, overrides=overrides)


DESIGNS: Mapping[str, Design] = {
    design.name: design
    for design in (
        Design("split-cifar100", 1, "split-cifar100", "cpu", 150),
        Design("split-cifar10", 2, "split-cifar10", "cpu", 50),
        Design("digits-split", 3, "digits-split", "smoke", 30),
    )
}
"""The designs by name; the last is tiny, to try the command with."""


def find_design(name: str) -> Design:
    """Return the design called `name`. Raises ValueError where there is none, with the nearest."""
    require_name("design", name, DESIGNS)
    return DESIGNS[name]


@cache
def _draw(design: Design) -> tuple[Mapping[str, str], ...]:
    columns: dict[str, list[str]] = {}
    for number, axis in enumerate(design.axes):
        drawn: list[str] = []
        for part in range(-(-design.protocols // SLICE)):
            draws = np.random.default_rng(np.random.SeedSequence([design.number, part, number, *_DRAWS]))
            drawn += [axis.levels[place * len(axis.levels) // SLICE] for place in draws.permutation(SLICE)]
        columns[axis.name] = drawn[: design.protocols]
    return tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
