"""Rows of reference results: means and spreads by hand, and which runs belong to a row."""

import pytest
from cl_book.claims.summaries import Spread, circumstances, rows, stale

from cl_core.runs.result_set import read_results


def test_a_row_is_a_strategy_over_its_seeds(keep_all):
    keep_all(
        "split-cifar100", (0, 1, 2), {"frozen": {"forgetting": lambda s: 20 + s}, "initialized": {"forgetting": 30}}
    )
    first, second = rows("split-cifar100", read_results())
    assert (first.strategy, second.strategy) == ("initialized", "frozen")
    assert second.seeds == (0, 1, 2)
    assert second.measures["forgetting"].mean == pytest.approx(21)
    assert second.measures["forgetting"].std == pytest.approx(1)
    assert second.measures["lost_share"].mean == pytest.approx(42)
    assert str(first.measures["forgetting"]) == "30.00 ± 0.00"


def test_other_settings_have_rows_of_their_own_where_asked(keep):
    keep("split-cifar100", "frozen", 0)
    keep("split-cifar100", "frozen trained=2", 0)
    keep("split-cifar100", "frozen trained=2 norm=group", 0)
    assert [(row.strategy, row.seeds) for row in rows("split-cifar100", read_results())] == [("frozen", (0,))]
    over = rows("split-cifar100", read_results(), over=["trained"])
    assert [(row.values, row.seeds, row.changed) for row in over] == [((1,), (0,), False), ((2,), (0,), True)]
    both = rows("split-cifar100", read_results(), over=["trained", "norm"])
    assert [row.values for row in both] == [(1, "batch"), (2, "batch"), (2, "group")]
    assert rows("split-cifar100", read_results(), strategies=["two-level"]) == []
    assert rows("split-cifar10", read_results()) == []


def test_how_far_the_parameters_moved(keep, make_run):
    keep("split-cifar100", "frozen", 0, update=1.0)
    keep("split-cifar100", "frozen", 1, update=2.0)
    assert rows("split-cifar100", read_results())[0].measures["distance"].mean == pytest.approx(1.5)
    keep("split-cifar100", "joint", 0, update_norms=((None,) * 9,) * 4)
    assert "distance" not in rows("split-cifar100", read_results(), strategies=["joint"])[0].measures


def test_one_seed_has_no_spread(keep):
    keep("split-cifar100", "frozen", 0, forgetting=20)
    assert rows("split-cifar100", read_results())[0].measures["forgetting"] == Spread(pytest.approx(20), None)
    assert str(Spread(20.0, None)) == "20.00"


def test_validation_runs_are_no_reference(keep):
    keep("split-cifar100", "frozen", 100)
    assert rows("split-cifar100", read_results()) == []
    assert circumstances("split-cifar100", read_results()) == []


def test_how_they_were_made(keep, make_run):
    machine = {"processor": "a processor", "threads": 1}
    recorded = make_run("split-cifar100", "frozen", 0).recorded
    keep("split-cifar100", "frozen", 0, recorded={**recorded, "machine": machine})
    data, profile, computed = circumstances("split-cifar100", read_results())
    assert data == "data made up"
    assert profile.startswith("profile cpu (width ")
    assert computed == "computed on a processor, 1 thread a run"


def test_an_edited_result_is_left_out(keep):
    path = keep("split-cifar100", "frozen", 0)
    path.write_text(path.read_text().replace("60000", "60001", 1))
    assert rows("split-cifar100", read_results()) == []
    assert stale("split-cifar100", read_results()) == ["cpu/split-cifar100/frozen-0.json"]


def test_a_setting_that_came_later_has_its_default_in_older_runs(keep):
    keep("split-cifar100", "initialized", 0)
    keep("split-cifar100", "initialized class_images=100", 0)
    keep("split-cifar100", "lwf", 0, magnitudes=(9,) * 4)
    found = rows("split-cifar100", read_results(), over=["class_images", "augmentation"])
    assert {(row.strategy, row.values) for row in found} == {
        ("initialized", (0, "none")),
        ("initialized", (100, "none")),
        ("lwf", (0, None)),
    }


def test_rows_may_be_asked_for_at_other_values(keep):
    ten = "tasks=10 classes=10"
    for arm in ("initialized", f"initialized {ten}", f"initialized {ten} overlap=0.2", f"frozen {ten} trained=3"):
        keep("correlated-cifar100", arm, 0)
    found = rows("correlated-cifar100", read_results(), over=["overlap"], at={"tasks": 10, "classes": 10})
    assert [(row.strategy, row.values) for row in found] == [("initialized", (0.2,)), ("initialized", (0.5,))]
    found = rows("correlated-cifar100", read_results(), at={"tasks": 10, "classes": 10, "trained": 3})
    assert [row.strategy for row in found] == ["initialized", "frozen"]
