"""A page's notebook, downloaded alone into an empty folder, runs with nothing but the built wheel and its dependencies."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import nbformat
import numpy as np
import pytest
from cl_book.claims.claim import load
from cl_book.claims.standings import standings
from packaging.requirements import Requirement

import cl_core

TOP = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = ("03-optimal-magnitude", "07-network-bound")
"""One page of the linear theory and one that trains networks."""

HOME = "the-strangers-own"
WHENCE = f"import cl_core\nprint('/{HOME}/' in cl_core.__file__)"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(TOP)]
    subprocess.run(build, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_holds_both_packages_with_their_types_and_asks_for_numpy_alone(wheel):
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        (metadata,) = (content.read(name).decode() for name in names if name.endswith("/METADATA"))
    assert {"cl_core/py.typed", "cl_core/__init__.pyi", "cl_core/learners/__init__.pyi", "cl_book/py.typed"} <= names
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    assert [line for line in required if "extra ==" not in line] == ["Requires-Dist: numpy>=2"]
    assert f"\nVersion: {cl_core.__version__}\n" in metadata


@pytest.mark.slow
def test_the_core_works_with_the_wheel_and_numpy_alone(wheel, tmp_path):
    home = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python, (packages,) = home / "bin" / "python", home.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    numpy = Path(np.__file__).parent
    for folder in (numpy, numpy.with_name("numpy.libs")):
        if folder.is_dir():
            (packages / folder.name).symlink_to(folder)
    program = (
        "import cl_core\n"
        "print(cl_core.linear.optimal_magnitude.__name__, cl_core.strategies.Frozen(1).trained, end=' ')\n"
        "print(cl_core.metrics.forgetting([[1, 0], [0.25, 1]]), end=' ')\n"
        "try: cl_core.train_task\n"
        "except ModuleNotFoundError as error: print(str(error).partition(': ')[2])"
    )
    kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([python, "-c", program], cwd=tmp_path, env=kept, capture_output=True, text=True)
    said = 'optimal_magnitude 1 0.75 torch is not installed; pip install "cl-core[torch]" brings it\n'
    assert (done.stdout, done.stderr) == (said, "")
    command = subprocess.run([home / "bin" / "cl-core"], cwd=tmp_path, env=kept, capture_output=True, text=True)
    said = 'cl-core: typer is not installed; pip install "cl-core[runs]" brings it\n'
    assert (command.returncode, command.stdout, command.stderr) == (2, "", said)


@pytest.fixture(scope="module")
def stranger(wheel, tmp_path_factory):
    """Run a program in a clean environment: the wheel, its dependencies, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("stranger")
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


def installed_for(extra):
    """The distributions that an extra brings, with all that they need here."""
    waiting = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"][extra]]
    found = {}
    while waiting:
        wanted = waiting.pop()
        if wanted.name == "cl-core":
            waiting += [Requirement(line) for one in wanted.extras for line in PROJECT["optional-dependencies"][one]]
        elif wanted.name not in found:
            found[wanted.name] = distribution(wanted.name)
            needed = map(Requirement, found[wanted.name].requires or ())
            waiting += [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def with_torch(wheel, tmp_path_factory):
    """Run a program in an environment that has the wheel and its extra `torch`, and nothing else."""
    folder = tmp_path_factory.mktemp("with-torch")
    home = folder / HOME
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python, (packages,) = home / "bin" / "python", home.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    for one in installed_for("torch").values():
        for name in {path.parts[0] for path in one.files} - {"..", "__pycache__"}:
            if not (packages / name).exists():
                (packages / name).symlink_to(one.locate_file(name))
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_NUM_THREADS": "1"}

    def run(program, cwd):
        (cwd / "program.py").write_text(program, encoding="utf-8")
        return subprocess.run([python, "program.py"], cwd=cwd, env=kept, capture_output=True, text=True)

    return run


@pytest.mark.slow
def test_the_readme_s_lines_run_with_the_extra_torch_alone(with_torch, tmp_path):
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    code, shown = (re.search(rf"^```{kind}\n(.*?)^```$", readme, re.M | re.S)[1] for kind in ("python", "text"))
    done = with_torch(code, tmp_path)
    assert done.returncode == 0, done.stderr
    said = [float(word) for word in re.findall(r"\d+\.\d*|nan", done.stdout)]
    assert said == pytest.approx([float(word) for word in re.findall(r"\d+\.\d*|nan", shown)], abs=0.1, nan_ok=True)


@pytest.mark.slow
def test_the_chapter_on_your_own_network_runs_with_the_extra_torch_alone(with_torch, tmp_path):
    stored = nbformat.read(TOP / "notebooks" / "17-own-network.ipynb", as_version=4)
    cells = [cell.source for cell in stored.cells if cell.cell_type == "code"]
    done = with_torch("\n\n".join([*cells, WHENCE]), tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[-1] == "True"
    recorded = dict(line.split(" = ") for line in said if re.fullmatch(r"[a-z_]+ = .+", line))
    assert recorded.keys() == {line.split(" = ")[0] for line in lines(stored)}
    assert float(recorded["forgets_head"]) == 0
    assert "IPython" not in done.stderr


@pytest.mark.slow
def test_what_is_not_in_the_extra_is_not_there(with_torch, tmp_path):
    done = with_torch("import torch, sklearn, pydantic\nimport IPython", tmp_path)
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'IPython'"


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
def test_the_wheel_says_of_every_claim_what_a_clone_says(stranger, tmp_path):
    _, run = stranger
    program = (
        "import json\n"
        "from cl_book.claims.standings import standings\n"
        "print(json.dumps({one.claim.id: [one.printed, one.evidence, one.condition] for one in standings()}))"
    )
    done = run("-c", program, cwd=tmp_path)
    here = {one.claim.id: [one.printed, one.evidence, one.condition] for one in standings()}
    assert json.loads(done.stdout) == here
    assert "not run" not in {here[claim.id][0] for claim in load() if claim.source == "theory"}


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
