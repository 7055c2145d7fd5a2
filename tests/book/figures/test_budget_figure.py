"""The budget figure: each strategy's mean with either head, and nothing where a point is missing."""

import pytest
from cl_book.figures.budget_figure import EPOCHS, HEADS, STRATEGIES, compute_point, draw_budget
from matplotlib import pyplot as plt

from cl_core.runs.result_set import read_results

STILL = {"forgetting": 0.0, "magnitudes": (9, 9, 9, 9)}
"""A run that forgets nothing, in which Algorithm 1 never holds a block."""


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def keep_budget(keep_all, *, left_out=()):
    for place, (name, arm) in enumerate(STRATEGIES.items()):
        for head, words in HEADS.items():
            for epochs in EPOCHS:
                if (name, head, epochs) in left_out:
                    continue
                settings = " ".join(
                    (arm.strategy, *arm.settings, *words, *([] if epochs == 4 else [f"epochs={epochs}"]))
                )
                level = 40.0 + 5 * place + epochs - (20.0 if words else 0.0)
                keep_all(
                    "split-cifar100",
                    range(3),
                    {settings: {"task_acc": level} | (STILL if arm.strategy == "adaptive" else {"forgetting": 0.0})},
                )


def test_a_point_is_the_mean_over_seeds_with_that_head_and_so_many_epochs(keep_all, checkout):
    keep_budget(keep_all)
    found = compute_point("split-cifar100", "frozen, 5 moving", "no fitted head", 2, "task_acc", read_results())
    assert (found.mean, found.seeds) == (pytest.approx(27.0, abs=0.01), 3)
    found = compute_point("split-cifar100", "initialized", "fitted head", 4, "task_acc", read_results())
    assert found.mean == pytest.approx(44.0, abs=0.01)


def test_the_figure_tells_its_numbers_and_needs_every_point(keep_all, checkout):
    missing = ("adaptive, 4 held at most", "no fitted head", 1)
    keep_budget(keep_all, left_out=[missing])
    assert draw_budget("split-cifar100", read_results()) is None
    keep_all(
        "split-cifar100",
        range(3),
        {"adaptive modules=4 head_warmup_steps=0 epochs=1": {"task_acc": 31.0} | STILL},
    )
    picture = draw_budget("split-cifar100", read_results())
    assert "Avg.Acc with 1, 2, 4 epochs: initialized, fitted head: 41.0, 42.0, 44.0" in picture.alt
    assert list(picture.data["adaptive, 4 held at most, no fitted head, task_acc, mean"]) == pytest.approx(
        [31.0, 32.0, 34.0], abs=0.01
    )
    assert picture.finding == (
        "A fitted head raises the final accuracy by 20.0 to 20.0 points. "
        "With equal heads and epochs these strategies, which hold at most four blocks, differ by 10.0 points at most."
    )
    dotted = [line for panel in picture.figure.axes for line in panel.lines if line.get_linestyle() == ":"]
    assert len(dotted) == 3 * len(STRATEGIES), "a head that is not fitted has a line style of its own"
