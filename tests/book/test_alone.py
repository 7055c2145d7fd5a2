"""A page's notebook, downloaded alone into an empty folder, runs with nothing but the built wheel and its dependencies."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

TOP = Path(__file__).resolve().parents[2]
PAGES = ("03-optimal-magnitude", "07-network-bound")
"""One page of the linear theory and one that trains networks."""

HOME = "the-strangers-own"
WHENCE = f"import cl_core\nprint('/{HOME}/' in cl_core.__file__)"


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Run a program in a clean environment: the wheel, its dependencies, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("stranger")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(TOP)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    home = folder / HOME
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    # The dependencies come from where these tests run. A folder named in a .pth file is searched as it is: the .pth
    # files in it, and with them this checkout's own installation, are not read.
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(
        "".join(f"{path}\n" for path in sorted({sysconfig.get_path(name) for name in ("purelib", "platlib")}))
    )

    def run(*command, cwd):
        kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        return subprocess.run(
            [python, *command], cwd=cwd, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return home, run


def lines(notebook):
    """Return what the verdicts and recorded values of a notebook print."""
    kinds = {"application/vnd.cl-core.verdict+json", "application/vnd.cl-core.value+json"}
    return [
        output.data["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kinds & set(output.get("data", {}))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_notebook_downloaded_alone_runs_with_the_wheel(stranger, tmp_path, page):
    _, run = stranger
    stored = nbformat.read(TOP / "notebooks" / f"{page}.ipynb", as_version=4)
    bare = nbformat.from_dict({**stored, "cells": [*stored.cells, nbformat.v4.new_code_cell(WHENCE)]})
    nbformat.write(bare, tmp_path / "page.ipynb")

    done = run("-m", "cl_book.cli", "rerun", "page.ipynb", "--out", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    mine = nbformat.read(tmp_path / "mine" / "page.ipynb", as_version=4)
    assert mine.cells[-1].outputs[0].text == "True\n"
    assert len(lines(mine)) >= 3
    assert lines(mine) == lines(stored)
    assert "is as stored" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "page.ipynb"]


@pytest.mark.slow
def test_the_checkout_is_out_of_the_strangers_sight(stranger, tmp_path):
    home, run = stranger
    asked = (
        "import sys, cl_core; from cl_core import files; print(cl_core.__file__, files.root(), *sys.path, sep='\\n')"
    )
    done = run("-c", asked, cwd=tmp_path)
    place, root, *path = done.stdout.split()
    assert place.startswith(str(home))
    assert root == "None"
    assert str(TOP) not in path
