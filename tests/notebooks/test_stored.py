"""Each stored notebook as it lies there: nothing runs here, `pytest @tests/notebooks/nbval.args` runs them."""

import copy
import re
from collections import Counter

import papermill
import pytest
from cl_book.claims import claim as claims
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import parameters, stamps
from cl_book.notebooks.normalise import to_text
from cl_book.notebooks.record import VALUE_MIME, VERDICT_LINE, VERDICT_MIME
from cl_book.notebooks.refresh import make_stored_form
from nbformat import NotebookNode
from support import phone

TEXTS = ("text/plain", "text/csv", "text/html")


def texts(output):
    """The stored texts of an output that nbval can compare, by their place in it."""
    if output.output_type == "stream":
        return {"text": output.text}
    return {kind: output.data[kind] for kind in TEXTS if kind in output.get("data", {})}


def altered(output, place):
    """The output with one character more in the text at `place`."""
    changed = copy.deepcopy(output)
    if place == "text":
        changed.text += "x"
    else:
        changed.data[place] += "x"
    return changed


def really_compared(comparison):
    """Whether nbval, shown the cell's outputs with any one text altered, says that they differ."""
    cell = comparison.cell
    if not comparison.is_made:
        return False
    assert comparison.passes(cell.outputs), "nbval does not even accept what is stored"
    places = [(number, place) for number, output in enumerate(cell.outputs) for place in texts(output)]
    return bool(places) and not any(
        comparison.passes([altered(o, place) if n == number else o for n, o in enumerate(cell.outputs)])
        for number, place in places
    )


def decided_here(stored):
    """The claims that the notebook itself decides; those on runs are decided by stored results."""
    page = f"notebooks/{stored.stem}"
    return [claim.id for claim in claims.load() if claim.page == page and claim.source == "theory"]


def test_there_are_notebooks(pytestconfig):
    assert list((pytestconfig.rootpath / "notebooks").glob("*.ipynb"))


def test_nbval_compares_every_cell_that_shows_something(stored, comparisons, record_property):
    every = comparisons(stored)
    showing = [number for number, one in enumerate(every, start=1) if one.cell.outputs]
    compared = [number for number, one in enumerate(every, start=1) if really_compared(one)]
    record_property("cells compared", len(compared))
    assert compared == showing
    assert compared, f"{stored.name} shows nothing: were its outputs stripped?"


def test_nbval_compares_every_verdict_line(stored, comparisons):
    cells = comparisons(stored)
    lines = notebooks.read_verdicts(notebooks.load(stored))
    assert lines or not decided_here(stored), f"{stored.name} gives no verdict"
    for line in lines:
        assert really_compared(cells[line.cell - 1]), f"nbval passes over the verdict on {line.claim}"


def test_a_verdict_line_says_what_its_entry_says(stored):
    for cell in notebooks.select_code_cells(notebooks.load(stored)):
        for output in cell.outputs:
            entry = output.get("data", {}).get(VERDICT_MIME)
            line = VERDICT_LINE.fullmatch(texts(output).get("text/plain", ""))
            assert (entry is None) == (line is None), texts(output)
            assert entry is None or {name: said for name, said in line.groupdict().items() if said} == dict(entry)


def test_sanitising_touches_drawings_alone(stored, patterns):
    for cell in notebooks.select_code_cells(notebooks.load(stored)):
        for output in cell.outputs:
            for text in texts(output).values():
                assert not [regex for regex in patterns if re.search(regex, text)], text


def test_every_code_cell_ran_in_order(stored):
    counts = [
        cell.execution_count for cell in notebooks.select_code_cells(notebooks.load(stored)) if cell.source.strip()
    ]
    assert counts == list(range(1, len(counts) + 1))


def test_its_code_is_no_wider_than_a_page(stored):
    # The parameters are read as a table; their code is folded.
    shown = [
        cell
        for cell in notebooks.select_code_cells(notebooks.load(stored))
        if parameters.TAG not in cell.metadata.get("tags", [])
    ]
    wide = [line for cell in shown for line in cell.source.splitlines() if len(line) > 88]
    assert wide == []


def test_it_is_in_the_written_form(stored):
    assert stored.read_text(encoding="utf-8") == to_text(make_stored_form(notebooks.load(stored), stored.stem)), (
        "run `cl-core refresh`"
    )


def test_it_is_not_stale(stored):
    assert stamps.find_staleness(stored) == (), "run `cl-core refresh`"


def test_papermill_reads_its_parameters_as_we_do(stored):
    ours, theirs = parameters.read(stored), papermill.inspect_notebook(stored)
    assert ours, f"{stored.name} has no cell tagged 'parameters'"
    assert [(one.name, one.kind) for one in ours] == [(n, p["inferred_type_name"]) for n, p in theirs.items()]


def test_recorded_values_have_one_meaning(stored):
    text = stored.read_text(encoding="utf-8")
    assert len(notebooks.read_values(notebooks.load(stored))) == text.count(f'"{VALUE_MIME}"')


