"""Figures of going a part of the way: what is drawn is the results' own, and nothing is drawn before it was run."""

import numpy as np
import pytest
from cl_book.claims.arms import parse_arm, run_of
from cl_book.claims.reference_runs import WAYS
from cl_book.figures.part_way_figures import (
    compute_theory,
    draw_order,
    draw_pareto,
    draw_theory_and_network,
    find_front,
)
from matplotlib import pyplot as plt
from support.made_results import official_images

from cl_core.runs.result_set import read_results


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_the_theory_is_what_the_chapter_says():
    theory = compute_theory()
    (new, forgotten), whole, none = theory["1/t"][0], theory["fraction"][-1], theory["fraction"][0]
    assert theory["number"][-1] == pytest.approx(whole), "all of the parameters and all of the way are one"
    assert theory["number"][0] == pytest.approx(none), "so are none of them and nothing of it"
    assert none[1] == pytest.approx(0)
    assert forgotten < 0 < whole[1], "a part of the way may improve earlier tasks; the whole forgets"
    assert all(new + forgotten < sum(place) for place in theory["number"] if np.isfinite(place).all())


def test_theory_and_network_stand_beside_one_another(keep_all):
    places = {"initialized": (65.0, 30.0), "frozen": (51.0, 9.0), "frozen-0": (45.0, 0.0), "averaged": (54.0, 3.0)}
    arms = {arm: {"task_acc": new, "forgetting": lost} for arm, (new, lost) in places.items()}
    keep_all("split-cifar100", range(2), arms)
    picture = draw_theory_and_network("split-cifar100", read_results())
    assert list(picture.data["network, number: new"]) == pytest.approx([55, 49, 35], abs=1e-3)
    assert list(picture.data["network, 1/t: forgetting"]) == pytest.approx([3.0], abs=1e-3)
    assert "network, fraction: new" not in picture.data, "no constant part was run"
    assert "In the network 1/t stands at 46.0 and 3.0" in picture.alt


def test_nothing_on_the_front_is_beaten_in_both():
    places = [(50.0, 5.0, "a"), (60.0, 5.0, "b"), (60.0, 6.0, "c"), (40.0, 0.0, "d"), (45.0, 5.5, "e")]
    assert [name for *_, name in find_front(places)] == ["d", "b"]


def test_every_method_is_on_the_pareto_chart_and_no_control_or_other_protocol(keep_all):
    arms = {
        "initialized": {"task_acc": 65.0, "forgetting": 30.0},
        "averaged": {"task_acc": 54.0, "forgetting": 3.0},
        "averaged fractions=reversed": {"task_acc": 52.0, "forgetting": 7.0},
        "frozen-0": {"task_acc": 45.0, "forgetting": 0.0},
        "slower rate_factor=0.1": {"task_acc": 58.0, "forgetting": 14.0},
        "slower rate_factor=0.25": {"task_acc": 62.0, "forgetting": 21.0},
        "two-level": {"task_acc": 60.0, "forgetting": 20.0},
        "two-level-random": {"task_acc": 60.0, "forgetting": 1.0},
        "initialized epochs=2": {"task_acc": 80.0, "forgetting": 1.0},
    }
    keep_all("split-cifar100", range(2), arms)
    picture = draw_pareto("split-cifar100", read_results())
    drawn = {key.partition(":")[0] for key in picture.data if key.endswith(": task_acc")}
    assert drawn == {
        "initialized",
        "averaged",
        "averaged fractions=reversed",
        "no update",
        "slower",
        "two-level",
        "front",
    }
    assert list(picture.data["slower: forgetting"]) == pytest.approx([14, 21], abs=1e-3)
    assert picture.data["front"] == [
        "no update",
        "averaged",
        "slower rate_factor=0.1",
        "two-level",
        "slower rate_factor=0.25",
        "initialized",
    ]
    (axes,) = picture.figure.axes
    marks = [(line.get_color(), line.get_marker()) for line in axes.lines[:-1]]
    assert len(set(marks)) == len(marks) == 6, "a mark of its own for each"


def test_what_orders_forgetting_waits_for_its_runs_and_then_draws_them(keep_all, checkout):
    arms = {}
    for number, (way, given) in enumerate(WAYS):
        words = " ".join([way, *(f"{name}={values[0]}" for name, values in given.items()), "effects=true"])
        rising = (None, *(0.1 * (number + 1),) * 3)
        arms[words] = {
            "forgetting": float(number),
            "update": 1.0 + number,
            "curvatures": rising,
            "drifts": rising[:1] + (0.5,) * 3,
        }
    keep_all("split-cifar100", [0], dict(list(arms.items())[1:]))
    assert draw_order("split-cifar100", read_results()) is None
    keep_all("split-cifar100", [0], dict(list(arms.items())[:1]))
    picture = draw_order("split-cifar100", read_results())
    assert list(picture.data["forgetting"]) == pytest.approx(list(range(12)), abs=1e-3)
    assert list(picture.data["curvature"]) == pytest.approx([0.1 * (n + 1) for n in range(12)])
    assert [panel.get_title(loc="left") for panel in picture.figure.axes] == [
        "ρ = 0.00",
        "ρ = 1.00",
        "ρ = 1.00",
        "ρ = 0.00",
    ]
    assert picture.data["way"][2] == "frozen trained=3"
    assert "over 12 ways to train, means of 1 seed. Rank" in picture.alt
    (arm, values), *_ = arms.items()
    (checkout / "results" / run_of("split-cifar100", parse_arm(arm), 0).name).unlink()
    keep_all("split-cifar100", [0], {arm: {**values, "data": official_images("cifar100")}})
    assert draw_order("split-cifar100", read_results()) is None, "one way's run is on other images"


def test_without_runs_there_is_no_picture(checkout):
    for draw in (draw_theory_and_network, draw_pareto, draw_order):
        assert draw("split-cifar100", read_results()) is None
