"""Notebooks compared by kernels from a process that has loaded their libraries are red where they are by any kernel."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

TOP = Path(__file__).resolve().parents[2]


def printed(source, text):
    return new_code_cell(source, outputs=[new_output("stream", name="stdout", text=text)], execution_count=1)


@pytest.mark.slow
def test_a_wrong_output_and_a_library_that_is_not_imported_are_red(tmp_path):
    cells = [
        printed("import os\nprint(os.getpgid(0) == os.getpid())", "True\n"),
        printed("print(1)", "2\n"),
        printed("print(sum(torch.zeros(1)))", "0\n"),
        printed("import beside\nprint(beside.value)", "3\n"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "page.ipynb")
    (tmp_path / "beside.py").write_text("value = 3\n", encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "support.warm_kernels", "-p", "no:cacheprovider", "-rA"),
            *("--nbval", "--nbval-current-env", "--rootdir", str(tmp_path), str(tmp_path / "page.ipynb")),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TOP / "tests")},
    )
    red = {line.partition(" - ")[0].split()[-1] for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert red == {"1", "2"}, done.stdout
    assert "name 'torch' is not defined" in done.stdout
