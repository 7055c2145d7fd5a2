"""The command line as a user meets it: help that reads like a manual, clear errors, exit codes, no torch."""

import io
import json
import os
import signal
import subprocess
import sys

import nbformat
import pytest
import yaml
from cl_book import cli
from cl_book.notebooks import stamps
from cl_book.notebooks.normalise import METADATA
from cl_book.notebooks.record import VERDICT_MIME

import cl_core

PARAMETERS = "steps: int = 30  # [1, 500] gradient steps\nshift: float = 0.5  # [-1, 1] shift"


def stamp(path, *verdicts):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].outputs = [
        nbformat.v4.new_output("display_data", data={VERDICT_MIME: verdict}) for verdict in verdicts
    ]
    notebook.metadata[METADATA] = stamps.stamp(notebook, reads=())
    nbformat.write(notebook, path)


def test_every_command_has_a_manual(run):
    code, out, _ = run("--help")
    assert code == 0
    commands = [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.strip()]
    assert {"rerun", "refresh", "check", "claims"} <= set(commands)
    for command in commands:
        code, out, _ = run(command, "--help")
        assert code == 0
        assert len(out.splitlines()) > 5


def test_the_version_is_printed_alone(run):
    assert run("--version") == (0, f"cl-core {cl_core.__version__}\n", "")


def test_nothing_here_needs_torch(checkout):
    program = "import sys; from cl_book.cli import main\nimport cl_book.check, cl_core.runs.staleness\nsys.argv = ['cl-core', 'claims']\ntry: main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=checkout, capture_output=True)


def test_rerun_help_is_the_notebooks_manual(run, write_page):
    code, out, _ = run("rerun", write_page("page", parameters=PARAMETERS), "--help")
    assert code == 0
    assert "steps  int, in [1, 500]; default 30" in out
    assert "gradient steps" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-p", "stpes", "3"), "page.ipynb has no parameter 'stpes'; did you mean 'steps'?"),
        (("-p", "steps", "0"), "steps = 0 is not allowed: give an int in [1, 500] (gradient steps)"),
        (("-p", "steps", "few"), "steps = 'few' is not allowed"),
        (("-p", "steps=0"), "steps = 0 is not allowed"),
        (("-p", "shift", "-2"), "shift = -2.0 is not allowed"),
        (("-p", "steps", "3", "-p", "steps", "4"), "-p steps is given twice"),
        (("--profile", "cpu"), "no parameter 'profile'"),
        (("-f", "gone.yaml"), "gone.yaml is not readable as YAML: there is no such file"),
        (("--out", "notebooks"), "the notebook itself"),
    ],
)
def test_a_wrong_rerun_never_starts(run, write_page, monkeypatch, arguments, says):
    def never(*_, **__):
        raise AssertionError("it ran")

    monkeypatch.setattr("cl_book.notebooks.execution.execute", never)
    code, _, err = run("rerun", write_page("page", parameters=PARAMETERS), *arguments)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


def test_rerun_names_a_missing_notebook(run, checkout):
    code, _, err = run("rerun", "notebooks/gone.ipynb")
    assert (code, "there is no notebook notebooks/gone.ipynb" in err) == (2, True)


def test_rerun_without_a_notebook_shows_help(run):
    assert run("rerun")[0] == 2
    assert run("rerun", "--help")[0] == 0


def test_failing_rerun_keeps_what_there_is(run, write_page, checkout):
    path = write_page("page", "print('so far')", "1 / (steps - 7)", parameters=PARAMETERS)
    code, out, err = run("rerun", path, "-p", "steps", "7", "--out", "mine")
    assert code == 1
    assert "running page.ipynb, steps = 7" in out
    assert "code cell 4 failed" in err
    assert "1 / (steps - 7)" in err
    assert "ZeroDivisionError: division by zero" in err
    assert "so far" in (checkout / "mine" / "page.ipynb").read_text()


def test_a_rerun_that_is_terminated_keeps_what_there_is_and_its_exit_code_says_why(run, write_page, checkout):
    stop = f"import os, time; os.kill({os.getpid()}, {int(signal.SIGTERM)}); time.sleep(100)"
    path = write_page("page", "print('before')", stop)
    code, _, err = run("rerun", path, "--out", checkout / "out")
    assert code == 128 + signal.SIGTERM
    assert "code cell 2 failed" in err
    assert "stopped by SIGTERM" in err
    assert f"kept, as far as it came: {checkout / 'out' / 'page.ipynb'}" in err
    assert "before" in (checkout / "out" / "page.ipynb").read_text(encoding="utf-8")


