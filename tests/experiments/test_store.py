"""Results on disk: what is written comes back, nothing is edited, and measures are derived on reading."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from cl_core import files
from cl_core.experiments import store
from cl_core.metric_table import MEASURES


def test_a_result_comes_back_as_it_was(make_result, tmp_path):
    result = make_result(scores=(None, 0.1 + 0.2, -1e-17))
    path = tmp_path / "frozen-0.json"
    store.save(result, path)
    assert store.load(path) == result
    assert store.own_digest(store.load(path)) == result.digest


def test_a_result_is_plain_json_with_its_names_on_top(make_result):
    raw = json.loads(store.dumps(make_result()))
    assert (raw["experiment"], raw["strategy"], raw["seed"], raw["profile"]) == ("split-cifar10", "frozen", 0, "cpu")
    assert raw["correct"] == [[9, None, None], [8, 10, None], [6, 9, 8]]
    assert raw["test_sizes"] == [10, 10, 10]
    assert {"config", "data", "protocol", "digest", "recorded", "magnitudes", "scores", "update_norms"} <= set(raw)


def test_a_matrix_has_one_line_a_row(make_result):
    assert "\n  [8, 10, null],\n" in store.dumps(make_result())


def test_no_command_edits_a_result(make_result, tmp_path):
    path = tmp_path / "frozen-0.json"
    store.save(make_result(), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="move it away to run it again"):
        store.save(make_result(seed=1), path)
    assert path.read_bytes() == before


def test_a_full_disk_leaves_no_part_of_a_result(make_result, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.save(make_result(), tmp_path / "results" / "frozen-0.json")
    assert list((tmp_path / "results").iterdir()) == []


def test_an_unsealed_result_is_not_saved(make_result, tmp_path):
    from dataclasses import replace

    with pytest.raises(ValueError, match="no digest of itself"):
        store.save(replace(make_result(), seed=5), tmp_path / "x.json")


def test_measures_are_derived_from_the_counts(make_result):
    result = make_result()
    matrix = store.accuracies(result)
    assert np.isnan(matrix[0, 1])
    assert matrix[2].tolist() == [0.6, 0.9, 0.8]
    assert store.metric(result, "avg_acc") == pytest.approx((0.6 + 0.9 + 0.8) / 3)
    assert store.metric(result, "task_acc") == pytest.approx((0.9 + 1.0 + 0.8) / 3)
    assert store.metric(result, "forgetting") == pytest.approx((0.3 + 0.1) / 2)
    assert store.metric(result, "lost_share") == pytest.approx((0.3 + 0.1) / (0.4 + 0.5))
    with pytest.raises(ValueError, match="did you mean 'forgetting'"):
        store.metric(result, "forgeting")


def test_joint_training_has_an_average_and_no_forgetting(make_result):
    result = make_result(strategy="joint", correct=((None,) * 3, (None,) * 3, (6, 9, 8)))
    assert store.metric(result, "avg_acc") == pytest.approx(23 / 30)
    assert math.isnan(store.metric(result, "forgetting"))
    assert math.isnan(store.metric(result, "task_acc"))


def test_a_run_of_a_single_task_has_accuracies_and_nothing_that_compares_tasks(make_result):
    single = {name: value[:1] for name, value in vars(make_result()).items() if isinstance(value, tuple)}
    single["block_parameters"] = make_result().block_parameters
    result = make_result(**{**single, "correct": ((9,),), "logit_changes": ((None,),)})
    assert (store.metric(result, "avg_acc"), store.metric(result, "task_acc")) == (0.9, 0.9)
    others = set(MEASURES) - {"avg_acc", "task_acc"}
    assert all(math.isnan(store.metric(result, name)) for name in others)


def test_a_task_that_was_not_learned_is_flagged(make_result):
    # Chance is 5 of 10 with a standard error of 1.58: 8 right answers are within two of it, 9 are not.
    flagged = store.flags(make_result())
    assert len(flagged) == 1
    assert "task 3" in flagged[0]
    assert store.flags(make_result(correct=((9, None, None), (8, 10, None), (6, 9, 9)))) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: raw.pop("correct"), "missing \\['correct'\\]"),
        (lambda raw: raw.update(accuracy=1), "unknown \\['accuracy'\\]"),
        (lambda raw: raw["correct"][2].pop(), "a row of correct"),
        (lambda raw: raw["correct"][2].__setitem__(0, 11), "11 right answers out of 10"),
        (lambda raw: raw["magnitudes"].pop(), "magnitudes has 2 entries for 3 tasks"),
    ],
)
def test_a_damaged_result_names_itself_and_what_is_wrong(make_result, change, says):
    raw = json.loads(store.dumps(make_result()))
    change(raw)
    with pytest.raises(ValueError, match=says) as error:
        store.loads(json.dumps(raw), where="results/x.json")
    assert "results/x.json" in str(error.value)


def test_a_file_without_a_version_is_of_version_1_and_another_is_refused_in_one_line(make_result):
    text = store.dumps(make_result())
    assert "version" not in json.loads(text)
    assert store.loads(json.dumps({"version": 1, **json.loads(text)}), where="x") == make_result()
    for version in (2, "1", None):
        with pytest.raises(ValueError, match="this code reads version 1; update cl_core") as error:
            store.loads(json.dumps({"version": version, **json.loads(text)}), where="results/x.json")
        assert str(error.value).startswith("results/x.json is of version")
        assert "\n" not in str(error.value)


def test_text_that_is_no_json_says_where():
    with pytest.raises(ValueError, match=r"results/x\.json is not JSON"):
        store.loads('{"experiment": ', where="results/x.json")


def test_results_are_found_by_strategy_and_overrides_and_on_record(make_result, checkout, monkeypatch):
    monkeypatch.setenv(files.RECORD, str(checkout / "reads"))
    kept = [("frozen", 1, {}), ("frozen", 0, {}), ("frozen-0", 0, {}), ("frozen", 0, {"trained": 2})]
    for strategy, seed, overrides in kept:
        from cl_core.experiments.plan import make_plan

        result = make_result(strategy=strategy, seed=seed, overrides=overrides)
        name = make_plan("split-cifar10", strategy, seed, "cpu", overrides=overrides).name
        store.save(result, checkout / "results" / name)
    assert [(r.strategy, r.seed) for r in store.find("split-cifar10", "frozen", "cpu")] == [
        ("frozen", 0),
        ("frozen", 1),
    ]
    assert [r.overrides for r in store.find("split-cifar10", "frozen", "cpu", overrides={"trained": 2})] == [
        {"trained": 2}
    ]
    assert [r.strategy for r in store.find("split-cifar10", "frozen-0", "cpu")] == ["frozen-0"]
    assert list(store.find("split-cifar10", "two-level", "cpu")) == []
    record = (checkout / "reads").read_text()
    assert "listing:results/cpu/split-cifar10/frozen[-~]*" in record
    assert "results/cpu/split-cifar10/frozen-1.json" in record


def test_reading_results_needs_no_torch():
    code = "import sys, cl_core.experiments.store, cl_core.runs.staleness; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _set(key, value):
    def change(raw):
        *path, last = key.split(".")
        for part in path:
            raw = raw[int(part) if part.isdecimal() else part]
        raw[int(last) if last.isdecimal() else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("block_parameters", None), "block_parameters"),
        (_set("classes", 3), "classes"),
        (_set("correct", None), "correct"),
        (_set("correct", 5), "correct"),
        (_set("correct.0.0", 9.0), r"correct\.0\.0"),
        (_set("correct.0.0", True), r"correct\.0\.0"),
        (_set("test_sizes", "10"), "test_sizes"),
        (_set("test_sizes.0", "10"), r"test_sizes\.0"),
        (_set("config", None), "config"),
        (_set("data", None), "data"),
        (_set("data.name", 5), r"data\.name"),
        (_set("data", {"name": "cifar10"}), r"data\.label"),
        (_set("recorded", None), "recorded"),
        (_set("recorded", []), "recorded"),
        (_set("recorded.times", {"total_s": "1"}), r"recorded\.times\.total_s"),
        (_set("recorded.files", ["a"]), r"recorded\.files"),
        (_set("source", "adaptive"), "source"),
        (_set("source", {"name": "a"}), r"source\.digest"),
        (_set("overrides", {"epochs": [1]}), "overrides"),
        (_set("seed", 1.0), "seed"),
        (_set("seed", "0"), "seed"),
        (_set("magnitudes.1", 3), "3 in magnitudes is not from 0 to 2"),
        (_set("moved_share.0", 1.5), "1.5 in moved_share is not from 0 to 1"),
        (_set("seed", -1), "seed -1 is below 0"),
        (_set("steps.1", -4), "an entry of steps is below 0"),
        (_set("update_norms.1", [0.5, -0.5]), "an entry of a norm is below 0"),
        (_set("train_sizes.1", 0), "an entry of train_sizes is below 1"),
        (_set("score_halves.1", [0.1]), "a row of score_halves does not have 2 entries"),
    ],
)
def test_a_wrong_type_or_range_is_one_line_with_file_and_place(make_result, change, says):
    raw = json.loads(store.dumps(make_result()))
    store.loads(json.dumps(raw), where="results/x.json")
    change(raw)
    with pytest.raises(ValueError, match=rf"^results/x\.json.*{says}") as caught:
        store.loads(json.dumps(raw), where="results/x.json")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "content", [b"[1]", b"null", b"3", b'"a"', b"\xff\xfe", b"[" * 100_000, b"{}", b'{"version": true}']
)
def test_any_bytes_are_one_line_with_the_file(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^/.*x\.json ") as caught:
        store.load(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_byte_order_mark_and_other_line_ends_change_nothing(make_result, tmp_path):
    path, result = tmp_path / "x.json", make_result()
    path.write_bytes(b"\xef\xbb\xbf" + store.dumps(result).replace("\n", "\r\n").encode())
    assert store.own_digest(store.load(path)) == result.digest


def test_a_folder_or_an_unreadable_file_is_one_line(tmp_path):
    (tmp_path / "x.json").mkdir()
    with pytest.raises(ValueError, match=r"x\.json is not a file that can be read: Is a directory"):
        store.load(tmp_path / "x.json")
    os.mkfifo(tmp_path / "z.json")
    with pytest.raises(ValueError, match=r"z\.json is not a file that can be read: it is a pipe"):
        store.load(tmp_path / "z.json")
    with pytest.raises(FileNotFoundError):
        store.load(tmp_path / "y.json")
