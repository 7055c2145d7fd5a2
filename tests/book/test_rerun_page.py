"""The page on reruns quotes errors: each is what the command really says."""

import re
import sys
from pathlib import Path

import pytest
from cl_book.claims.reference_runs import STEPS
from cl_book.cli import app
from cl_book.commands.sweep_command import sweep
from typer.testing import CliRunner

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "book" / "rerun.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"^\$ cl-core (.+)\ncl-core: (.+)$", PAGE, flags=re.MULTILINE)


def asked(words):
    """Return what the command says when it stops, as it stands behind `cl-core: `."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code != 0, done.output
    if isinstance(done.exception, SystemExit):
        return done.output.strip().splitlines()[-1].removeprefix("cl-core: ")
    return str(done.exception)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to work in, with the notebooks in sight, no data, and no Dask."""
    (tmp_path / "notebooks").symlink_to(TOP / "notebooks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    return tmp_path


def test_there_is_something_to_compare():
    assert len(QUOTED) == PAGE.count("$ cl-core") == PAGE.count("\ncl-core: ") >= 8


@pytest.mark.parametrize(("command", "said"), QUOTED, ids=[command for command, _ in QUOTED])
def test_an_error_is_quoted_as_the_command_says_it(elsewhere, command, said):
    words = command.split()
    if "is stale" in said:
        assert CliRunner().invoke(app, words).exit_code == 0
        (path,) = (elsewhere / "mine").rglob("*.json")
        path.write_text(re.sub(r'"train_correct": \[\d+', '"train_correct": [1', path.read_text(encoding="utf-8")))
    pattern = ".*".join(re.escape(part) for part in said.split("…"))
    assert re.fullmatch(pattern, asked(words), flags=re.DOTALL)


def test_every_command_and_option_that_the_pages_name_exists():
    text = PAGE + (TOP / "book" / "cluster.md").read_text(encoding="utf-8")
    commands = {match for match in re.findall(r"cl-core ((?:data )?[a-z]+)", text) if match != "says"}
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    groups = {
        f"data {command.name or command.callback.__name__}"
        for command in app.registered_groups[0].typer_instance.registered_commands
    }
    assert commands <= known | groups
    assert set(re.findall(r"--reference (\w+)", text)) <= set(STEPS)
    assert {"reference", "dry_run", "scheduler", "cluster"} <= set(sweep.__annotations__)