def test_a_terminal_in_latin_1_is_no_error(checkout, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="latin-1") for _ in range(2)]
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        patch.setattr(sys, "argv", ["cl-core", "check"])
        patch.setattr("cl_book.check.check", _raise(ValueError("δ → é")))
        with pytest.raises(SystemExit, match="2"):
            cli.main()
    streams[1].flush()
    assert streams[1].buffer.getvalue().decode("latin-1") == "cl-core: ? ? é\n"


def _raise(error):
    def call(*given, **more):
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PermissionError(13, "Permission denied", "/data/x.csv"), "/data/x.csv: Permission denied"),
        (OSError(5, "Input/output error"), "Input/output error, at a file not named"),
        (FileExistsError("no command edits a result"), "no command edits a result"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_an_error_of_the_system_begins_with_its_file(run, checkout, monkeypatch, error, line):
    monkeypatch.setattr("cl_book.check.check", _raise(error))
    assert run("check") == (2, "", f"cl-core: {line}\n")


def test_refresh_then_check(run, write_page, own_code):
    path = write_page("page", "print(steps)", parameters=PARAMETERS)
    code, out, _ = run("check")
    assert code == 1
    assert "page.ipynb: stale, because\n  it was never refreshed" in out
    code, out, _ = run("refresh", path)
    assert code == 0
    assert "1 executed" in out
    assert run("refresh") == (0, "page.ipynb: fresh\n0 executed\n", "")
    assert run("check")[0] == 0
    path.write_text(path.read_text().replace("print(steps)", "print(-steps)"))
    code, out, _ = run("check")
    assert (code, "the code of cell 2 has changed" in out) == (1, True)


def test_check_looks_at_its_own_code_only(run, checkout):
    code, _, err = run("check")
    assert code == 2
    assert "not this checkout's" in err


def test_claims(run, checkout, write_page, own_code):
    claim = {
        "title": "a",
        "statement": "b",
        "where": "c",
        "mark": "D",
        "source": "theory",
        "shows": "d",
        "tolerance": "e",
    }
    entries = [{**claim, "id": "T04", "page": "notebooks/page"}, {**claim, "id": "T05", "page": "notebooks/none"}]
    (checkout / "book" / "claims.yml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    path = write_page("page", "x = 1")
    stamp(path, {"claim": "T04", "verdict": "holds", "evidence": "z 2"})

    code, out, _ = run("claims", "--json")
    listed = json.loads(out)
    assert code == 0
    assert [(one["id"], one["verdict"], one["source"]) for one in listed] == [
        ("T04", "holds", "theory"),
        ("T05", "not run", "theory"),
    ]
    assert "T05: not run (a)" in run("check")[1]

    path.write_text(path.read_text().replace("x = 1", "x = 2"))
    assert [one["verdict"] for one in json.loads(run("claims", "--json")[1])] == ["stale", "not run"]
    assert "stale (was holds)" in run("claims")[1]


def test_a_broken_list_of_claims_is_one_line(run, checkout):
    (checkout / "book" / "claims.yml").write_text("- id: T04", encoding="utf-8")
    code, _, err = run("claims")
    assert code == 2
    assert err.startswith("cl-core: book/claims.yml: T04.title")
    assert len(err.splitlines()) == 1


def test_check_of_the_environment(run, monkeypatch):
    from cl_book.environment import Finding

    monkeypatch.setattr("cl_book.environment.inspect_environment", lambda: (Finding("disk", "9 GB free"),))
    assert run("check", "--env") == (0, "disk      9 GB free\nnothing to mend\n", "")
    monkeypatch.setattr(
        "cl_book.environment.inspect_environment", lambda: (Finding("disk", "full", "delete something"),)
    )
    code, out, _ = run("check", "--env")
    assert (code, "→ delete something\n1 to mend" in out) == (1, True)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("latin-1", ("rerun", "notebooks/02-bound.ipynb", "--help")),
        pytest.param("latin-1", ("claims", "C04"), marks=pytest.mark.slow),
        pytest.param("ascii", ("rerun", "notebooks/02-bound.ipynb", "--help"), marks=pytest.mark.slow),
        pytest.param("ascii", ("claims", "C04"), marks=pytest.mark.slow),
    ],
)
def test_a_terminal_of_another_encoding_shows_what_it_can(encoding, words, tmp_path):
    code = "from cl_book.cli import main; main()"
    surroundings = {**os.environ, "PYTHONIOENCODING": encoding, "CL_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        env=surroundings,
        cwd=cl_core.__path__[0] + "/..",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    # Where the encoding is ASCII, typer takes the terminal for one of UTF-8 that nobody told so.
    assert (b"?" in done.stdout) == (encoding == "latin-1")
