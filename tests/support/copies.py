"""Copies of the repository, whose own code runs when something is run in them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
_OUTER_MAKE = ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "GNUMAKEFLAGS")
"""What a make that runs the tests hands down, and a make within them would take for its own."""
_NO_COPY = shutil.ignore_patterns("*.egg-info", ".ipynb_checkpoints")


class Copy:
    """A copy of parts of the repository, whose own code runs when a check is run in it."""

    def __init__(self, top):
        self.top = top

    def take(self, *parts):
        """Copy files and folders; compiled modules with them, which hold as long as their source is not touched."""
        for part in parts:
            source, target = TOP / part, self.top / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=_NO_COPY, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)

    def plant(self, name, old, new):
        """Replace the one place in the file `name` that reads `old`; a fault that misses its place is no test."""
        path = self.top / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} places that read {old!r}; plant the fault elsewhere"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *command, surroundings=None, before=()):
        """Run `python …` in the copy and return the finished process, output and errors in one.

        `surroundings` are more environment variables, None for one to be without; `before` are words before `python`.
        """
        return self.call(*before, sys.executable, *command, surroundings=surroundings)

    def call(self, *command, surroundings=None):
        """Run a command in the copy as :meth:`run` does."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(self.top), str(self.top / "book"), str(self.top / "tests")]),
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        for name in (*_OUTER_MAKE, "CI", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "CL_RECORD_READS"):
            environment.pop(name, None)
        for name, value in (surroundings or {}).items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = str(value)
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.top,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def pytest(self, *arguments):
        # Of the installed plugins only the one that these checks use: each takes its time to load.
        return self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "nbval.plugin", *arguments)

    def make_book(self, *words, before=(), surroundings=None):
        """Run `make book` in the copy with the environment of this process, which need not be made."""
        env = Path(sys.prefix)
        make = ("make", f"VENV={env}", "-o", env / "installed", "book")
        return self.call(*before, *make, *words, surroundings=surroundings)

    def check(self):
        return self.run("-m", "cl_book.cli", "check")


def make_whole_copy(top):
    """Return a copy of every file of the working tree that git tracks or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (TOP / name).is_file():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, top / name)
    return Copy(top)


def make_copy(top):
    """Return a new copy with what every test in it needs."""
    copy = Copy(top)
    copy.take("pyproject.toml", "tests/conftest.py", "tests/support")
    return copy
