"""What one task of a run leaves behind, and how the tasks' rows become a result's matrices."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """What was computed for one task; each field becomes a row of the result's field of the plural name.

    None where a strategy has no such quantity, and for what is not a number. `correct`, `class_correct` and `logit_change` are
    padded with None to the number of tasks when the result is put together. Raises FloatingPointError for a norm that
    is not finite.
    """

    correct: tuple[int | None, ...] = ()
    class_correct: tuple[int | None, ...] = ()
    train_correct: int | None = None
    train_loss: float | None = None
    magnitude: int | None = None
    score: float | None = None
    split_half: float | None = None
    score_halves: tuple[float | None, ...] = (None, None)
    arrival_loss: float | None = None
    steps: int | None = None
    moved_share: float | None = None
    update_norms: tuple[float, ...] = ()
    relative_norms: tuple[float, ...] = ()
    logit_change: tuple[float | None, ...] = ()
    curvature: float | None = None
    drift: float | None = None

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.update_norms, *self.relative_norms))):
            raise FloatingPointError("the weights are not finite at its end")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "TaskRow":
        """Return the row that `asdict` and JSON have turned into `record`."""
        given: dict[str, Any] = {}
        for name in (entry.name for entry in fields(cls)):
            given[name] = tuple(record[name]) if isinstance(record[name], list) else record[name]
        return cls(**given)

    def record(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return asdict(self)


def assemble(rows: Sequence[TaskRow], *, blocks: int) -> dict[str, Any]:
    """Return the computed fields of a result from its rows, one a task, on a network of `blocks` shared blocks."""
    tasks = len(rows)

    def padded(values: tuple[Any, ...], width: int) -> tuple[Any, ...]:
        return (*values, *(None for _ in range(width - len(values))))

    measured = {"curvatures": tuple(row.curvature for row in rows), "drifts": tuple(row.drift for row in rows)}
    return {
        "correct": tuple(padded(row.correct, tasks) for row in rows),
        "class_correct": (
            tuple(padded(row.class_correct, tasks) for row in rows) if any(row.class_correct for row in rows) else ()
        ),
        "train_correct": tuple(row.train_correct for row in rows),
        "train_losses": tuple(row.train_loss for row in rows),
        "magnitudes": tuple(row.magnitude for row in rows),
        "scores": tuple(row.score for row in rows),
        "split_half": tuple(row.split_half for row in rows),
        "score_halves": tuple(row.score_halves for row in rows),
        "arrival_losses": tuple(row.arrival_loss for row in rows),
        "steps": tuple(row.steps for row in rows),
        "moved_share": tuple(row.moved_share for row in rows),
        "update_norms": tuple(padded(row.update_norms, blocks) for row in rows),
        "relative_norms": tuple(padded(row.relative_norms, blocks) for row in rows),
        "logit_changes": tuple(padded(row.logit_change, tasks) for row in rows),
        **{name: values for name, values in measured.items() if any(value is not None for value in values)},
    }


def number(value: float) -> float | None:
    """Return `value` as a plain number, None for what is not finite: JSON has no NaN."""
    return float(value) if math.isfinite(value) else None
