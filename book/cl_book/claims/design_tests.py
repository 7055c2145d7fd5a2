"""What of a design's table decides a claim: a share of protocols, two shares, two halves, a region, a nearest protocol."""

from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cl_core.metric_table import MEASURES
from cl_core.runs.designs import DESIGNS, ROLES, SLICE, find_design

_Row = TypeVar("_Row")

LEVEL = 0.05
"""One less this is the confidence of every interval."""

LEAST_PROTOCOLS = SLICE
"""Fewer complete protocols than one slice of a design give no verdict."""

LEAST_OF_PART = SLICE // 2
"""Nor do fewer of the protocols that a claim on one level of a choice is about: half a slice."""

MARGIN = 0.5
"""Points by which adaptive is to be above both in the paper's whole pattern."""

NEARLY = 3.0
"""Points within which frozen forgets nearly as much as initialized. The paper's tables have 0.88 and 2.2 on these sets."""

LEAST_REGION = 6
"""Protocols that a region has in either half, at least."""

NEAR = 5.0
"""Points, root mean square over the paper's nine numbers, within which a protocol comes near them."""


_OF_AN_ORDER = ("share", "contrast")


class DesignTest(BaseModel):
    """How the table of the design `name` decides a claim.

    ``share``: `measure` of the role `of` is higher (`direction` more) or lower (less) than that of `against` in more than
    half of the protocols; with `axis` and `level`, of those that have this level of this choice, with `also` one of these
    levels of other choices, and from the protocol numbered `first` on. ``contrast``: it is so in a larger share of the
    protocols that have this level of this choice, or whose `setting` is `at_least` so much, than of the others, both from
    `first` on. ``halves``: the shares of all the paper's orders are alike in the protocols of even and of odd number.
    ``region``: the paper's whole pattern appears in a region. ``nearest``: one protocol comes near the paper's nine numbers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["share", "contrast", "halves", "region", "nearest"]
    of: str = ""
    against: str = ""
    measure: Literal["avg_acc", "task_acc", "forgetting", ""] = ""
    direction: Literal["more", "less", ""] = Field(default="")
    axis: str = ""
    level: str = ""
    also: Mapping[str, tuple[str, ...]] = Field(default={})
    first: int = Field(default=0, ge=0)
    setting: str = ""
    at_least: float = 0.0

    @model_validator(mode="after")
    def _holds_together(self) -> "DesignTest":
        if self.name not in DESIGNS:
            raise ValueError(f"there is no design {self.name!r}; choose one of {', '.join(DESIGNS)}")
        given = (self.of, self.against, self.measure, self.direction)
        if self.kind in _OF_AN_ORDER:
            if not all(given) or self.of not in ROLES or self.against not in ROLES or self.of == self.against:
                raise ValueError(f"a {self.kind} needs two of the roles {', '.join(ROLES)}, a measure and a direction")
        elif any(given):
            raise ValueError(f"{self.kind} compares no two roles; leave out of, against, measure and direction")
        self._part_holds_together()
        self._contrast_holds_together()
        return self

    def _contrast_holds_together(self) -> None:
        if self.kind != "contrast":
            if self.setting or self.at_least:
                raise ValueError(f"{self.kind} sets nothing apart; leave out setting and at_least")
            return
        if self.also or bool(self.axis) == bool(self.setting):
            raise ValueError("a contrast needs either an axis and its level, or a setting and at_least; leave out also")
        if self.setting and not isinstance(self._settings(0).get(self.setting), int | float):
            raise ValueError(f"no run of {self.of} in {self.name} has a number called {self.setting!r}")
        apart = set(self.set_apart)
        if not apart or apart == set(self.protocols):
            raise ValueError(
                f"a contrast needs protocols on either side; {len(apart)} of {len(self.protocols)} are set apart"
            )

    def _settings(self, protocol: int) -> Mapping[str, object]:
        return find_design(self.name).plan(protocol, self.of).config

    def _part_holds_together(self) -> None:
        if not self.of_part:
            return
        if self.kind not in _OF_AN_ORDER:
            raise ValueError(f"{self.kind} is about all protocols; leave out axis, level, also and first")
        levels = {axis.name: axis.different for axis in find_design(self.name).axes}
        for axis, level in self._levels():
            if level not in levels.get(axis, ()):
                known = "; ".join(f"{name}: {', '.join(own)}" for name, own in levels.items())
                raise ValueError(f"no choice {axis!r} has the level {level!r}; there are {known}")
        if not self.protocols:
            raise ValueError(f"the design {self.name} has no protocol from {self.first} on; give a smaller first")

    @property
    def of_part(self) -> bool:
        """Whether the claim is about a part of the design's protocols."""
        return bool(self.axis or self.level or self.also or self.first)

    def _levels(self) -> list[tuple[str, str]]:
        own = [(self.axis, self.level)] if self.axis or self.level else []
        return own + [(axis, level) for axis, several in self.also.items() for level in several]

    @property
    def protocols(self) -> tuple[int, ...]:
        """The numbers of the protocols that the claim is about."""
        drawn = find_design(self.name).draw()
        return tuple(
            number
            for number in range(self.first, len(drawn))
            if self.kind == "contrast" or self._has_levels(drawn[number])
        )

    @property
    def set_apart(self) -> tuple[int, ...]:
        """The numbers of those in which a contrast claims that there is a larger share than in the others."""
        drawn = find_design(self.name).draw()
        if self.setting:
            own = {number: self._settings(number)[self.setting] for number in self.protocols}
            return tuple(
                number for number, value in own.items() if isinstance(value, int | float) and value >= self.at_least
            )
        return tuple(number for number in self.protocols if self._has_levels(drawn[number]))

    def _has_levels(self, levels: Mapping[str, str]) -> bool:
        wanted = self._levels()
        return all((axis, levels[axis]) in wanted for axis in {axis for axis, _ in wanted})

    @property
    def least(self) -> int:
        """Fewer complete protocols than this give no verdict."""
        return LEAST_OF_PART if self.kind == "share" and self.of_part else LEAST_PROTOCOLS

    def choose(self, rows: Mapping[int, _Row]) -> dict[int, _Row]:
        """Return the rows of the protocols that the claim is about."""
        own = set(self.protocols)
        return {number: row for number, row in rows.items() if number in own}

    @property
    def sign(self) -> int:
        """+1 where the claim is that there is more of the measure, −1 where less."""
        return 1 if self.direction == "more" else -1

    def shows(self) -> str:
        """Return in a sentence what would show the claim."""
        word = "above" if self.direction == "more" else "below"
        if self.kind == "contrast":
            which = f"the {self.axis} {self.level}" if self.axis else f"{self.setting} of {self.at_least:g} or more"
            start = f", from number {self.first} on" if self.first else ""
            return (
                f"The share of the design's protocols with {which} in which {MEASURES[self.measure].title} of {self.of} lies "
                f"{word} that of {self.against}, by one run each, less that of the other protocols{start}, with Newcombe's "
                "95 % interval from the two shares. An equal number does not hold, nor does one beside a run that diverged."
            )
        if self.kind == "share":
            return (
                f"The share of the {self._protocols_in_words()} in which {MEASURES[self.measure].title} of {self.of} lies {word} "
                f"that of {self.against}, by one run each, with a 95 % interval from 10,000 bootstrap draws of the "
                "protocols. An equal number does not hold, nor does one beside a run that diverged."
            )
        if self.kind == "halves":
            return (
                "For each of the paper's nine orders, its share among protocols of even number minus that among those of "
                "odd number, with an interval from 10,000 bootstrap draws in each half, at 95 % for all nine together."
            )
        if self.kind == "region":
            return (
                "The pattern, in means over protocols: Avg.Acc and Task.Acc of adaptive are each "
                f"{MARGIN:g} points or more above those of initialized and of frozen, and frozen's forgetting lies within "
                f"{NEARLY:g} points of initialized's. A region: the protocols that share the level of one axis, or of two, "
                f"{LEAST_REGION} or more of even and of odd number. Among protocols of even number the region is picked "
                "that has the pattern with the largest gains, the smallest of the four in its standard errors; it is "
                "tested among those of odd number, with 95 % intervals."
            )
        return (
            "The distance of a protocol: the root mean square, over Avg.Acc, Task.Acc and forgetting of initialized, frozen "
            "and adaptive, of the difference from the paper's number. The smallest of the distances."
        )

    def _protocols_in_words(self) -> str:
        parts = [f"the {self.axis} {self.level}"] if self.axis else []
        parts += [f"the {axis} {' or '.join(several)}" for axis, several in self.also.items()]
        which = f" with {' and '.join(parts)}" if parts else ""
        return f"design's protocols{which}{f' from number {self.first} on' if self.first else ''}"

    def tolerance(self) -> str:
        """Return how far off still counts."""
        if self.kind == "share":
            return (
                "Reproduced if the interval lies above one half, not reproduced if it lies below, else inconclusive. One "
                "seed differs by several points from another, so a share tells of an order's reach, not of its size; "
                "without any difference it would be about one half."
            )
        if self.kind == "contrast":
            return (
                "Reproduced if the interval lies above zero, not reproduced if it lies below, else inconclusive; so too with "
                f"fewer than {LEAST_REGION} protocols on a side. What is set apart may differ in other choices too, by chance."
            )
        if self.kind == "halves":
            return "Reproduced if every interval holds zero, not reproduced if one does not."
        if self.kind == "region":
            return (
                "Reproduced if the four intervals lie above zero there and the mean difference in forgetting within its "
                f"bounds; not reproduced if no region has the pattern where it is picked, or an interval of a gain lies below {MARGIN:g} "
                "points, or that of forgetting outside its bounds; else inconclusive. The half that picks does not test, "
                "as the best of many regions is flattered where it was picked."
            )
        return f"Reproduced if the smallest distance is {NEAR:g} points or less, not reproduced if it is more."
