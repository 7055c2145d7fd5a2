"""Running a notebook: one thread, a record of reads, and a failing cell as a result."""

import sys

import nbformat
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
