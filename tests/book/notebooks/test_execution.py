"""Running a notebook: one thread, a record of reads, and a failing cell as a result."""

import os
import signal
import sys
import tempfile
from pathlib import Path

import nbformat
import papermill
import pytest
from cl_book.notebooks import execution

SURROUNDINGS = f"""\
EXECUTABLE = {sys.executable!r}
import os, sys, pathlib
from cl_core import files
files.names("results/*.json"); files.read_text("book/claims.yml"); files.read_text("book/claims.yml")
print(os.environ["OMP_NUM_THREADS"], os.environ["PYTHONHASHSEED"], pathlib.Path.cwd().name, sys.executable == EXECUTABLE)
"""


@pytest.fixture
def run(checkout, write_page):
    def execute(*cells, parameters="", given=None):
        path = write_page("page", *cells, parameters=parameters)
        notebook = nbformat.read(path, as_version=4)
        return execution.execute(notebook, folder=path.parent, parameters=given), notebook

    return execute


def test_surroundings_and_reads(run):
    done, original = run(SURROUNDINGS)
    assert done.failure is None
    assert done.notebook.cells[1].outputs[0].text == "1 0 notebooks True\n"
    assert done.reads == ("book/claims.yml", "listing:results/*.json")
    assert done.seconds > 0
    assert original.cells[1].outputs == []


def test_parameters_are_injected_and_a_failing_cell_is_a_result(run):
    steps = "steps: int = 30  # [1, 500] gradient steps"
    done, _ = run("print(steps)", "1 / (steps - 7)", "print('after')", parameters=steps, given={"steps": 7})
    assert (done.failure.cell, done.failure.source) == (4, "1 / (steps - 7)")
    assert done.failure.error == "ZeroDivisionError: division by zero"
    assert done.notebook.cells[3].outputs[0].text == "7\n"
    assert [cell.execution_count for cell in done.notebook.cells if cell.cell_type == "code"] == [1, 2, 3, 4, None]
    assert "papermill" not in str(done.notebook)


def test_a_dead_kernel_is_a_failure_of_its_cell(run):
    done, _ = run("print('before')", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert done.failure.cell == 2
    assert "Dead" in done.failure.error
    assert done.notebook.cells[1].outputs[0].text == "before\n"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("No module named 'torch'", 'torch is not installed; pip install "cl-core[torch]" brings it'),
        ("No module named 'scipy.stats'", 'scipy is not installed; pip install "cl-core[notebooks]" brings it'),
        ("No module named 'mine'", "No module named 'mine'"),
        ("something else", "something else"),
    ],
)
def test_a_missing_package_is_told_with_the_extra_that_brings_it(said, told):
    error = nbformat.v4.new_output("error", ename="ModuleNotFoundError", evalue=said, traceback=[])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import it", outputs=[error])])
    assert execution._find_failure(notebook, "") == execution.Failure(1, "import it", f"ModuleNotFoundError: {told}")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder in which runs have their scratch folders."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_keeps_what_was_done_and_removes_the_scratch(run, scratch, number):
    def refuse(given, frame):
        pytest.fail("the handler from before the run has the signal")

    before = signal.signal(signal.SIGTERM, refuse)
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stop = f"import os, time; os.kill({os.getpid()}, {int(number)}); time.sleep(100)"
        done, _ = run("print('before')", stop, "print('after')")
        assert signal.getsignal(signal.SIGTERM) is refuse
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, ours)
    assert (done.failure.cell, done.failure.source, done.failure.signal) == (2, stop, number)
    assert done.failure.error == f"stopped by {number.name}"
    assert done.notebook.cells[1].outputs[0].text == "before\n"
    assert list(scratch.iterdir()) == []


def test_a_full_disk_for_scratch_is_named_with_the_variable_that_moves_it(run, scratch, monkeypatch):
    def full(notebook, output, **options):
        Path(output).write_text("{half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(papermill, "execute_notebook", full)
    with pytest.raises(OSError, match=rf"cannot run in {scratch}.*: No space left on device; .*set TMPDIR"):
        run("1")
    assert list(scratch.iterdir()) == []


def test_a_user_without_a_home_has_one_for_the_run(run, scratch, monkeypatch):
    monkeypatch.setattr(execution, "find_home", lambda: None)
    done, _ = run("import os; print(os.environ['HOME'])")
    assert done.notebook.cells[1].outputs[0].text.startswith(f"{scratch}/")


def test_a_relative_folder_of_data_is_the_same_for_the_kernel(run, checkout, monkeypatch):
    monkeypatch.setenv("CL_DATA_DIR", "data")
    done, _ = run("from cl_core.streams.fetching import locate_data; print(locate_data().resolve())")
    assert done.failure is None
    folder = nbformat.NotebookNode(done.notebook.cells[1].outputs[0]).text.strip()
    assert folder.endswith(f"{checkout.name}/data")


def test_settings_and_folders_of_its_user_do_not_reach_a_notebook(run, tmp_path, monkeypatch):
    settings = tmp_path / "home" / "matplotlib"
    settings.mkdir(parents=True)
    (settings / "matplotlibrc").write_text("lines.linewidth: 99\ntext.usetex: True\n", encoding="utf-8")
    monkeypatch.setenv("MPLCONFIGDIR", str(settings))
    monkeypatch.setenv("CL_DATA_DIR", "mine")
    monkeypatch.chdir(tmp_path)
    done, _ = run(
        "import matplotlib\nprint(matplotlib.rcParams['lines.linewidth'], matplotlib.rcParams['text.usetex'])",
        "import os\nprint(os.environ['CL_DATA_DIR'])",
    )
    assert done.notebook.cells[1].outputs[0].text == "1.5 False\n"
    assert done.notebook.cells[2].outputs[0].text.strip().endswith("/mine")
    assert os.environ["MPLCONFIGDIR"] == str(settings)
