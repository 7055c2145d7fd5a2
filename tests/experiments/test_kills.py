"""A run killed without warning, three times, ends with the bits of one that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from cl_core.experiments import store

RUN = ["digits-long", "--strategy", "two-level", "--seed", "100", "--profile", "smoke"]
TASKS = 20
RESULT = "smoke/digits-long/two-level-100.json"


def start(folder):
    environment = {**os.environ, "CL_CACHE_DIR": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "cl_book.cli", "run", *RUN, "--out", str(folder / "results")]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def journal(folder):
    found = list((folder / "cache").rglob("journal.jsonl"))
    return [json.loads(line) for line in found[0].read_text().splitlines() if line.endswith("}")] if found else []


def finished(folder):
    return [line["task"] for line in journal(folder) if line["event"] == "finished"]


def saved(folder):
    """Count the tasks in the checkpoint: a kill may fall between its saving and the journal's line."""
    (path,) = (folder / "cache").rglob("checkpoint.npz")
    with np.load(path, allow_pickle=False) as stored:
        return len(json.loads(stored["record.json"].tobytes())["rows"])


def wait_for(folder, process, count):
    for _ in range(6000):
        if len(finished(folder)) >= count:
            return
        assert process.poll() is None, f"the run ended by itself: {process.stderr.read()}"
        time.sleep(0.02)
    pytest.fail(f"{count} tasks were not finished in two minutes")


@pytest.mark.slow
def test_three_kills_change_no_bit_and_cost_only_the_interrupted_task(tmp_path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    untouched = start(alone)
    moments, lost = random.Random(20), []
    for count in sorted(moments.sample(range(1, TASKS - 3), 3)):
        process = start(killed)
        wait_for(killed, process, count)
        time.sleep(moments.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
        done = saved(killed)
        assert 1 <= done < TASKS
        assert not list((killed / "results").rglob("*.json"))
        begun = [line["task"] for line in journal(killed) if line["event"] == "begun"]
        lost += [begun[-1]] if begun[-1] >= done else []
    last = start(killed)
    assert last.wait(300) == 0, last.stderr.read()
    assert untouched.wait(300) == 0, untouched.stderr.read()

    (whole,) = (alone / "results").glob(RESULT)
    (resumed,) = (killed / "results").glob(RESULT)
    whole, resumed = store.load(whole), store.load(resumed)
    assert resumed.outcome == whole.outcome
    assert resumed.steps == whole.steps
    assert whole.recorded["begun"] == [1] * TASKS
    assert resumed.recorded["begun"] == [1 + lost.count(task) for task in range(TASKS)]
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".part", ".npz"} or path.name.startswith(".")]
