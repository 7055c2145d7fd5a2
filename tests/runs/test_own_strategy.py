"""A user's own strategy and claim, in a folder that has nothing to do with the repository, from end to end."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from cl_core.experiments import store

STRATEGY = '''"""After each task the mean of the weights of all tasks so far."""
import time
from cl_core.strategies import Strategy, Update


class Averaged(Strategy):
    """The mean of the weights so far."""

    def update(self, arrival):
        return Update(arrival.blocks)

    def settle(self, task, network, before):
        time.sleep(0.2)  # so that there is a moment to be killed in
        for name, weights in network.blocks.state_dict().items():
            if weights.is_floating_point():
                weights.copy_(before[name] + (weights - before[name]) / (task + 1))
'''

CLAIMS = """
profile: smoke
claims:
  - id: averaging
    title: Averaging forgets less
    statement: A mean of weights forgets less than the last weights.
    test:
      kind: difference
      experiment: digits-split@mlp
      measure: forgetting
      direction: less
      of: mine:Averaged
      against: initialized
      seeds: 0-4
"""


def start(folder, *words):
    environment = {**os.environ, "CL_CACHE_DIR": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "cl_book.cli", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(folder, *words):
    process = start(folder, *words)
    out, error = process.communicate(timeout=900)
    return process.returncode, out, error


def count_saved(folder):
    journals = list((folder / "cache").rglob("smoke/*/mine.Averaged-*/journal.jsonl"))
    return sum('"finished"' in line for path in journals for line in path.read_text().splitlines())


@pytest.mark.slow
def test_an_own_strategy_runs_in_a_sweep_is_killed_resumes_and_is_judged_by_an_own_claim(tmp_path):
    (tmp_path / "mine.py").write_text(STRATEGY, encoding="utf-8")
    (tmp_path / "mine.yml").write_text(CLAIMS, encoding="utf-8")
    sweep = ("sweep", "--claims", "mine.yml", "--out", "mine", "--jobs", "1")

    process = start(tmp_path, *sweep)
    for _ in range(6000):
        if count_saved(tmp_path) >= 2:
            break
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    begun = len(list((tmp_path / "mine").rglob("mine.Averaged-*.json")))
    assert begun < 5

    code, out, error = call(tmp_path, *sweep)
    assert code == 0, error
    assert f"strategy mine:Averaged: {tmp_path / 'mine.py'}, source " in error
    assert "0 failed" in out
    runs = [store.load(path) for path in sorted((tmp_path / "mine").rglob("mine.Averaged-*.json"))]
    assert [run.seed for run in runs] == [0, 1, 2, 3, 4]
    (source,) = {run.config["strategy_source"] for run in runs}
    assert f"source {source}" in error
    assert all(list(run.recorded["plugins"]) == ["mine.py"] for run in runs)
    assert all("averaging" in run.recorded["stated"] for run in runs)
    # One was killed in a task, and went on from there.
    assert max(max(run.recorded["begun"]) for run in runs) == 2
    killed = next(run for run in runs if max(run.recorded["begun"]) == 2)
    assert killed.recorded["begun"][0] == 1
    code, _, error = call(
        tmp_path, "run", "digits-split@mlp", "--strategy", "mine:Averaged", "--seed", str(killed.seed), "--out", "alone"
    )
    assert code == 0, error
    (alone,) = (tmp_path / "alone").rglob("*.json")
    assert store.load(alone).outcome == killed.outcome

    code, out, _ = call(tmp_path, "claims", "--claims", "mine.yml", "--results", "mine", "--json")
    (judged,) = json.loads(out)
    assert (judged["verdict"], judged["seeds"]) in {("reproduced", 5), ("inconclusive", 5), ("not reproduced", 5)}
    assert judged["labels"][-1] == "exploratory"

    (tmp_path / "mine.yml").write_text(CLAIMS.replace("direction: less", "direction: more"), encoding="utf-8")
    _, out, _ = call(tmp_path, "claims", "--claims", "mine.yml", "--results", "mine")
    assert "amended, and no reason is given" in out

    (tmp_path / "mine.py").write_text(STRATEGY.replace("(task + 1)", "(task + 2)"), encoding="utf-8")
    (tmp_path / "mine.yml").write_text(CLAIMS, encoding="utf-8")
    _, out, _ = call(tmp_path, "claims", "--claims", "mine.yml", "--results", "mine")
    assert "not run" in out
    assert f"made by other code: the source of mine:Averaged was {source}, and is " in out
    code, out, error = call(tmp_path, *sweep)
    assert code == 1
    assert "5 failed" in out
    assert error.count(f"made by other code: the source of mine:Averaged was {source}, and is ") == 5
    assert "Traceback" not in error
