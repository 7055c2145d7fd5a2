"""What a chapter draws of its stored runs: what is there, for the strategies that ran, and a sentence where nothing is."""

import pytest
from cl_book.figures import inside
from matplotlib import pyplot as plt

from cl_core.runs.result_set import ResultSet, read_results


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_every_kind_draws_nothing_where_nothing_ran():
    empty = ResultSet({}, {})
    assert {kind: draw("split-cifar100", empty) for kind, (draw, _) in inside.INSIDE.items()} == dict.fromkeys(
        inside.INSIDE
    )


def test_a_strategy_without_runs_is_left_out_and_the_others_are_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        inside, "find_runs", lambda experiment, arm, results: {"a": 1, "b": 2} if arm.strategy == "frozen" else {}
    )
    inside._draw_groups(drawn.append, ("initialized", "frozen"), "any", ResultSet({}, {}))
    assert drawn == [{"frozen": [1, 2]}]


def test_a_notebook_is_told_where_nothing_is_stored(monkeypatch, capsys):
    monkeypatch.setattr(inside, "read_results", lambda: ResultSet({}, {}))
    inside.show_stored("split-cifar100")
    assert capsys.readouterr().out == "results/ has no run of split-cifar100\n"


@pytest.mark.slow
def test_a_notebook_shows_each_stored_figure_after_what_it_found(monkeypatch, capsys):
    names = []
    monkeypatch.setattr(inside.Picture, "show", lambda self, name: names.append(name))
    monkeypatch.setattr(inside, "INSIDE", {kind: inside.INSIDE[kind] for kind in ("ages", "schedules")})
    inside.show_stored("permuted-mnist")
    draw, _ = inside.INSIDE["ages"]
    picture = draw("permuted-mnist", read_results())
    assert picture is not None
    assert names == ["results-permuted-mnist-ages"]
    assert picture.finding
    assert capsys.readouterr().out == f"{picture.finding}\n"
