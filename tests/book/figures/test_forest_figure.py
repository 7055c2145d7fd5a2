"""The forest plot: paired differences a stream, every seed drawn, the paper's difference where both numbers are its own."""

import numpy as np
import pytest
from cl_book.claims.arms import Arm
from cl_book.claims.statistics import t_interval
from cl_book.figures.forest_figure import draw_forest, draw_gains
from matplotlib import pyplot as plt
from support.made_results import official_images

from cl_core.runs.result_set import read_results


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_line_is_the_paired_difference_with_every_seed_and_the_papers(keep_all, checkout):
    numbers = "I,split-cifar100,initialized,forgetting,24.84,,P\nI,split-cifar100,frozen,forgetting,23.96,,P\n"
    paper = checkout / "book/paper.csv"
    paper.write_text(f"table,experiment,strategy,metric,mean,std,mark\n{numbers}", encoding="utf-8")
    arms = {
        "frozen": {"forgetting": lambda s: 10.0 + 2 * s},
        "initialized": {"forgetting": lambda s: 30.0 + s},
        "frozen-0": {"forgetting": 0.0},
    }
    keep_all("split-cifar100", range(3), arms)
    keep_all("split-cifar10", range(1), arms)
    pairs = [(Arm("frozen"), Arm("initialized")), (Arm("frozen-0"), Arm("initialized"))]
    picture = draw_forest(pairs, "forgetting", read_results())
    assert list(picture.data["stream"]) == ["CIFAR-100, 10 tasks"] * 2, "one seed is no interval"
    assert picture.data["mean"] == pytest.approx([-19.0, -31.0], abs=1e-3)
    assert picture.data["low"][0] == pytest.approx(t_interval([-20.0, -19.0, -18.0]).low, abs=1e-2)
    assert picture.data["paper"][0] == pytest.approx(23.96 - 24.84)
    assert np.isnan(picture.data["paper"][1]), "the paper has no run without update"
    (axes,) = picture.figure.axes
    seeds = next(line for line in axes.lines if line.get_marker() == ".")
    assert sorted(seeds.get_xdata()) == pytest.approx([-20.0, -19.0, -18.0], abs=1e-3)
    (diamond,) = [line for line in axes.lines if line.get_marker() == "D"]
    assert list(diamond.get_xdata()) == pytest.approx([-0.88])
    assert "frozen − initialized on CIFAR-100, 10 tasks: −19.0, paper −0.9" in picture.alt


def test_a_seed_whose_sides_are_on_different_images_is_not_drawn(keep_all, keep, checkout):
    (checkout / "book/paper.csv").write_text("table,experiment,strategy,metric,mean,std,mark\n", encoding="utf-8")
    keep_all("split-cifar100", range(3), {"frozen": {"forgetting": 10.0}, "initialized": {}})
    keep("split-cifar100", "frozen", 3, forgetting=50.0)
    keep("split-cifar100", "initialized", 3, data=official_images("cifar100"))
    picture = draw_forest([(Arm("frozen"), Arm("initialized"))], "forgetting", read_results())
    assert picture.data["mean"] == pytest.approx([-10.0], abs=1e-3)


def test_gains_of_one_stream_are_told_in_both_measures(keep_all, checkout):
    header = "table,experiment,strategy,metric,mean,std,mark\n"
    numbers = "".join(
        f"I,split-cifar100,{name},{measure},{value},,P\n"
        for name, measure, value in (
            *(("initialized", "forgetting", 24.84), ("frozen", "forgetting", 23.96)),
            *(("initialized", "avg_acc", 42.27), ("frozen", "avg_acc", 43.38)),
        )
    )
    (checkout / "book/paper.csv").write_text(header + numbers, encoding="utf-8")
    arms = {
        "frozen": {"task_acc": 60.0, "forgetting": lambda s: 10.0 + 2 * s},
        "initialized": {"task_acc": 70.0, "forgetting": lambda s: 30.0 + s},
        "two-level": {"task_acc": 65.0, "forgetting": 20.0},
    }
    keep_all("split-cifar100", range(3), arms)
    picture = draw_gains("split-cifar100", read_results())
    assert list(zip(picture.data["of"], picture.data["against"], strict=True)) == [
        ("frozen", "initialized"),
        ("two-level", "initialized"),
        ("two-level", "frozen"),
    ]
    assert picture.data["Forgetting"] == pytest.approx([-19.0, -11.0, 8.0], abs=1e-3)
    assert picture.data["Avg.Acc, paper"][:2] == pytest.approx([1.11, np.nan], nan_ok=True)
    assert picture.finding.startswith(
        "Frozen ends 4.2 points higher than initialized and forgets 19.0 points less (3 seeds); two-"
    )
    left, right = picture.figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["frozen", "two-level", "two-level"]
    assert sum(line.get_marker() == "." for line in right.lines) == 3, "every row shows its seeds"
    above, below = picture.narrow.axes
    assert above.get_position().y0 > below.get_position().y1, "a phone has the panels below one another"


def test_a_gain_is_told_as_its_interval_allows(keep_all, checkout):
    (checkout / "book/paper.csv").write_text("table,experiment,strategy,metric,mean,std,mark\n", encoding="utf-8")
    same = {"task_acc": 70.0, "forgetting": 30.0}
    unclear = {"task_acc": 70.0, "forgetting": lambda s: 29.0 + s}
    keep_all("split-cifar100", range(3), {"initialized": same, "two-level": same, "frozen": unclear})
    finding = draw_gains("split-cifar100", read_results()).finding
    first, second = finding.split("; ")
    assert (
        first
        == "Frozen ends neither clearly higher nor lower than initialized and forgets neither clearly more nor less (3 seeds)"
    )
    assert second == "two-level ends as high as initialized and forgets equally much (3 seeds)."


def test_without_two_seeds_there_is_no_picture(checkout):
    assert draw_gains("split-cifar100", read_results()) is None
    assert draw_forest([(Arm("frozen"), Arm("initialized"))], "avg_acc", read_results()) is None
