"""Refreshing: only what is stale, no line changed by an unchanged result, nothing stored that would not last."""

import json

import nbformat
import pytest
from cl_book.notebooks import notebook, refresh, stamps
from cl_book.notebooks.refresh import RefreshError
from cl_book.notebooks.rerun import rerun

PAGE = "from cl_book.notebooks.record import verdict\nverdict('T04', holds=True, evidence='z 2')"


def names(done):
    return [(one.path.name, one.reasons) for one in done]


def test_refresh_twice(checkout, write_page):
    path = write_page("page", PAGE, "print(2 + 2)", parameters="steps: int = 30  # [1, 500] steps")
    assert names(refresh.refresh(notebook.list_stored())) == [("page.ipynb", ("it was never refreshed",))]
    first = path.read_bytes()
    assert stamps.find_staleness(path) == ()
    timing = json.loads((checkout / refresh.TIMINGS).read_text())["page"]
    assert timing["seconds"] > 0
    assert set(timing) == {"seconds", "refreshed", "python", "versions", "hardware"}

    # Nothing is executed, nothing is written.
    changed = (path.stat().st_mtime_ns, (checkout / refresh.TIMINGS).stat().st_mtime_ns)
    assert names(refresh.refresh(notebook.list_stored())) == [("page.ipynb", ())]
    assert (path.stat().st_mtime_ns, (checkout / refresh.TIMINGS).stat().st_mtime_ns) == changed

    # Executed again, it is the same file.
    assert names(refresh.refresh([path], force=True)) == [("page.ipynb", ("it was asked for",))]
    assert path.read_bytes() == first

    # Prose is brought to the written form without a run.
    page = nbformat.read(path, as_version=4)
    page.cells[0].source = "# Better words"
    nbformat.write(page, path)
    assert names(refresh.refresh([path])) == [("page.ipynb", ())]
    assert stamps.find_staleness(path) == ()
    assert path.read_bytes() != first


def test_a_failing_notebook_is_left_as_it_was(checkout, write_page):
    path = write_page("page", "print('so far')", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(RefreshError, match=r"page\.ipynb: code cell 2: ZeroDivisionError"):
        list(refresh.refresh([path]))
    assert path.read_bytes() == before
    assert "so far" in (checkout / "build" / "failed" / "page.ipynb").read_text()


@pytest.mark.parametrize("there", [b"saved by its author", None])
def test_what_an_author_saved_while_the_chapter_ran_is_left_as_it_is(checkout, write_page, there):
    save = f"path.write_bytes({there!r})" if there else "path.unlink()"
    path = write_page("page", f"import pathlib\npath = pathlib.Path('page.ipynb')\n{save}", "print('ran')")
    with pytest.raises(RefreshError, match=r"page\.ipynb was changed while it ran, .* kept as .*; refresh") as error:
        list(refresh.refresh([path]))
    assert "\n" not in str(error.value)
    assert (path.read_bytes() if path.exists() else None) == there
    assert "ran\\n" in (checkout / "build" / "failed" / "page.ipynb").read_text()
    assert not (checkout / refresh.TIMINGS).exists()


def test_parameters_of_a_rerun_are_no_part_of_a_stored_notebook(write_page, tmp_path):
    path = write_page("page", "print(steps)", parameters="steps: int = 30  # [1, 500] steps")
    copied = rerun(path, given={"steps": 7}, out=tmp_path / "out").path.read_bytes()
    path.write_bytes(copied)
    list(refresh.refresh([path]))
    assert [cell.source for cell in nbformat.read(path, as_version=4).cells[2:]] == ["print(steps)"]
    assert stamps.find_staleness(path) == ()


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (nbformat.v4.new_output("stream", name="stderr", text="UserWarning: mind this"), "stderr.*mind this"),
        (nbformat.v4.new_output("stream", name="stdout", text="<object at 0x7f00aa11bb22>"), "address in memory"),
        (nbformat.v4.new_output("display_data", data={"text/plain": "<f at 0x7f00aa11bb22>"}), "address in memory"),
        (nbformat.v4.new_output("display_data", data={"image/png": "aGk="}), "left a figure open"),
    ],
)
def test_what_must_not_be_stored(output, says):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
    with pytest.raises(RefreshError, match=says):
        refresh._require_storable(notebook, "page.ipynb")


def test_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr("cl_core.files.root", lambda: None)
    with pytest.raises(ValueError, match="no checkout"):
        notebook.list_stored()
