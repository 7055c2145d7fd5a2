"""A row of a benchmark: a ratio beside what is wanted of it, or the reason why it was not measured."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One ratio. `target` is what it is to reach, or with `most` not to pass; `why_not` stands in place of a value.

    A row whose two sides were not measured alike has no value: it is neither met nor below.
    """

    name: str
    value: float | None
    target: float | None = None
    most: bool = False
    why_not: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) == (not self.why_not):
            raise ValueError(f"{self.name}: give a value, or why there is none")

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, ``no target``, or ``not measured``."""
        if self.value is None:
            return "not measured"
        if self.target is None:
            return "no target"
        met = self.value <= self.target if self.most else self.value >= self.target
        return "met" if met else "missed"

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name}: not measured: {self.why_not}"
        wanted = "" if self.target is None else f" (target: {'at most' if self.most else 'at least'} {self.target:g})"
        return f"{self.name}: {self.value:.2f}{wanted}: {self.verdict}"

    def as_json(self) -> dict[str, Any]:
        """Return the row with its verdict, its value to three decimals."""
        rounded = None if self.value is None else round(self.value, 3)
        return {**asdict(self), "value": rounded, "verdict": self.verdict}
