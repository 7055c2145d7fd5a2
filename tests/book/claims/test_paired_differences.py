"""What a comparison reads from results, worked by hand on made-up runs."""

import math

import numpy as np
import pytest
from cl_book.claims import comparisons
from cl_book.claims.arms import Arm
from cl_book.claims.comparisons import Comparison
from cl_book.claims.paired_differences import mean_update, measure, rank_correlation
from pydantic import TypeAdapter
from support.made_results import official_images

from cl_core.runs.result_set import read_results

BASE = {"experiment": "split-cifar100", "measure": "avg_acc", "direction": "more", "seeds": "0-1"}


def rank_correlation_of_scipy(x, y):
    # Not at the top: every process that collects tests would load it, for a second.
    from scipy.stats import spearmanr

    return spearmanr(x, y).statistic


def found(kind, **fields):
    test = TypeAdapter(Comparison).validate_python({**BASE, "kind": kind, **fields})
    return test.read(read_results())


def test_the_measures_of_a_made_up_run(make_run):
    run = make_run("split-cifar100", "frozen", 0, task_acc=60, forgetting=20, update=math.e)
    assert measure(run, "task_acc") == pytest.approx(60)
    assert measure(run, "forgetting") == pytest.approx(20)
    assert measure(run, "avg_acc") == pytest.approx(60 - 20 * 3 / 4)
    assert measure(run, "lost_share") == pytest.approx(100 * 20 / 50)
    assert mean_update(run) == pytest.approx(math.e)
    assert measure(run, "update_norm") == pytest.approx(100)


def test_the_update_of_all_blocks_is_one_length(make_run):
    run = make_run("split-cifar100", "frozen", 0, update_norms=((9.0, 9.0), (3.0, 4.0), (0.0, 1.0), (0.0, 0.0)))
    assert mean_update(run) == pytest.approx((5 + 1 + 0) / 3)


def test_a_difference_is_paired_by_seed(keep_all):
    keep_all(
        "split-cifar100",
        (0, 1),
        {"two-level": {"task_acc": lambda s: 60 + 10 * s}, "frozen": {"task_acc": lambda s: 59 + 9 * s}},
    )
    reading = found("difference", of="two-level", against="frozen")
    assert reading.differences == pytest.approx({0: 1.0, 1: 2.0})
    assert [name for name, _ in reading.sides] == ["two-level", "frozen"]
    less = found("difference", of="two-level", against="frozen", direction="less")
    assert less.differences == pytest.approx({0: -1.0, 1: -2.0})


def test_a_missing_run_leaves_its_seed_without_a_difference(keep_all, keep):
    keep_all("split-cifar100", (0, 1), {"two-level": {}})
    keep("split-cifar100", "frozen", 1)
    reading = found("difference", of="two-level", against="frozen")
    assert list(reading.differences) == [1]
    assert reading.missing == ["split-cifar100 · frozen · seed 0 · cpu"]


def test_a_stale_run_counts_as_not_there_and_is_named(keep_all, keep):
    keep_all("split-cifar100", (0, 1), {"two-level": {}})
    path = keep("split-cifar100", "frozen", 0)
    path.write_text(path.read_text().replace("60000", "60001", 1))
    reading = found("difference", of="two-level", against="frozen", seeds="0")
    assert reading.differences == {}
    assert list(reading.stale) == ["cpu/split-cifar100/frozen-0.json"]
    assert "edited" in reading.stale["cpu/split-cifar100/frozen-0.json"]


def test_a_seed_whose_runs_are_on_different_images_is_left_out_and_no_other(keep_all, keep):
    keep_all("split-cifar100", (0, 1), {"two-level": {"task_acc": 62.0}})
    keep("split-cifar100", "frozen", 0)
    keep("split-cifar100", "frozen", 1, data=official_images("cifar100"))
    reading = found("difference", of="two-level", against="frozen")
    assert reading.differences == pytest.approx({0: 2.0})
    assert reading.left_out == {1: "the runs are on different images, made up (6211666e) and CIFAR-100 (ffffffff)"}
    assert (reading.missing, reading.stale) == ([], {})
    assert [[run.seed for run in runs] for _, runs in reading.sides] == [[0], [0]]


def test_the_images_of_one_stream_at_different_settings_are_the_same(keep):
    for overlap in (0, 0.5, 1):
        stream = {"data": {**official_images("cifar100"), "stream": f"{overlap}"}}
        keep("correlated-cifar100", f"frozen overlap={overlap}", 0, **stream)
    trend = {"experiment": "correlated-cifar100", "over": "overlap", "values": [0, 0.5, 1], "seeds": "0"}
    assert found("trend", of="frozen", **trend).left_out == {}


