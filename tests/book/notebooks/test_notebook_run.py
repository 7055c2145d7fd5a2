"""What is run live: which settings reach which strategy, what is refused, and what the lines say."""

import pytest
from cl_book.notebooks.notebook_run import (
    COMPARED_STRATEGIES,
    NotebookRun,
    collect_settings,
    describe_difference,
    format_table,
    list_doubts,
    read_points,
)

from cl_core.experiments.store import accuracies

FAST = {"epochs": 1, "width": 2, "gradient_samples": 16, "head_warmup_steps": 2}


def test_a_stand_in_is_run_under_its_own_name_and_says_so():
    live = NotebookRun(experiment="split-cifar100", seed=100)
    assert live.make_plan("frozen").experiment.name == "digits-split"
    assert "stand-in" in live.describe()
    assert live.describe().endswith("which says nothing of split-cifar100")
    real = NotebookRun(experiment="split-cifar100", seed=100, profile="cpu")
    assert real.make_plan("frozen").experiment.name == "split-cifar100"
    assert "stand-in" not in real.describe()


def test_settings_reach_the_strategies_that_read_them():
    live = NotebookRun(experiment="split-cifar100", seed=100, settings={"threshold": 0.3, "epochs": 4})
    assert live.make_plan("two-level").overrides == {"epochs": 4, "threshold": 0.3}
    assert live.make_plan("initialized").overrides == {"epochs": 4}
    assert live.make_plan("two-level", threshold=0.4).overrides == {"epochs": 4, "threshold": 0.4}


def test_the_stand_ins_settings_give_way_and_do_not_reach_the_real_experiment():
    stand_in = {"epochs": 2}
    plans = [
        NotebookRun(experiment="split-cifar100", seed=100, stand_in=stand_in, **rest).make_plan("initialized")
        for rest in ({}, {"settings": {"epochs": 5}}, {"profile": "cpu"})
    ]
    own = NotebookRun(experiment="split-cifar100", seed=100, profile="cpu").make_plan("initialized")
    assert [plan.settings.epochs for plan in plans] == [2, 5, own.settings.epochs]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": 99}, "scored on test images"),
        ({"profile": "smok"}, "did you mean 'smoke'"),
        ({"route": "embedded"}, "no route 'embedded'"),
        ({"experiment": "split-cifar"}, "did you mean 'split-cifar"),
        ({"settings": {"overlap": 0.5}}, "overlap has no effect on digits-split"),
        ({"settings": {"threshold": 2000.0}}, "allowed"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(wrong, message):
    with pytest.raises(ValueError, match=message):
        NotebookRun(**{"experiment": "split-cifar100", "seed": 100, **wrong})


def test_runs_and_stream_agree():
    live = NotebookRun(experiment="split-cifar100", seed=100, settings={**FAST, "tasks": 2})
    runs = live.run_each(COMPARED_STRATEGIES)
    stream = live.make_stream()
    assert list(runs) == list(COMPARED_STRATEGIES)
    assert {result.data["stream"] for result in runs.values()} == {stream.digest}
    assert {result.config["part"] for result in runs.values()} == {"validation"}
    assert len({tuple(accuracies(result)[0, :1]) for result in runs.values()}) == 1


def test_an_empty_list_gives_no_setting():
    assert collect_settings(epochs=[3], threshold=[], metric=["sign"]) == {"epochs": 3, "metric": "sign"}
    with pytest.raises(ValueError, match="gives several values"):
        collect_settings(epochs=[3, 4])


def test_the_lines_say_what_the_results_hold(make_result):
    better = make_result(strategy="frozen", correct=((9, None, None), (9, 10, None), (9, 10, 8)))
    worse = make_result(strategy="initialized", magnitudes=(2, 2, 2))
    runs = {"frozen": better, "initialized": worse}
    assert read_points(better, "forgetting") == 0
    assert read_points(worse, "forgetting") == pytest.approx(20)
    head, first, second = format_table(runs).splitlines()
    assert head.split() == ["Avg.Acc", "Task.Acc", "Forgetting", "lost", "share", "blocks", "moved"]
    assert first.split() == ["frozen", "90.0", "90.0", "0.0", "0.0", "2", "1", "1"]
    assert second.split()[-1] == "2×3"
    assert describe_difference(runs).splitlines() == [
        "made up, 1 seed: frozen − initialized",
        "  Avg.Acc     +13.3 points",
        "  Task.Acc     +0.0 points",
        "  Forgetting  −20.0 points",
        "  lost share  −44.4 points",
        "one seed gives no verdict",
    ]


def test_doubts_are_listed(make_result):
    fine = make_result(strategy="two-level", magnitudes=(2, 2, 1, 2), **_four())
    still = make_result(strategy="two-level", magnitudes=(2, 2, 1, 1), **_four())
    assert list_doubts({"two-level": fine})[0].startswith("no doubts")
    assert list_doubts({"two-level": still}) == [
        "two-level: one magnitude throughout, from the third task on; the rule chose nothing"
    ]
    poor = make_result(correct=((9, None, None), (8, 6, None), (6, 9, 8)))
    assert "task 2 is not above chance" in list_doubts({"frozen": poor})[0]


def _four():
    none = (None,) * 4
    return {
        "classes": (2,) * 4,
        "test_sizes": (10,) * 4,
        "train_sizes": (100,) * 4,
        "correct": tuple(tuple(9 if k <= t else None for k in range(4)) for t in range(4)),
        "train_correct": (99,) * 4,
        "train_losses": (0.1,) * 4,
        "scores": (None, 0.1, 0.2, 0.3),
        "split_half": (None, 0.9, 0.8, 0.7),
        "score_halves": ((None, None),) * 4,
        "arrival_losses": (0.5,) * 4,
        "steps": (4,) * 4,
        "moved_share": (1.0,) * 4,
        "update_norms": ((1.0, 2.0),) * 4,
        "relative_norms": ((0.1, 0.2),) * 4,
        "logit_changes": (none,) * 4,
    }
