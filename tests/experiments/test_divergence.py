"""What is said to lower: what acts in the task that diverged, with its value, the likeliest first."""

import pytest

from cl_core.experiments.divergence import explain_divergence
from cl_core.experiments.plan import make_plan


@pytest.mark.parametrize(
    ("strategy", "overrides", "task", "says"),
    [
        ("initialized", {}, 0, "training diverged in task 1: x; lower learning_rate = 0.05"),
        ("initialized", {}, None, "training diverged: x; lower learning_rate = 0.05"),
        ("pulled", {"pull": 1e6}, 3, "in task 4: x; lower learning_rate = 0.05, a third"),
        ("slower", {"rate_factor": 0.5}, 0, "in task 1: x; lower learning_rate = 0.05, a third"),
        ("slower", {"rate_factor": 0.5}, 1, "in task 2: x; lower learning_rate = 0.05 or rate_factor = 0.5, a third"),
        ("ewc", {"ewc_strength": 1e9}, 0, "in task 1: x; lower learning_rate = 0.05, a third"),
        ("ewc", {"ewc_strength": 1e9}, 1, "in task 2: x; lower ewc_strength = 1000000000.0 or learning_rate = 0.05, a"),
        ("ewc", {"ewc_strength": 0.0}, 1, "in task 2: x; lower learning_rate = 0.05, a third"),
        ("lwf", {"lwf_strength": 1e6}, 4, "in task 5: x; lower lwf_strength = 1000000.0 or learning_rate = 0.05, a"),
    ],
)
def test_the_line_names_what_acts_in_the_task(strategy, overrides, task, says):
    plan = make_plan("digits-split", strategy, 100, "smoke", overrides=overrides)
    with pytest.raises(FloatingPointError) as caught, explain_divergence(plan, task):
        raise FloatingPointError("x")
    assert str(caught.value).startswith(plan.describe())
    assert says in str(caught.value)
