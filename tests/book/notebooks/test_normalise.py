"""One written form: what differs between equal runs goes, what was computed and written stays."""

from pathlib import Path

import nbformat
import pytest
from cl_book.notebooks.normalise import METADATA, normalise_notebook, to_text
from hypothesis import given
from hypothesis import strategies as st


def executed(run):
    """A notebook as a tool might leave it after its `run`-th execution: ids, times and paths differ."""
    data = nbformat.v4.new_output("display_data", data={"text/plain": "T04 · holds · z 2"}, metadata={"t": run})
    streams = ["a", "b"] if run else ["ab"]
    code = nbformat.v4.new_code_cell(
        "verdict(…)",
        execution_count=7 + run,
        metadata={"tags": ["hide-input"], "papermill": {"duration": run}, "execution": {"t": str(run)}},
        outputs=[
            *[nbformat.v4.new_output("stream", name="stdout", text=text) for text in streams],
            data,
            nbformat.v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=7 + run),
            nbformat.v4.new_output(
                "stream", name="stderr", text=f"/tmp/ipykernel_{run}/12{run}.py:3: UserWarning in {Path.home()}/x"
            ),
        ],
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A page"), code])
    notebook.metadata = nbformat.from_dict({"papermill": {"t": run}, "language_info": {"version": f"3.{run}"}})
    notebook.metadata[METADATA] = {"form": 1}
    return notebook


def test_equal_runs_give_equal_text():
    assert to_text(normalise_notebook(executed(0))) == to_text(normalise_notebook(executed(1)))


def test_results_and_prose_stay():
    text = to_text(normalise_notebook(executed(0)))
    for kept in ("T04 · holds · z 2", "# A page", "hide-input", "verdict(…)", "UserWarning", '"form": 1'):
        assert kept in text
    for gone in ("papermill", "ipykernel_0", str(Path.home()), '"version"'):
        assert gone not in text


def test_a_second_time_changes_nothing_and_the_original_is_untouched():
    original = executed(1)
    before = nbformat.writes(original)
    once = normalise_notebook(original)
    assert to_text(normalise_notebook(once)) == to_text(once)
    assert nbformat.writes(original) == before


@given(st.lists(st.sampled_from(["x = 1", "x = 2", ""]), max_size=6))
def test_ids_are_valid_and_unique(sources):
    notebook = normalise_notebook(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    )
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(sources)


def test_an_edit_moves_no_other_id():
    def ids(*sources):
        return [
            c.id
            for c in normalise_notebook(
                nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
            ).cells
        ]

    assert ids("a = 1", "b = 1", "c = 1")[1:] == ids("new = 0", "b = 1", "c = 1")[1:]


def test_broken_notebook_is_not_written():
    notebook = normalise_notebook(executed(0))
    notebook.cells[0].cell_type = "verse"
    with pytest.raises(nbformat.ValidationError):
        to_text(notebook)
