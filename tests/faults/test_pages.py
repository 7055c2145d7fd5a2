"""Faults in stored pages and in what they were made from: the stale guard, nbval and the checks of outputs see them."""

import ast
import json
import re
import subprocess
import sys

import pytest
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.normalise import to_text

PAGE = "01-setting"
IMPORTED = """
import ast, json, sys
sources = json.loads(sys.stdin.read())
found = {}
for name, cells in sources.items():
    for module in [module for module in sys.modules if module.split(".")[0] == "cl_core"]:
        del sys.modules[module]
    for cell in cells:
        lines = [node for node in ast.parse(cell).body if isinstance(node, (ast.Import, ast.ImportFrom))]
        exec(compile(ast.Module(lines, []), name, "exec"), {})
    found[name] = [module for module in sys.modules if module.split(".")[0] == "cl_core"]
print(json.dumps(found))
"""


def stale(process):
    """The pages that `cl-core check` calls stale, with their reasons."""
    found = {}
    for line in process.stdout.splitlines():
        if named := re.fullmatch(r"(\S+)\.ipynb: stale, because", line):
            found[named[1]] = []
        elif line.startswith("  ") and found:
            found[list(found)[-1]].append(line.strip())
    return found


@pytest.fixture
def importers(stored):
    """Return which pages have a module in memory after their imports: found by importing, not by reading."""

    def of(module):
        paths = sorted((stored.top / "notebooks").glob("*.ipynb"))
        sources = {path.stem: [cell.source for cell in notebooks.code_cells(notebooks.load(path))] for path in paths}
        done = subprocess.run(
            [sys.executable, "-c", IMPORTED], input=json.dumps(sources), capture_output=True, text=True, check=True
        )
        return {name for name, modules in json.loads(done.stdout).items() if module in modules}

    return of


def edit_notebook(stored, change):
    path = stored.top / "notebooks" / f"{PAGE}.ipynb"
    notebook = notebooks.load(path)
    change(notebook)
    path.write_text(to_text(notebook), encoding="utf-8")


def test_without_a_fault_nothing_is_stale(stored):
    done = stored.check()
    assert (done.returncode, stale(done)) == (0, {}), done.stdout


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("cl_core.linear.schedule", "EXHAUSTIVE_LIMIT = 50_000", "EXHAUSTIVE_LIMIT = 50_001"),
        ("cl_core.linear.simulate", "_BATCH_NUMBERS = 500_000", "_BATCH_NUMBERS = 500_001"),
    ],
)
def test_a_constant_changed_after_the_notebooks_ran(stored, importers, module, old, new):
    stored.plant(f"{module.replace('.', '/')}.py", old, new)
    done = stored.check()
    assert done.returncode == 1
    expected = importers(module)
    assert expected
    assert stale(done) == {name: [f"{module} has changed"] for name in expected}


def test_a_number_edited_in_a_stored_output(stored):
    def edit(notebook):
        line = notebooks.verdict_lines(notebook)[0]
        output = next(
            output
            for output in notebooks.code_cells(notebook)[line.cell - 1].outputs
            if line.evidence in output.get("data", {}).get("text/plain", "")
        )
        digit = re.search(r"\d", line.evidence)
        assert digit, "no number to edit"
        changed = str((int(digit[0]) + 1) % 10).join([line.evidence[: digit.start()], line.evidence[digit.end() :]])
        for kind, text in output.data.items():
            output.data[kind] = json.loads(json.dumps(text, ensure_ascii=False).replace(line.evidence, changed))
        edited.append(line.cell)

    edited = []
    edit_notebook(stored, edit)

    checked = stored.check()
    assert checked.returncode == 1
    assert stale(checked) == {PAGE: [f"the stored output of cell {edited[0]} has changed"]}

    *options, _ = (stored.top / "tests/notebooks/nbval.args").read_text(encoding="utf-8").split()
    compared = stored.pytest(*options, f"notebooks/{PAGE}.ipynb")
    assert compared.returncode == 1
    assert re.findall(r"FAILED \S+::Cell (\d+)", compared.stdout) == [str(edited[0] - 1)], compared.stdout


def test_outputs_stripped(stored):
    def strip(notebook):
        for cell in notebooks.code_cells(notebook):
            cell.outputs, cell.execution_count = [], None

    edit_notebook(stored, strip)
    checked = stored.check()
    assert checked.returncode == 1
    assert list(stale(checked)) == [PAGE]

    counted = stored.pytest("tests/notebooks/test_stored.py", "-k", f"{PAGE} and nbval_compares")
    assert counted.returncode == 1
    assert len(re.findall("^FAILED .*nbval_compares", counted.stdout, flags=re.MULTILINE)) == 2, counted.stdout


def test_outputs_of_one_verdict_stripped_and_the_stamp_with_it(stored):
    """A stamp can be lost with the outputs; the claim that has no verdict any more is seen all the same."""

    def strip(notebook):
        line = notebooks.verdict_lines(notebook)[0]
        notebooks.code_cells(notebook)[line.cell - 1].outputs = []
        del notebook.metadata["cl_core"]

    edit_notebook(stored, strip)
    done = stored.pytest("tests/notebooks/test_stored.py", "-k", f"{PAGE} and claims_of_this_page")
    assert done.returncode == 1
    assert "1 failed" in done.stdout


def test_a_mistyped_parameter(stored):
    name = _parameter(stored)
    mistyped = name[:-1] + ("x" if name[-1] != "x" else "y")
    done = stored.run("-m", "cl_book.cli", "rerun", f"notebooks/{PAGE}.ipynb", "-p", mistyped, "1000", "--out", "mine")
    assert done.returncode == 2
    assert f"has no parameter {mistyped!r}; did you mean {name!r}?" in done.stdout
    assert not (stored.top / "mine").exists()


def _parameter(stored):
    notebook = notebooks.load(stored.top / "notebooks" / f"{PAGE}.ipynb")
    cell = next(cell for cell in notebooks.code_cells(notebook) if "parameters" in cell.metadata.get("tags", []))
    return ast.parse(cell.source).body[-1].target.id
