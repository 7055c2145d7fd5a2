"""Pages leave out what only feeds the text, and show parameters as a table."""

from cl_book.notebooks import notebook, parameters
from cl_book.pages.code_cells import strip_records, tabulate_parameters

from cl_core import files

CODE = """gap = 2.0  # kept
record("gap", gap)
for name in ("a", "b"):
    record(name, gap)
if gap > 1:
    record("large", gap)
    print(gap)
record(
    "twice",
    2 * gap,
)"""


def test_calls_that_only_feed_the_text_are_left_out():
    assert strip_records(CODE) == 'gap = 2.0  # kept\nif gap > 1:\n    record("large", gap)\n    print(gap)'
    assert strip_records('record("a", 1)') == ""
    assert strip_records("%magic") == "%magic"


def test_parameters_become_a_table():
    declared = parameters.parse_cell(
        "steps: int = 30  # [1, 500] gradient steps\nshare: float = 0.5  # (0, 1] share that moves\n"
        'sizes: list[int] = [5, 20]  # [-1, 40] sizes\nmetric: str = "cosine"  # {cosine, sign} comparison'
    )
    body = tabulate_parameters(declared)[0][0][-1]
    rows = [[cell.astext() for cell in row.children] for row in body.children]
    assert rows == [
        ["steps", "30", "1 to 500", "gradient steps"],
        ["share", "0.5", "0 excluded to 1", "share that moves"],
        ["sizes", "[5, 20]", "list, each −1 to 40", "sizes"],
        ["metric", "cosine", "cosine, sign", "comparison"],
    ]


def test_no_line_of_a_chapter_is_left_in_pieces():
    """What is left of each cell is Python still, and holds every statement that does more than put on record."""
    import ast

    for path in sorted((files.root() / "notebooks").glob("*.ipynb")):
        for cell in notebook.select_code_cells(notebook.load(path)):
            whole, left = ast.parse(cell.source).body, ast.parse(strip_records(cell.source)).body
            kept = [ast.dump(each) for each in whole if "id='record'" not in ast.dump(each)]
            assert [each for each in map(ast.dump, left) if "id='record'" not in each] == kept, path.name
