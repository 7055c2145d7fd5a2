"""Every reason to be stale is named; prose is none."""

import nbformat
import pytest
from cl_book.notebooks import stamps
from cl_book.notebooks.normalise import METADATA

from cl_core import imports

PARAMETERS = "steps: int = 30  # [1, 500] gradient steps"


@pytest.fixture
def edit(checkout, write_page):
    """Return the reasons to be stale after `change` was made to a stamped notebook (or to the checkout)."""

    def apply(change, reads=("book/paper.csv", "listing:results/*.json")):
        (checkout / "book" / "paper.csv").write_text("1", encoding="utf-8")
        (checkout / "results").mkdir()
        (checkout / "results" / "one.json").write_text("{}", encoding="utf-8")
        path = write_page("page", "from cl_core.linear import forgetting", "print(steps)", parameters=PARAMETERS)
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[3].outputs = [nbformat.v4.new_output("stream", name="stdout", text="30\n")]
        notebook.cells[3].execution_count = 3
        notebook.metadata[METADATA] = stamps.stamp(notebook, reads=reads)
        nbformat.write(notebook, path)
        assert stamps.find_staleness(path) == ()
        change(checkout, notebook)
        nbformat.write(notebook, path)
        return stamps.find_staleness(path)

    return apply


def set_source(number, text):
    def change(_, notebook):
        notebook.cells[number].source = text

    return change


def write(name, text):
    def change(top, _):
        (top / name).write_text(text, encoding="utf-8")

    return change


def edit_output(_, notebook):
    notebook.cells[3].outputs[0].text = "31\n"


def strip_outputs(_, notebook):
    notebook.cells[3].outputs, notebook.cells[3].execution_count = [], None


def drop_cell(_, notebook):
    del notebook.cells[3]


def unstamp(_, notebook):
    del notebook.metadata[METADATA]


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (set_source(0, "# Other prose"), ()),
        (set_source(3, "print(steps + 1)"), ("the code of cell 3 has changed",)),
        (set_source(3, "%magic"), ("its code cannot be read: invalid syntax (<unknown>, line 1)",)),
        (
            set_source(1, PARAMETERS.replace("30", "40")),
            ("parameter steps has changed", "the code of cell 1 has changed"),
        ),
        (
            set_source(1, PARAMETERS.replace("steps:", "stops:")),
            ("parameter steps is gone", "parameter stops is new", "the code of cell 1 has changed"),
        ),
        (
            set_source(3, f"x = {'-' * 20_000}1"),
            ("its code cannot be read: it is nested too deeply",),
        ),
        (drop_cell, ("it has 2 code cells, 3 when refreshed",)),
        (edit_output, ("the stored output of cell 3 has changed",)),
        (strip_outputs, ("the stored output of cell 3 has changed",)),
        (unstamp, ("it was never refreshed",)),
        (write("book/paper.csv", "2"), ("book/paper.csv has changed",)),
        (write("results/one.json", "{ }"), ()),
        (write("results/two.json", "{}"), ("the list of results/*.json has changed",)),
        (lambda top, _: (top / "book" / "paper.csv").unlink(), ("book/paper.csv has changed",)),
    ],
)
def test_reasons(edit, change, reasons):
    assert edit(change) == reasons


def test_a_file_that_was_absent_and_appears(edit):
    assert edit(write("book/late.csv", "1"), reads=["book/late.csv"]) == ("book/late.csv has changed",)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "book"])
def test_a_stamp_that_names_what_is_no_file_of_the_repository_is_stale(edit, name):
    def rename(_, notebook):
        notebook.metadata[METADATA]["files"] = {name: "0" * 64}

    (reason,) = edit(rename)
    assert reason.startswith("what it read cannot be read: ")


def test_modules_are_named(edit, monkeypatch):
    digests = imports.digests

    def changed(names):
        return {name: "0" if name == "cl_core.linear.measures" else value for name, value in digests(names).items()}

    def change(_, __):
        monkeypatch.setattr(imports, "digests", changed)

    assert edit(change) == ("cl_core.linear.measures has changed",)


def test_new_import_is_named(edit):
    reasons = edit(set_source(3, "import cl_book.notebooks.record"))
    assert reasons == (
        "the code of cell 3 has changed",
        "cl_book is now imported",
        "cl_book.notebooks is now imported",
        "cl_book.notebooks.record is now imported",
    )


def test_the_digest_of_a_page_follows_its_outputs_alone(write_page):
    path = write_page("page", "print(steps)", parameters=PARAMETERS)
    digests = []
    for prose, printed in (("Old words", "30\n"), ("New words", "30\n"), ("New words", "31\n")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].source = prose
        notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
        nbformat.write(notebook, path)
        digests.append(stamps.digest_outputs(path))
    assert digests[0] == digests[1] != digests[2]