def test_nothing_is_picked_where_the_candidates_are_on_different_images(keep_all, keep):
    keep_all("split-cifar100", range(4), {"frozen trained=2": {}, "initialized": {}})
    keep_all("split-cifar100", (0, 2, 3), {"frozen trained=3": {}})
    keep("split-cifar100", "frozen trained=3", 1, data=official_images("cifar100"))
    test = {"among": ["frozen trained=2", "frozen trained=3"], "against": ["initialized"], "picked_on": "0-1"}
    reading = found("picked", seeds="2-3", **test)
    assert reading.differences == {}
    assert list(reading.left_out) == [2, 3]
    assert reading.left_out[2].startswith("nothing is picked, as at seed 1 the runs are on different images, made up (")


def test_a_trend_is_the_change_of_its_line_from_end_to_end(keep):
    # frozen − initialized is 0, 1, 5 at overlap 0, ½, 1: slope 5, whatever the level.
    for overlap, gap in ((0, 0), (0.5, 1), (1, 5)):
        for seed in (0, 1):
            keep("correlated-cifar100", f"frozen overlap={overlap}", seed, task_acc=50 + gap + seed)
            keep("correlated-cifar100", f"initialized overlap={overlap}", seed, task_acc=50 + seed)
    trend = {"experiment": "correlated-cifar100", "over": "overlap", "values": [0, 0.5, 1], "measure": "task_acc"}
    both = found("trend", of="frozen", against="initialized", **trend)
    assert both.differences == pytest.approx({0: 5.0, 1: 5.0})
    assert [name for name, _ in both.sides] == [
        "frozen overlap=0",
        "initialized overlap=0",
        "frozen overlap=1",
        "initialized overlap=1",
    ]
    assert found("trend", of="initialized", **trend).differences == pytest.approx({0: 0.0, 1: 0.0}, abs=1e-9)


def test_a_trend_goes_over_its_whole_range(keep_all):
    keep_all("split-cifar100", (0, 1), {f"frozen trained={k}": {"forgetting": 10 + 2 * k} for k in range(1, 5)})
    reading = found("trend", of="frozen", over="trained", values=[1, 2, 3, 4], measure="forgetting")
    assert reading.differences == pytest.approx({0: 6.0, 1: 6.0})
    # Its two ends stand beside the verdict, each with its own runs.
    assert [name for name, _ in reading.sides] == ["frozen trained=1", "frozen trained=4"]
    assert [[run.config["trained"] for run in runs] for _, runs in reading.sides] == [[1, 1], [4, 4]]


def test_the_best_is_picked_on_other_seeds_than_it_is_tested_on(keep_all):
    # trained=2 wins on seeds 0 and 1, trained=3 on the seeds that test: the former is taken.
    keep_all(
        "split-cifar100",
        range(4),
        {
            "frozen trained=2": {"task_acc": lambda s: 62 if s < 2 else 55},
            "frozen trained=3": {"task_acc": lambda s: 61 if s < 2 else 70},
            "initialized": {"task_acc": 60},
        },
    )
    test = {"among": ["frozen trained=2", "frozen trained=3"], "against": ["initialized"], "picked_on": "0-1"}
    reading = found("picked", seeds="2-3", **test)
    assert reading.differences == pytest.approx({2: -5.0, 3: -5.0})
    assert reading.notes == ["frozen trained=2 was picked of 2"]


def test_the_least_is_picked_where_less_is_claimed(keep_all):
    keep_all(
        "split-cifar100",
        range(3),
        {
            "frozen trained=2": {"forgetting": 10},
            "frozen trained=3": {"forgetting": 15},
            "frozen": {"forgetting": 12},
            "initialized": {"forgetting": 20},
        },
    )
    reading = found(
        "picked", among=["frozen trained=2", "frozen trained=3"], against=["frozen", "initialized"],
        picked_on="0-1", seeds="2", measure="forgetting", direction="less",
    )  # fmt: skip
    assert reading.differences == pytest.approx({2: 2.0})


def test_nothing_is_picked_while_a_candidate_is_missing(keep_all):
    keep_all("split-cifar100", range(4), {"frozen trained=2": {}, "initialized": {}})
    test = {"among": ["frozen trained=2", "frozen trained=3"], "against": ["initialized"], "picked_on": "0-1"}
    reading = found("picked", seeds="2-3", **test)
    assert reading.differences == {}
    assert len(reading.missing) == 2


def moves(word):
    return (9, *(9 if letter == "m" else 1 for letter in word), 9)


SCHEDULES = [f"{a}{b}" for a in "fm" for b in "fm"]


