"""One written form: what differs between equal runs goes, what was computed and written stays."""

import re
from pathlib import Path

import nbformat
import pytest
from cl_book.notebooks import normalise
from cl_book.notebooks.normalise import METADATA, normalise_notebook, to_text
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = "n/m = 0.7143, 1/2, 1 /2, 3 / 4, 5 km/h, 1e-3/s, /7, 8/"


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


def test_of_an_outputs_metadata_the_narrow_form_of_a_figure_stays():
    notebook = executed(0)
    notebook.cells[1].outputs[1].metadata["image/svg+xml"] = {"narrow": ["<svg>", "</svg>"], "width": 3}
    kept = [output.get("metadata") for output in normalise_notebook(notebook).cells[1].outputs]
    assert {"image/svg+xml": {"narrow": ["<svg>", "</svg>"]}} in kept
    assert '"width"' not in to_text(normalise_notebook(notebook))


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


# --- paths of the machine -------------------------------------------------------------------------------------------


def printed(text, home, monkeypatch):
    """What is stored of `text`, printed by a cell where the user's home is `home`."""
    monkeypatch.setenv("HOME", home)
    stream = nbformat.v4.new_output("stream", name="stdout", text=text)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print()", outputs=[stream])])
    return normalise_notebook(notebook).cells[0].outputs[0].text


@pytest.mark.parametrize("home", ["/", "", "//", ".", "u", "u/al", "/2", "/1/2"])
def test_a_home_that_is_the_root_or_relative_or_a_number_is_left_in_the_text(home, monkeypatch):
    text = "km/h and/or http://example.org/a, half: 1/2, a /2 b, u/al"
    assert printed(text, home, monkeypatch) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("/home/u/al", "~"),
        ("/home/u/al/x.csv:3", "~/x.csv:3"),
        ("'/home/u/al', (/home/u/al): /home/u/al.", "'~', (~): ~."),
        ("file:///home/u/al/x", "file://~/x"),
        ("/home/u/alice/data", "/home/u/alice/data"),
        ("/home/u/al-2 /home/u/al.bak /home/u/al_", "/home/u/al-2 /home/u/al.bak /home/u/al_"),
        ("/data/home/u/al/x https://a.org/home/u/al", "/data/home/u/al/x https://a.org/home/u/al"),
    ],
)
def test_the_home_is_replaced_only_where_a_path_begins_and_ends_with_it(text, stored, monkeypatch):
    assert printed(text, "/home/u/al", monkeypatch) == stored


@pytest.mark.parametrize(
    ("top", "text", "stored"),
    [
        ("/", "1/2 and /x", "1/2 and /x"),
        ("/srv/book", "/srv/book/cl_core/files.py /srv/bookshop", "…/cl_core/files.py /srv/bookshop"),
    ],
)
def test_the_checkout_is_replaced_as_the_home_is(top, text, stored, monkeypatch):
    monkeypatch.setattr(normalise, "package_folder", lambda: Path(top) / "cl_core")
    assert printed(text, "/home/u/al", monkeypatch) == stored


def test_a_user_without_a_home_is_no_error(monkeypatch):
    def refuse():
        raise RuntimeError("could not determine home directory")

    monkeypatch.setattr(Path, "home", refuse)
    assert printed("1/2", "/unused", monkeypatch) == "1/2"


@given(st.text(st.sampled_from("/0123456789.ab~ -_"), max_size=8))
def test_no_home_changes_the_numbers_of_a_page(home):
    with pytest.MonkeyPatch.context() as monkeypatch:
        stored = printed(NUMBERS, home, monkeypatch)
    assert re.findall(r"[\d.]+", stored) == re.findall(r"[\d.]+", NUMBERS)


@pytest.mark.parametrize("word", ["x", "ipykernel_1/", "/home/u/al", "/", "1"])
def test_one_line_of_four_million_letters_does_not_keep_anyone_waiting(word, monkeypatch):
    # In quadratic time this takes hours.
    stored = printed(word * (4_000_000 // len(word)), "/home/u/al", monkeypatch)
    assert len(stored) > 3_000_000


def test_many_pieces_of_a_stream_are_joined_in_their_order():
    pieces = [nbformat.v4.new_output("stream", name=name, text=name[-1]) for name in ["stdout", "stderr"] * 3]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=pieces)])
    outputs = normalise_notebook(notebook).cells[0].outputs
    assert [(output.name, output.text) for output in outputs] == [("stdout", "ttt"), ("stderr", "rrr")]
