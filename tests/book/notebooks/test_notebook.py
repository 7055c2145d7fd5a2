"""Stored notebooks as data."""

import nbformat
import pytest
from cl_book.notebooks.notebook import Line, load, read_values, read_verdicts
from cl_book.notebooks.record import VALUE_MIME, VERDICT_MIME


def cell(*bundles):
    outputs = [nbformat.v4.new_output("display_data", data=bundle) for bundle in bundles]
    return nbformat.v4.new_code_cell("", outputs=outputs, execution_count=1)


def test_what_is_on_record():
    entry = {"claim": "P04", "verdict": "holds when", "condition": "m > n", "evidence": "z 2"}
    value = {VALUE_MIME: {"name": "z", "text": "2.31"}, "text/plain": "z = 2.31"}
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("T05 · holds · typed by hand"),
            cell(value),
            cell({VERDICT_MIME: entry}),
        ]
    )
    assert read_verdicts(notebook) == [Line("P04", "holds when", "z 2", cell=2, condition="m > n")]
    assert read_values(notebook) == {"z": "2.31"}


def test_a_value_has_one_meaning():
    value = {VALUE_MIME: {"name": "z", "text": "2.31"}}
    with pytest.raises(ValueError, match="'z' is recorded twice, again in code cell 2"):
        read_values(nbformat.v4.new_notebook(cells=[cell(value), cell(value)]))


def test_no_notebook(tmp_path):
    with pytest.raises(ValueError, match="there is no notebook"):
        load(tmp_path / "page.ipynb")
    (tmp_path / "page.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="not a notebook"):
        load(tmp_path / "page.ipynb")
