"""A stored result run again elsewhere: how far it may lie off, by what was measured between two machines."""

import json
import math
import subprocess
from collections import defaultdict
from dataclasses import replace

import pytest

from cl_core import files
from cl_core.runs.repeat import MEASURED, WIDE, compare, tolerance


@pytest.mark.parametrize(
    ("experiment", "arm", "allowed"),
    [
        ("permuted-mnist", "initialized", 9.0),
        ("split-cifar100", "two-level", 18.3),
        ("split-cifar100", "adaptive", 18.3),
        ("split-cifar100", "two-level-random", 18.3),
        ("split-cifar100", "frozen", 3.3),
        ("split-cifar100", "frozen trained=5", 5.7),
        ("split-cifar100", "slower rate_factor=0.1", 5.7),
        ("split-cub50", "initialized", 10.5),
        ("split-cub50", "two-level", 39.6),
    ],
)
def test_what_another_machine_may_differ_by_depends_on_the_experiment_and_the_strategy(
    make_run, experiment, arm, allowed
):
    assert tolerance(make_run(experiment, arm, 0)) == pytest.approx(allowed)


def test_in_float64_a_point_is_allowed(make_run):
    assert tolerance(make_run("split-cifar100", "frozen precision=float64", 0)) == 1.0


@pytest.mark.parametrize(("away", "holds"), [(3.81, True), (9.5, False)])
def test_a_difference_within_the_measured_spread_is_no_fault(make_run, away, holds):
    before = make_run("permuted-mnist", "initialized", 4, forgetting=50.0)
    elsewhere = {"machine": {"cpu": "another"}}
    after = make_run("permuted-mnist", "initialized", 4, forgetting=50.0 + away)
    found = compare(before, replace(after, recorded={**after.recorded, **elsewhere}))
    assert found.largest == pytest.approx(away, abs=0.1)
    assert found.holds == holds


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"digest": "f" * 64, "label": "CIFAR-100"},
            "the runs are on different images, made up (6211666e) and CIFAR-100 (f",
        ),
        ({"stream": "s"}, "the stream of tasks is another one, of the same images"),
    ],
)
def test_a_run_of_something_else_is_no_repetition_however_near_its_numbers(make_run, changed, says):
    before = make_run("split-cifar100", "frozen", 0)
    elsewhere = {**before.recorded, "machine": {"cpu": "another"}}
    assert compare(before, replace(before, recorded=elsewhere)).holds
    found = compare(before, replace(before, data={**before.data, **changed}, recorded=elsewhere))
    assert (found.expected, found.identical, found.largest, found.holds) == (False, False, 0.0, False)
    assert found.other.startswith(says)
    assert found.summary == f"it is no repetition: {found.other}"


@pytest.mark.slow
def test_the_measured_spread_is_that_of_the_runs_in_the_history():
    differences = defaultdict(list)
    for commit in ("8afe23e", "945e576"):
        if subprocess.run(["git", "cat-file", "-e", f"{commit}^"], cwd=files.root(), check=False).returncode:
            pytest.skip("this clone has no such history")
        for line in git("diff", "--name-status", f"{commit}^", commit, "--", "results/cpu").splitlines():
            state, name = line.split("\t")[0], line.split("\t")[-1]
            if state == "M" and name.endswith(".json"):
                old, new = (json.loads(git("show", f"{at}:{name}")) for at in (f"{commit}^", commit))
                strategy = {"adaptive": "two-level"}.get(new["strategy"], new["strategy"])
                pair = [b - a for a, b in zip(measures(old), measures(new), strict=True)]
                differences[new["experiment"], strategy].append(pair)
    for experiment, row in MEASURED.items():
        for strategy, stated in row.items():
            pairs = differences[experiment, strategy]
            assert len(pairs) >= 5
            roots = [math.sqrt(sum(pair[i] ** 2 for pair in pairs) / len(pairs)) for i in range(3)]
            assert stated == round(max(roots), 1)
            assert max(abs(value) for pair in pairs for value in pair) < WIDE * stated


def git(*words):
    return subprocess.run(["git", *words], cwd=files.root(), capture_output=True, text=True, check=True).stdout


def measures(result):
    """Return Avg.Acc, Task.Acc and Forgetting in points."""
    counts, sizes = result["correct"], result["test_sizes"]
    last, tasks = counts[-1], len(counts)
    end = [100 * last[k] / sizes[k] for k in range(tasks)]
    first = [100 * counts[k][k] / sizes[k] for k in range(tasks)]
    lost = [a - b for a, b in zip(first[:-1], end, strict=False)]
    return sum(end) / tasks, sum(first) / tasks, sum(lost) / (tasks - 1)
