"""Faults in the book: its build, with warnings as errors, and the check of its prose must see them."""

import json

import pytest
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import stamps
from cl_book.notebooks.normalise import to_text
from cl_book.notebooks.record import FAILS, HOLDS, VERDICT_MIME
from cl_book.pages.prose import find_bare_numbers, read_texts

PAGE = """\
# One page

```{{math}}
:label: eq-one
a = b
```

By {{eq}}`{reference}` it follows.

:::{{reads}} {claim} {verdict}
A passage that was written for this verdict.
:::
"""


@pytest.fixture
def book(copy):
    """A book of one page beside the notebooks, without results, built by its own command with its own settings."""
    copy.take("_config.yml", "book", "cl_core", "notebooks")
    for page in (copy.top / "book").glob("*.md"):
        page.unlink()
    (copy.top / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")

    def build(**fields):
        text = PAGE.format(**{"reference": "eq-one", **fields})
        (copy.top / "book" / "page.md").write_text(text, encoding="utf-8")
        program = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
        return copy.run("-c", program, "build", ".", "--toc", "book/_toc.yml", "-q", "-W", "-n", "--keep-going")

    copy.build = build
    return copy


@pytest.fixture
def line(book):
    """A claim of the theory that holds, and where it was printed."""
    for path in sorted((book.top / "notebooks").glob("*.ipynb")):
        for found in notebooks.read_verdicts(notebooks.load(path)):
            if found.verdict == HOLDS:
                return path, found
    pytest.fail("in no stored notebook a claim holds")


def turn(path, line, monkeypatch, top):
    """Let the notebook say the opposite on the claim, as a refresh after a change would have stored it."""
    notebook = notebooks.load(path)
    for output in notebooks.select_code_cells(notebook)[line.cell - 1].outputs:
        if output.get("data", {}).get(VERDICT_MIME, {}).get("claim") == line.claim:
            text = json.dumps(output.data, ensure_ascii=False).replace(HOLDS, FAILS)
            output["data"] = json.loads(text)
    old = notebook.metadata["cl_core"]
    monkeypatch.chdir(top)
    reads = [*old["files"], *(f"listing:{pattern}" for pattern in old["listings"])]
    notebook.metadata["cl_core"] = stamps.stamp(notebook, reads=reads)
    path.write_text(to_text(notebook), encoding="utf-8")


@pytest.mark.slow
def test_the_build_sees_a_broken_reference_and_a_turned_verdict(book, line, monkeypatch):
    path, found = line
    sound = book.build(claim=found.claim, verdict=HOLDS)
    assert sound.returncode == 0, sound.stdout
    assert "it follows" in (book.top / "_build/html/book/page.html").read_text(encoding="utf-8")

    turn(path, found, monkeypatch, book.top)
    faulty = book.build(claim=found.claim, verdict=HOLDS, reference="eq-none")
    assert faulty.returncode != 0
    warnings = [line for line in faulty.stdout.splitlines() if "WARNING" in line or "ERROR" in line]
    assert len([line for line in warnings if "eq-none" in line]) == 1
    said = f"this text was written for {found.claim} holds, but the verdict is: fails"
    assert len([line for line in warnings if said in line]) == 1
    assert len(warnings) == 2, faulty.stdout


def test_a_number_typed_into_prose(copy):
    copy.take("book", "notebooks")
    (copy.top / "book" / "typed.md").write_text("# A page\n\nFrozen training forgets 3.14 points less.\n", "utf-8")
    path = sorted((copy.top / "notebooks").glob("*.ipynb"))[0]
    notebook = notebooks.load(path)
    notebook.cells[0].source += "\n\nIt forgets 61.8 % less."
    path.write_text(to_text(notebook), encoding="utf-8")
    typed = {place: found for place, text in read_texts(copy.top).items() if (found := find_bare_numbers(text))}
    assert list(typed) == ["book/typed.md", f"notebooks/{path.name} cell 1"]
    assert typed["book/typed.md"] == ["3.14"]
    assert typed[f"notebooks/{path.name} cell 1"][0].startswith("61.8")
