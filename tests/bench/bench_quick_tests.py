"""What the quick tests cost: ``python -m bench.bench_quick_tests [PYTEST ARGUMENTS]``.

Each quick test, or each that the arguments choose, runs once in one process. The ten dearest are printed with the
processor's seconds that they took: with the fixtures made for them, and with processes that they waited for. All go to
``build/bench-quick-tests.json``; no test compares them. A test over three seconds belongs among the slow ones.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from cl_core import files

_MOST = 10


class Seconds:
    """Adds up the processor's seconds of each test, over its set-up, its call and its end."""

    def __init__(self) -> None:
        self.by_test: Counter[str] = Counter()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count what one test takes."""
        begun = _processor_seconds()
        done = yield
        self.by_test[item.nodeid] += _processor_seconds() - begun
        return done


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(arguments: list[str]) -> int:
    """Run the tests, print the dearest, write all, and return pytest's exit code."""
    seconds = Seconds()
    code = pytest.main(["-q", "-m", "not slow", *arguments], plugins=[seconds])
    rounded = {name: round(spent, 2) for name, spent in seconds.by_test.most_common()}
    sys.stdout.write(f"{sum(rounded.values()):.0f} s of one processor for {len(rounded)} tests; the dearest:\n")
    for name, spent in list(rounded.items())[:_MOST]:
        sys.stdout.write(f"{spent:7.2f}  {name}\n")
    target = (files.root() or Path.cwd()) / "build" / "bench-quick-tests.json"
    files.write_text(target, json.dumps(rounded, indent=1) + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
