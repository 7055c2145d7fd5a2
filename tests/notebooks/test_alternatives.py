"""Every stored notebook answers to its parameters: with others it runs through, and what it prints differs."""

import pytest
import yaml
from cl_book.notebooks import parameters
from cl_book.notebooks.rerun import rerun, resolve


@pytest.fixture(scope="module")
def alternatives(pytestconfig):
    return yaml.safe_load((pytestconfig.rootpath / "tests/notebooks/alternatives.yml").read_text(encoding="utf-8"))


def test_alternatives_are_of_stored_notebooks(alternatives, pytestconfig):
    stored = {path.stem for path in (pytestconfig.rootpath / "notebooks").glob("*.ipynb")}
    assert set(alternatives) == stored, "give each stored notebook, and no other, an entry in alternatives.yml"


def test_it_answers_to_its_parameters(stored, alternatives, tmp_path):
    entry = alternatives[stored.stem]
    given = resolve(stored, settings=entry["parameters"])
    defaults = {one.name: one.default for one in parameters.read(stored)}
    assert given
    assert not [name for name, value in given.items() if value == defaults[name]], "these are defaults already"

    done = rerun(stored, given=given, out=tmp_path)
    assert done.failure is None
    assert entry["differs"] in [change.name for change in done.changes if "–" not in (change.stored, change.now)]
