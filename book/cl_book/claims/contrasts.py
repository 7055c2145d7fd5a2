"""What one number of the paper's tables is less another: across strategies, and from a stream to its variant."""

from dataclasses import dataclass
from decimal import Decimal

from cl_book.claims.paper_table import reported, reported_rows

VARIANTS = {"correlated-cifar100": "split-cifar100", "corrupted-cub200": "split-cub200"}
"""The streams made of another one, and that one."""


@dataclass(frozen=True)
class Contrast:
    """What one reported number is less another, in points: `measure` of `first` less that of `second`."""

    first: str
    second: str
    measure: str
    difference: float


def contrast(first: str, second: str) -> Contrast:
    """Return the contrast of two keys ``table/experiment/strategy/metric`` of one metric, rounded as the tables are.

    Raises ValueError where a key is not reported, or where the metrics differ.
    """
    numbers = reported()
    for key in (first, second):
        if key not in numbers:
            raise ValueError(f"the paper's tables have no {key!r}; give table/experiment/strategy/metric")
    measure = first.rpartition("/")[2]
    if second.rpartition("/")[2] != measure:
        raise ValueError(f"{first} and {second} are two measures; give two numbers of one")
    return Contrast(first, second, measure, float(Decimal(numbers[first].mean) - Decimal(numbers[second].mean)))


def task_accuracy_gains() -> dict[str, float]:
    """Return Task.Acc of adaptive less that of initialized training for every experiment that reports it, in points."""
    keys = {
        row["experiment"]: f"{row['table']}/{row['experiment']}"
        for row in reported_rows()
        if row["metric"] == "task_acc"
    }
    return {
        experiment: contrast(f"{key}/adaptive/task_acc", f"{key}/initialized/task_acc").difference
        for experiment, key in keys.items()
    }


def variant_differences() -> list[tuple[str, str, float, float]]:
    """Return (variant, measure, frozen less initialized on the stream it was made of, the same on the variant)."""
    return [
        (variant, measure, _frozen_less_initialized(base, measure), _frozen_less_initialized(variant, measure))
        for variant, base in VARIANTS.items()
        for measure in ("forgetting", "avg_acc")
    ]


def variant_changes() -> list[tuple[str, str, float, float]]:
    """Return (variant, strategy, change of Avg.Acc, change of Forgetting) from the stream it was made of to the variant."""
    return [
        (variant, strategy, _change(variant, strategy, "avg_acc"), _change(variant, strategy, "forgetting"))
        for variant in VARIANTS
        for strategy in ("initialized", "frozen", "adaptive")
    ]


def _change(variant: str, strategy: str, measure: str) -> float:
    return contrast(f"I/{variant}/{strategy}/{measure}", f"I/{VARIANTS[variant]}/{strategy}/{measure}").difference


def _frozen_less_initialized(stream: str, measure: str) -> float:
    return contrast(f"I/{stream}/frozen/{measure}", f"I/{stream}/initialized/{measure}").difference