@pytest.fixture
def schedules(keep):
    """Three tasks, four schedules; two-level chose `own`. Each m is worth 2 points, one in the last place 3 more."""

    def make(own):
        def accuracy(word):
            return 50 + 2 * word.count("m") + 3 * (word[-1] == "m")

        for word in SCHEDULES:
            keep("split-cifar10", f"fixed moves={word}mm", 0, task_acc=accuracy(word), magnitudes=moves(word))
        keep("split-cifar10", "two-level", 0, task_acc=accuracy(own), magnitudes=moves(own))

    return make


@pytest.fixture
def three_tasks(monkeypatch):
    """Let schedules be those of two free tasks, freer than the rule: the made-up runs below carry the others' letters along."""
    monkeypatch.setattr("cl_core.runs.staleness.explain_magnitudes", lambda *_: [])
    monkeypatch.setattr(
        comparisons.Schedules,
        "schedules",
        lambda test: tuple(Arm("fixed", (f"moves={word}mm",)) for word in SCHEDULES),
    )


@pytest.mark.parametrize(
    ("alike", "expected", "rank"),
    [
        (False, 55 - np.mean([50, 52, 57]), "rank by seed: 2 of 4"),
        (True, 55 - 52, "rank by seed: 1 of 2"),
    ],
)
def test_a_rule_among_its_schedules(schedules, three_tasks, alike, expected, rank):
    schedules("fm")
    reading = found(
        "schedules", experiment="split-cifar10", of="two-level", tasks=5, alike=alike, measure="task_acc", seeds="0"
    )
    assert reading.differences == pytest.approx({0: expected})
    assert reading.notes == [rank]


def test_a_schedule_without_another_like_it_compares_nothing(schedules, three_tasks):
    schedules("mm")
    reading = found(
        "schedules", experiment="split-cifar10", of="two-level", tasks=5, alike=True, measure="task_acc", seeds="0"
    )
    assert reading.differences == {}
    assert list(reading.left_out) == [0]


def test_a_control_of_one_magnitude_compares_nothing(keep):
    for seed, magnitudes in ((0, (9, 9, 1, 9)), (1, (9, 9, 9, 9))):
        keep("split-cifar100", "two-level", seed, magnitudes=magnitudes)
        keep("split-cifar100", "two-level-random", seed, magnitudes=(9, 9, 9, magnitudes[2]), task_acc=58)
    reading = found("difference", of="two-level", against="two-level-random", measure="task_acc")
    assert reading.differences == pytest.approx({0: 2.0})
    assert reading.left_out == {1: "two-level chose one magnitude throughout"}
    # The other way round it is as empty, and against a rule that follows nothing it is not.
    assert list(found("difference", of="two-level-random", against="two-level").left_out) == [1]
    for seed in (0, 1):
        keep("split-cifar100", "frozen", seed)
    assert found("difference", of="two-level", against="frozen").left_out == {}


def test_a_control_that_moves_what_the_rule_moves_compares_nothing(keep):
    for seed, moved, last in ((0, (9, 7, 5, 7), -0.5), (1, (9, 7, 5, 3), 0.5)):
        keep("split-cifar100", "adaptive", seed, magnitudes=moved, scores=(None, 0.5, 0.5, last), task_acc=60)
        keep("split-cifar100", "clock", seed, magnitudes=(9, 7, 5, 3), task_acc=58)
    for sides in ({"of": "adaptive", "against": "clock"}, {"of": "clock", "against": "adaptive"}):
        reading = found("difference", **sides, measure="task_acc")
        assert list(reading.differences) == [0]
        assert reading.left_out == {1: "adaptive and clock moved the same blocks in every task"}


def test_a_rule_that_never_chose_is_compared_with_nothing(keep):
    for seed in (0, 1):
        keep("split-cifar100", "two-level", seed, magnitudes=(9, 9, 9, 9), task_acc=70)
        keep("split-cifar100", "frozen", seed)
    why = "two-level chose one magnitude throughout"
    for sides in ({"of": "two-level", "against": "frozen"}, {"of": "frozen", "against": "two-level"}):
        reading = found("difference", **sides)
        assert (reading.differences, reading.left_out) == ({}, {0: why, 1: why})
    # Frozen and initialized training move one magnitude by what they are, and are compared.
    keep("split-cifar100", "initialized", 0)
    assert list(found("difference", of="initialized", against="frozen", seeds="0").differences) == [0]


