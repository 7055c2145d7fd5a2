"""Stored notebooks as data."""

import json

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


CODE = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": 1}


def _written(tmp_path, cell, **whole):
    path = tmp_path / "page.ipynb"
    page = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell], **whole}
    path.write_text(json.dumps(page), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (5, "cell 1 is no object"),
        ({}, "cell 1 has no cell_type"),
        ({**CODE, "metadata": None}, "cell 1 has no metadata"),
        ({**CODE, "metadata": {"tags": "parameters"}}, "tags"),
        ({**CODE, "source": None}, "cell 1 has no source"),
        ({**CODE, "source": ["a", 1]}, "line in source"),
        ({**CODE, "outputs": None}, "cell 1 has no list of outputs"),
        ({**CODE, "execution_count": "1"}, "execution_count"),
        ({**CODE, "outputs": [1]}, "output 1 of cell 1 has no output_type"),
        ({**CODE, "outputs": [{"output_type": "stream", "text": 5}]}, "text that is none"),
        ({**CODE, "outputs": [{"output_type": "stream", "text": "a"}]}, "no name or text"),
        ({**CODE, "outputs": [{"output_type": "display_data", "data": []}]}, "data that are no object"),
        ({**CODE, "outputs": [{"output_type": "display_data", "data": {"text/plain": 1}}]}, "no text as text/plain"),
        ({**CODE, "outputs": [{"output_type": "display_data", "data": {VERDICT_MIME: {"claim": "T01"}}}]}, "evidence"),
        ({**CODE, "outputs": [{"output_type": "display_data", "data": {VALUE_MIME: 5}}]}, "name, text"),
        ({**CODE, "outputs": [{"output_type": "error", "ename": "E"}]}, "traceback"),
    ],
)
def test_a_cell_of_another_form_is_one_line_with_file_and_cell(tmp_path, cell, says):
    assert load(_written(tmp_path, CODE)).cells[0].source == "1"
    path = _written(tmp_path, cell)
    with pytest.raises(ValueError, match="is not a notebook: ") as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("whole", "says"),
    [
        ({"cells": None}, "no list"),
        ({"cells": {}}, "no list"),
        ({"metadata": 1}, "no object"),
        ({"nbformat": 3}, "none of nbformat 4"),
    ],
)
def test_a_file_of_another_form_is_one_line(tmp_path, whole, says):
    with pytest.raises(ValueError, match=says):
        load(_written(tmp_path, CODE, **whole))


@pytest.mark.parametrize("content", [b'{"cells": [], "cells": []}', b"\xff\xfe", b"[" * 100_000, b"[]", b"null"])
def test_any_bytes_are_one_line_with_the_file(tmp_path, content):
    (tmp_path / "page.ipynb").write_bytes(content)
    with pytest.raises(ValueError, match=r"page\.ipynb is not a notebook: ") as caught:
        load(tmp_path / "page.ipynb")
    assert len(str(caught.value).splitlines()) == 1


def test_a_cell_that_never_ran_may_say_nothing_of_it(tmp_path):
    bare = {key: value for key, value in CODE.items() if key != "execution_count"}
    assert load(_written(tmp_path, bare)).cells[0].execution_count is None
