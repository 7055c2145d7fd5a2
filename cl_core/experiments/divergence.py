"""What to change when training diverges: which settings of the run can be too large, and what they are."""

from collections.abc import Iterator
from contextlib import contextmanager

from cl_core.experiments.plan import Plan
from cl_core.setting_ranges import format_value

_PENALTIES = ("ewc_strength", "lwf_strength")
"""Weights of terms of the loss. They act from the second task on, when there is an earlier one to hold on to."""


@contextmanager
def explain_divergence(plan: Plan, task: int | None = None) -> Iterator[None]:
    """Turn a FloatingPointError into one line that says what to lower, and what it is now.

    `task` is the one that is trained, counted from 0; None for all at once.
    """
    try:
        yield
    except FloatingPointError as error:
        where = "" if task is None else f" in task {task + 1}"
        raise FloatingPointError(
            f"{plan.describe()}: training diverged{where}: {error}; lower {_name_causes(plan, later=bool(task))}"
        ) from None


def _name_causes(plan: Plan, *, later: bool) -> str:
    """Return the settings that can make the first or a `later` task diverge, with their values, the likeliest first."""
    penalties = [name for name in _PENALTIES if name in plan.config and getattr(plan.settings, name) > 0]
    slowed = ["rate_factor"] if "rate_factor" in plan.config else []
    named = [*penalties, "learning_rate", *slowed] if later else ["learning_rate"]
    values = [f"{name} = {format_value(getattr(plan.settings, name))}" for name in named]
    return " or ".join(values) + ", a third of it to begin with"
