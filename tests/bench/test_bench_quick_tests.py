"""The list of the dearest quick tests is in their order, counts what a test waits for, and leaves slow tests out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]

TESTS = """
import subprocess, sys, time, pytest

BURN = "import time\\nend = time.process_time() + {}\\nwhile time.process_time() < end: pass"

@pytest.fixture
def burnt():
    exec(BURN.format(0.3))

def test_nothing(): time.sleep(0.5)
def test_by_its_fixture(burnt): pass
def test_by_its_process(): subprocess.run([sys.executable, "-c", BURN.format(0.7)], check=True)
@pytest.mark.slow
def test_slow(): exec(BURN.format(0.9))
"""


@pytest.mark.slow
def test_the_dearest_come_first_with_what_they_wait_for(checkout):
    (checkout / "test_three.py").write_text(TESTS, encoding="utf-8")
    surroundings = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TOP), str(TOP / "tests")]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.bench_quick_tests", "test_three.py"],
        capture_output=True,
        text=True,
        env=surroundings,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = [line.split() for line in done.stdout.partition("the dearest:\n")[2].splitlines()]
    assert [name.partition("::")[2] for _, name in listed] == [
        "test_by_its_process",
        "test_by_its_fixture",
        "test_nothing",
    ]
    spent = [float(seconds) for seconds, _ in listed]
    # The processor counts in hundredths of a second.
    assert spent[0] >= 0.68
    assert spent[1] >= 0.28
    assert spent[2] < 0.28
    written = json.loads((checkout / "build" / "bench-quick-tests.json").read_text(encoding="utf-8"))
    assert list(written.values()) == spent
