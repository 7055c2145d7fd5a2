"""Every stored notebook answers to its parameters: with others it runs through, and what it prints differs.

The quick test runs the cells in this process, which spares fifteen kernels their imports; the slow one goes the way of
a reader, through papermill and a kernel. That a notebook runs in a fresh kernel with its defaults is nbval's to say.
"""

import sys

import matplotlib as mpl
import pytest
import yaml
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import parameters
from cl_book.notebooks.rerun import rerun, resolve
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt
from nbformat.v4 import new_code_cell, new_notebook, new_output
from traitlets.config import Config


@pytest.fixture(scope="module")
def alternatives(pytestconfig):
    return yaml.safe_load((pytestconfig.rootpath / "tests/notebooks/alternatives.yml").read_text(encoding="utf-8"))


@pytest.fixture
def given(stored, alternatives):
    """The parameters that the notebook is given, none of them a default."""
    checked = resolve(stored, settings=alternatives[stored.stem]["parameters"])
    defaults = {one.name: one.default for one in parameters.read(stored)}
    assert checked
    assert not [name for name, value in checked.items() if value == defaults[name]], "these are defaults already"
    return checked


@pytest.fixture
def run_cells(stored, tmp_path, monkeypatch):
    """Return a function that runs the notebook's cells in a shell of this process, and what they displayed."""
    monkeypatch.chdir(stored.parent)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)

    def run(given):
        outputs = []
        for cell in notebooks.select_code_cells(notebooks.load(stored)):
            with capture_output() as shown:
                done = shell.run_cell(cell.source)
            done.raise_error()
            outputs += [new_output("display_data", output.data) for output in shown.outputs]
            if parameters.TAG in cell.metadata.get("tags", []):
                shell.push(dict(given))
        return new_notebook(cells=[new_code_cell(outputs=outputs)])

    with mpl.rc_context():
        yield run
    plt.close("all")
    InteractiveShell.clear_instance()


def on_record(notebook):
    """What a notebook says for the record, by its name."""
    verdicts = {line.claim: (line.verdict, line.condition, line.evidence) for line in notebooks.read_verdicts(notebook)}
    return {**verdicts, **notebooks.read_values(notebook)}


def test_alternatives_are_of_stored_notebooks(alternatives, pytestconfig):
    stored = {path.stem for path in (pytestconfig.rootpath / "notebooks").glob("*.ipynb")}
    assert set(alternatives) == stored, "give each stored notebook, and no other, an entry in alternatives.yml"


@pytest.mark.slow
def test_it_answers_to_its_parameters(stored, alternatives, given, run_cells):
    before, now = on_record(notebooks.load(stored)), on_record(run_cells(given))
    name = alternatives[stored.stem]["differs"]
    assert name in set(before) & set(now)
    assert before[name] != now[name]


@pytest.mark.slow
def test_it_answers_to_its_parameters_by_papermill(stored, alternatives, given, tmp_path):
    done = rerun(stored, given=given, out=tmp_path)
    assert done.failure is None
    changes = [change.name for change in done.changes if "–" not in (change.stored, change.now)]
    assert alternatives[stored.stem]["differs"] in changes
