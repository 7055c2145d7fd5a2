"""Faults in stored pages and in what they were made from: the stale guard, nbval and the checks of outputs see them."""

import ast
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.normalise import to_text

PAGES = EDITED, STRIPPED, SILENT = "01-setting", "02-bound", "03-optimal-magnitude"
"""The pages that get a fault each: a number edited, all outputs stripped, one verdict stripped with the stamp."""

CONSTANTS = {
    "cl_core.linear.schedule": ("EXHAUSTIVE_LIMIT = 50_000", "EXHAUSTIVE_LIMIT = 50_001"),
    "cl_core.linear.simulate": ("_BATCH_NUMBERS = 500_000", "_BATCH_NUMBERS = 500_001"),
}
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


@pytest.fixture(scope="module")
def importers(shared):
    """Return which pages have a module in memory after their imports: found by importing, not by reading."""
    paths = sorted((shared.top / "notebooks").glob("*.ipynb"))
    sources = {path.stem: [cell.source for cell in notebooks.select_code_cells(notebooks.load(path))] for path in paths}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], input=json.dumps(sources), capture_output=True, text=True, check=True
    )
    imported = json.loads(done.stdout)
    return lambda module: {name for name, modules in imported.items() if module in modules}


def load(copy, page):
    return notebooks.load(copy.top / "notebooks" / f"{page}.ipynb")


def edit(copy, page, change):
    notebook = load(copy, page)
    change(notebook)
    (copy.top / "notebooks" / f"{page}.ipynb").write_text(to_text(notebook), encoding="utf-8")


def edit_a_number(notebook):
    line = notebooks.read_verdicts(notebook)[0]
    output = next(
        output
        for output in notebooks.select_code_cells(notebook)[line.cell - 1].outputs
        if line.evidence in output.get("data", {}).get("text/plain", "")
    )
    digit = re.search(r"\d", line.evidence)
    assert digit, "no number to edit"
    changed = str((int(digit[0]) + 1) % 10).join([line.evidence[: digit.start()], line.evidence[digit.end() :]])
    for kind, text in output.data.items():
        output.data[kind] = json.loads(json.dumps(text, ensure_ascii=False).replace(line.evidence, changed))


def strip_outputs(notebook):
    for cell in notebooks.select_code_cells(notebook):
        cell.outputs, cell.execution_count = [], None


def strip_a_verdict_and_the_stamp(notebook):
    line = notebooks.read_verdicts(notebook)[0]
    notebooks.select_code_cells(notebook)[line.cell - 1].outputs = []
    del notebook.metadata["cl_core"]


@pytest.fixture(scope="module")
def faulty(shared):
    """What the checks say of one copy that has every fault of this file, each in a place of its own."""
    sound = {page: load(shared, page) for page in PAGES}
    for page, change in zip(PAGES, (edit_a_number, strip_outputs, strip_a_verdict_and_the_stamp), strict=True):
        edit(shared, page, change)
    *options, _ = (shared.top / "tests/notebooks/nbval.args").read_text(encoding="utf-8").split()
    looks = "tests/notebooks/test_stored.py::test_"
    tested = shared.pytest(
        *options,
        f"notebooks/{EDITED}.ipynb",
        f"{looks}nbval_compares_every_cell_that_shows_something[{STRIPPED}]",
        f"{looks}nbval_compares_every_verdict_line[{STRIPPED}]",
        f"{looks}its_verdicts_are_on_claims_of_this_page[{SILENT}]",
    )
    for module, (old, new) in CONSTANTS.items():
        shared.plant(f"{module.replace('.', '/')}.py", old, new)
    checked = shared.check()
    for module, (old, new) in CONSTANTS.items():
        shared.plant(f"{module.replace('.', '/')}.py", new, old)
    for page, notebook in sound.items():
        (shared.top / "notebooks" / f"{page}.ipynb").write_text(to_text(notebook), encoding="utf-8")
    failed = set(re.findall(r"^FAILED (\S+(?: \d+)?)", tested.stdout, flags=re.MULTILINE))
    return SimpleNamespace(sound=sound, checked=checked, stale=stale(checked), tested=tested, failed=failed)


@pytest.mark.slow
def test_without_a_fault_nothing_is_stale(shared):
    done = shared.check()
    assert (done.returncode, stale(done)) == (0, {}), done.stdout


@pytest.mark.slow
def test_the_check_is_red(faulty):
    assert faulty.checked.returncode == 1


@pytest.mark.slow
@pytest.mark.parametrize("module", CONSTANTS)
def test_a_constant_changed_after_the_notebooks_ran(faulty, importers, module):
    expected = importers(module) - {SILENT}
    assert expected - set(PAGES)
    assert {name for name, reasons in faulty.stale.items() if f"{module} has changed" in reasons} == expected


@pytest.mark.slow
def test_a_page_without_a_fault_is_stale_for_its_modules_alone(faulty):
    reasons = {reason for name, reasons in faulty.stale.items() if name not in PAGES for reason in reasons}
    assert reasons == {f"{module} has changed" for module in CONSTANTS}


@pytest.mark.slow
def test_a_number_edited_in_a_stored_output(faulty):
    cell = notebooks.read_verdicts(faulty.sound[EDITED])[0].cell
    outputs = [reason for reason in faulty.stale[EDITED] if "output" in reason]
    assert outputs == [f"the stored output of cell {cell} has changed"]
    failed = {name for name in faulty.failed if name.startswith("notebooks/")}
    assert failed == {f"notebooks/{EDITED}.ipynb::Cell {cell - 1}"}, faulty.tested.stdout


@pytest.mark.slow
def test_outputs_stripped(faulty):
    cells = notebooks.select_code_cells(faulty.sound[STRIPPED])
    ran = [number for number, cell in enumerate(cells, start=1) if cell.execution_count or cell.outputs]
    outputs = [reason for reason in faulty.stale[STRIPPED] if "output" in reason]
    assert outputs == [f"the stored output of cell {number} has changed" for number in ran]
    assert len({name for name in faulty.failed if "nbval_compares" in name}) == 2, faulty.tested.stdout


@pytest.mark.slow
def test_outputs_of_one_verdict_stripped_and_the_stamp_with_it(faulty):
    """A stamp can be lost with the outputs; the claim that has no verdict any more is seen all the same."""
    assert faulty.stale[SILENT] == ["it was never refreshed"]
    assert any("claims_of_this_page" in name for name in faulty.failed), faulty.tested.stdout


def test_a_mistyped_parameter(shared, run, monkeypatch):
    name = _parameter(load(shared, EDITED))
    mistyped = name[:-1] + ("x" if name[-1] != "x" else "y")
    monkeypatch.chdir(shared.top)
    code, _, err = run("rerun", f"notebooks/{EDITED}.ipynb", "-p", mistyped, "1000", "--out", "mine")
    assert code == 2
    assert f"has no parameter {mistyped!r}; did you mean {name!r}?" in err
    assert not (shared.top / "mine").exists()


def _parameter(notebook):
    cell = next(cell for cell in notebooks.select_code_cells(notebook) if "parameters" in cell.metadata.get("tags", []))
    return ast.parse(cell.source).body[-1].target.id