def test_it_prints_no_more_digits_than_last(stored):
    too_many = [
        number
        for cell in notebooks.select_code_cells(notebooks.load(stored))
        for output in cell.outputs
        for place, text in texts(output).items()
        if place != "text/html"
        for number in re.findall(r"(?<![\w.])\d*\.\d+(?:e[-+]?\d+)?", text)
        if len(re.sub(r"e.*|\.", "", number).strip("0")) > 6
    ]
    assert not too_many


def test_it_names_no_path_of_a_machine(stored):
    path = re.compile(r"(?<![\w/.:<])(?:/[A-Za-z][\w.-]*){2,}|\b[A-Z]:\\\w")
    for cell in notebooks.load(stored).cells:
        shown = [
            text for output in cell.get("outputs", []) for kind, text in texts(output).items() if kind != "text/html"
        ]
        for text in [cell.source if cell.cell_type == "code" else "", *shown]:
            assert not path.search(text), path.search(text)


def test_every_figure_is_shown_with_its_words_and_its_data(stored):
    for cell in notebooks.select_code_cells(notebooks.load(stored)):
        for output in cell.outputs:
            kinds = set(output.get("data", {}))
            assert not kinds & {"image/png", "image/jpeg"}, "end the cell with cl_book.figures.drawing.show"
            if "image/svg+xml" in kinds:
                assert kinds == {"image/svg+xml", "text/csv", "text/plain"}
                assert re.fullmatch(r"figure [a-z0-9-]+: \S.*", output.data["text/plain"])


def test_every_figure_has_a_form_for_a_phone(stored):
    for cell in notebooks.select_code_cells(notebooks.load(stored)):
        for output in cell.outputs:
            if notebooks.SVG in output.get("data", {}):
                narrow = output.metadata.get(notebooks.SVG, {}).get(notebooks.NARROW_FORM, [])
                assert narrow, "run `cl-core refresh`"
                assert phone.measure_letters("\n".join(narrow)) >= phone.LEAST


def test_figure_names_are_unique_on_the_page(stored):
    names = Counter(re.findall(r'data-figure=\\?"([^"\\]+)', stored.read_text(encoding="utf-8")))
    assert {name: count for name, count in names.items() if count > 1} == {}


def test_figures_leave_ink_and_paper_to_the_page(stored):
    for cell in notebooks.select_code_cells(notebooks.load(stored)):
        for output in cell.outputs:
            drawing = output.get("data", {}).get("image/svg+xml", "").partition("</style>")[2]
            fixed = re.findall(r"(?:fill|stroke): (#(?:000000|ffffff|fff|000)\b|black|white)", drawing)
            assert not fixed, "use INK and PAPER of cl_book.figures.drawing"


def test_its_verdicts_are_on_claims_of_this_page(stored):
    stated = decided_here(stored)
    printed = [line.claim for line in notebooks.read_verdicts(notebooks.load(stored)) if not line.claim.startswith("C")]
    assert sorted(printed) == sorted(stated)


@pytest.mark.parametrize("page", sorted({claim.page for claim in claims.load() if claim.source == "theory"}))
def test_every_claim_of_the_theory_has_its_page(page, pytestconfig):
    top = pytestconfig.rootpath
    assert any((top / f"{page}{ending}").exists() for ending in (".ipynb", ".md"))


# The checks above, held against planted defects: each must see its own.


def plant(tmp_path, stored, change):
    notebook = notebooks.load(stored)
    change(notebook)
    path = tmp_path / stored.name
    path.write_text(to_text(notebook), encoding="utf-8")
    return path


def first_on_record(notebook):
    """The number of the first code cell that gives a verdict or records a value."""
    shown = [
        number
        for number, cell in enumerate(notebooks.select_code_cells(notebook), start=1)
        if any({VERDICT_MIME, VALUE_MIME} & set(output.get("data", {})) for output in cell.outputs)
    ]
    assert shown, "it puts nothing on record"
    return shown[0]


@pytest.mark.parametrize(
    "hide",
    [
        lambda cell: cell.metadata.update(tags=["nbval-ignore-output"]),
        lambda cell: cell.metadata.update(tags=["nbval-skip"]),
        lambda cell: cell.update(source=f"# NBVAL_IGNORE_OUTPUT\n{cell.source}"),
        lambda cell: cell.update(outputs=[], execution_count=None),
        lambda cell: cell.update(
            outputs=[NotebookNode(output_type="display_data", metadata={}, data={"image/png": "aGk="})]
        ),
    ],
)
def test_a_hidden_record_is_seen(stored, tmp_path, comparisons, hide):
    number = first_on_record(notebooks.load(stored))
    path = plant(tmp_path, stored, lambda notebook: hide(notebooks.select_code_cells(notebook)[number - 1]))
    assert not really_compared(comparisons(path)[number - 1])


def test_a_rule_that_swallows_a_record_is_seen(stored, comparisons):
    number = first_on_record(notebooks.load(stored))
    comparison = comparisons(stored)[number - 1]
    comparison.item.parent.sanitize_patterns = {r"(?s)[·=].*": "RECORD"}
    assert not really_compared(comparison)