def test_a_way_is_matched_with_others_that_learn_as_much(keep):
    arms = ["slower rate_factor=0.1", "slower rate_factor=0.25", "initialized"]
    for seed, (learned, forgot) in enumerate([(55, 6), (65, 6), (49, 1), (60, 4)]):
        keep("split-cifar100", "averaged", seed, task_acc=learned, forgetting=forgot)
        for arm, own, lost in zip(arms, (50, 60, 70), (2, 4, 20), strict=True):
            keep("split-cifar100", arm, seed, task_acc=own, forgetting=lost)
    among = {"of": "averaged", "among": arms[::-1], "measure": "forgetting", "direction": "less", "seeds": "0-3"}
    reading = found("matched", **among)
    # Half way from 2 to 4 is 3, from 4 to 20 it is 12; the third learns less than any; the fourth meets the middle one.
    assert reading.differences == pytest.approx({0: -3.0, 1: 6.0, 3: 0.0})
    assert reading.left_out == {2: "averaged learns less than all of them"}
    assert reading.notes == [
        "learns as much as between slower rate_factor=0.1 and slower rate_factor=0.25 at 1 of 4 seeds",
        "learns as much as between slower rate_factor=0.25 and initialized at 2 of 4 seeds",
    ]
    more = found("matched", **{**among, "direction": "more", "seeds": "0"})
    assert more.differences == pytest.approx({0: 3.0})
    with pytest.raises(ValueError, match="cannot be compared; take avg_acc or forgetting"):
        found("matched", **{**among, "measure": "task_acc"})


def test_who_learns_more_than_all_is_matched_with_nobody(keep):
    keep("split-cifar100", "averaged", 0, task_acc=71)
    for arm, own in (("frozen", 50), ("initialized", 70)):
        keep("split-cifar100", arm, 0, task_acc=own)
    reading = found("matched", of="averaged", among=["frozen", "initialized"], seeds="0")
    assert (reading.differences, reading.left_out) == ({}, {0: "averaged learns more than all of them"})


def test_an_echo_of_what_the_task_before_moved(keep):
    rule = "adaptive threshold=0.08"
    keep("split-cifar100", rule, 0, magnitudes=(9, 7, 5, 3), scores=(None, 0.9, 0.1, 0.3))
    keep("split-cifar100", rule, 1, magnitudes=(9, 9, 7, 5), scores=(None, -0.9, 0.2, 0.1))
    keep("split-cifar100", rule, 2, magnitudes=(9, 9, 9, 9), scores=(None, -0.9, -0.2, -0.3))
    reading = found("echo", of=rule, measure="score", direction="less", delta=0.2, seeds="0-2")
    # Fewer blocks before the higher score, then the other way round; the third run had the same before every task.
    assert reading.differences == {0: pytest.approx(1.0), 1: pytest.approx(-1.0)}
    assert reading.left_out == {2: "every task before moved the same number of blocks"}
    opposite = found("echo", of=rule, measure="score", direction="more", delta=0.2, seeds="0")
    assert opposite.differences == {0: pytest.approx(-1.0)}
    with pytest.raises(ValueError, match="needs its own delta"):
        found("echo", of=rule, measure="score", direction="less", seeds="0")
    with pytest.raises(ValueError, match="an echo reads them"):
        found("difference", of=rule, against=rule, measure="score", seeds="0")


def test_an_association_over_magnitudes(keep_all):
    lengths, forgetting = (4.0, 1.0, 3.0, 2.0), (19, 12, 18, 11)
    arms = ["frozen", "frozen trained=2", "frozen trained=3", "initialized"]
    keep_all(
        "split-cifar100",
        (0, 1),
        {a: {"update": u, "forgetting": f} for a, u, f in zip(arms, lengths, forgetting, strict=True)},
    )
    reading = found("association", among=arms, measure="forgetting", delta=0.3)
    assert reading.differences == pytest.approx(dict.fromkeys((0, 1), rank_correlation_of_scipy(lengths, forgetting)))


def test_rank_correlation_with_ties():
    x, y = np.array([1.0, 2, 2, 3, 5]), np.array([2.0, 1, 4, 4, 4])
    assert rank_correlation(x, y) == pytest.approx(rank_correlation_of_scipy(x, y))
    assert rank_correlation(x, np.ones(5)) == 0.0


def test_a_run_without_the_measure(make_run):
    run = make_run("split-cifar100", "frozen", 0, update=0.0)
    with pytest.raises(ValueError, match="has no update_norm"):
        measure(run, "update_norm")


def test_another_folder_of_results(keep, checkout, tmp_path):
    keep("split-cifar100", "frozen", 0)
    (checkout / "results").rename(tmp_path / "mine")
    assert list(read_results().current) == []
    assert list(read_results(tmp_path / "mine").current) == ["cpu/split-cifar100/frozen-0.json"]
