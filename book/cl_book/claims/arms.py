"""One side of a comparison: a strategy with settings, and the reference run that it is at a seed."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from cl_core.experiments.plan import Plan, make_plan
from cl_core.experiments.settings import parse
from cl_core.runs.grid import parse_seeds

PROFILE = "cpu"
"""The profile of the reference results that decide claims."""

_TITLES = {"frozen-0": "no update"}
"""Strategies that the book calls by another name than their own."""


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a strategy, and settings as ``--set`` takes them, such as ``trained=2``."""

    strategy: str
    settings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.strategy, *self.settings])

    @property
    def title(self) -> str:
        """What the book calls it, with its settings."""
        return " ".join([title_of(self.strategy), *self.settings])

    def at(self, setting: str, value: float) -> "Arm":
        """Return the arm with `setting`, which it does not have yet, at `value`."""
        return Arm(self.strategy, (*self.settings, f"{setting}={value:g}"))


def title_of(strategy: str) -> str:
    """Return what the book's tables and figures call a strategy."""
    return _TITLES.get(strategy, strategy)


def parse_arm(text: object) -> object:
    """Return the arm of a text such as ``frozen trained=2``. Raises ValueError for a word that sets nothing."""
    if not isinstance(text, str):
        return text
    strategy, *words = text.split()
    for word in words:
        if "=" not in word:
            raise ValueError(f"{word!r} in {text!r} is not of the form name=value")
    return Arm(strategy, tuple(words))


def run_of(experiment: str, arm: Arm, seed: int, profile: str = PROFILE) -> Plan:
    """Return the run of `arm`. Raises ValueError for one that the catalogue does not have."""
    return make_plan(experiment, arm.strategy, seed, profile, overrides=dict(parse(word) for word in arm.settings))


def _parse_arms(given: object) -> object:
    return tuple(parse_arm(text) for text in ([given] if isinstance(given, str) else given or []))  # type: ignore[attr-defined]


def _parse_seeds(given: object) -> object:
    return tuple(parse_seeds(given)) if isinstance(given, str) else given


OneArm = Annotated[Arm, BeforeValidator(parse_arm)]
Arms = Annotated[tuple[Arm, ...], BeforeValidator(_parse_arms)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_parse_seeds), Field(min_length=1)]
