"""The scale: each effect at each width, from the seeds that both sides have."""

import pytest
from cl_book.claims.arms import Arm
from cl_book.claims.reference_runs import WIDTHS
from cl_book.figures.scale_figures import compute_effect, draw_scale, list_effects
from matplotlib import pyplot as plt

from cl_core.runs.result_set import read_results


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_an_effect_is_the_mean_over_the_seeds_that_both_sides_have(keep, keep_all, checkout):
    arms = {"initialized width=16": {"task_acc": 60.0}, "frozen width=16": {"task_acc": lambda seed: 64.0 + seed}}
    keep_all("split-cifar100", range(3), arms)
    keep("split-cifar100", "frozen width=16", 3, task_acc=90.0)
    found = compute_effect("split-cifar100", Arm("frozen"), "avg_acc", "width", 16, read_results())
    assert (found.mean, found.seeds) == (pytest.approx(5.0, abs=1e-3), 3)
    assert compute_effect("split-cifar100", Arm("frozen"), "avg_acc", "width", 32, read_results()) is None


def test_the_figure_needs_a_value_beside_the_protocol_s_own_and_tells_its_numbers(keep_all, checkout):
    keep_all("split-cifar100", range(3), {"initialized": {"task_acc": 60.0}, "averaged": {"task_acc": 67.5}})
    assert draw_scale("width", WIDTHS, "split-cifar100", read_results()) is None
    wide = {"initialized width=32": {"task_acc": 60.0}, "averaged width=32": {"task_acc": lambda seed: 62.0 + seed}}
    keep_all("split-cifar100", range(3), wide)
    picture = draw_scale("width", WIDTHS, "split-cifar100", read_results())
    assert "averaged in Avg.Acc +7.5, not run, +3.0" in picture.alt
    assert list(picture.data["averaged avg_acc mean"])[::2] == pytest.approx([7.5, 3.0], abs=1e-3)
    assert len(list_effects()) == 6
