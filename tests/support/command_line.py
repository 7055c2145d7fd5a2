"""The command line, run in the process of the test."""

import sys

import pytest
from cl_book import cli


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process and return exit code, stdout, stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cl-core", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        out = capsys.readouterr()
        return exit_.value.code or 0, out.out, out.err

    return call


@pytest.fixture
def own_code(monkeypatch):
    """Let the checkout that a test stands in pass for the one whose code runs."""
    monkeypatch.setattr("cl_book.check.require_own_code", lambda: None)
