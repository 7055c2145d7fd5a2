"""Faults in the book: its build, with warnings as errors, and the check of its prose must see them."""

import json

import pytest
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import stamps
from cl_book.notebooks.normalise import to_text
from cl_book.notebooks.record import NOT_REPRODUCED, REPRODUCED, VERDICT_MIME

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
def book(stored):
    """A book of one page beside the stored notebooks, built by the book's own command with the book's own settings."""
    stored.take("_config.yml", "book", "cl_core")
    for page in (stored.top / "book").glob("*.md"):
        page.unlink()
    (stored.top / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")

    def build(**fields):
        text = PAGE.format(**{"reference": "eq-one", **fields})
        (stored.top / "book" / "page.md").write_text(text, encoding="utf-8")
        program = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
        return stored.run("-c", program, "build", ".", "--toc", "book/_toc.yml", "-q", "-W", "-n", "--keep-going")

    stored.build = build
    return stored


@pytest.fixture
def line(stored):
    """A claim that stands reproduced, and where it was printed."""
    for path in sorted((stored.top / "notebooks").glob("*.ipynb")):
        for found in notebooks.verdict_lines(notebooks.load(path)):
            if found.verdict == REPRODUCED:
                return path, found
    pytest.fail("no stored notebook reproduces a claim")


def turn(path, line, monkeypatch, top):
    """Let the notebook say the opposite on the claim, as a refresh after a change would have stored it."""
    notebook = notebooks.load(path)
    for output in notebooks.code_cells(notebook)[line.cell - 1].outputs:
        if output.get("data", {}).get(VERDICT_MIME, {}).get("claim") == line.claim:
            text = json.dumps(output.data, ensure_ascii=False).replace(REPRODUCED, NOT_REPRODUCED)
            output["data"] = json.loads(text)
    old = notebook.metadata["cl_core"]
    monkeypatch.chdir(top)
    reads = [*old["files"], *(f"listing:{pattern}" for pattern in old["listings"])]
    notebook.metadata["cl_core"] = stamps.stamp(notebook, reads=reads)
    path.write_text(to_text(notebook), encoding="utf-8")


def test_the_build_sees_a_broken_reference_and_a_turned_verdict(book, line, monkeypatch):
    path, found = line
    sound = book.build(claim=found.claim, verdict=REPRODUCED)
    assert sound.returncode == 0, sound.stdout
    assert "it follows" in (book.top / "_build/html/book/page.html").read_text(encoding="utf-8")

    broken = book.build(claim=found.claim, verdict=REPRODUCED, reference="eq-none")
    assert broken.returncode != 0
    assert "eq-none" in broken.stdout
    assert "this text was written for" not in broken.stdout

    turn(path, found, monkeypatch, book.top)
    turned = book.build(claim=found.claim, verdict=REPRODUCED)
    assert turned.returncode != 0
    assert f"this text was written for {found.claim} reproduced, but the verdict is: not reproduced" in turned.stdout
    assert "eq-none" not in turned.stdout


def test_a_number_typed_into_prose(stored):
    stored.take("book", "tests/book/test_prose.py")
    (stored.top / "book" / "typed.md").write_text("# A page\n\nFrozen training forgets 3.14 points less.\n", "utf-8")
    path = sorted((stored.top / "notebooks").glob("*.ipynb"))[0]
    notebook = notebooks.load(path)
    notebook.cells[0].source += "\n\nIt forgets 61.8 % less."
    path.write_text(to_text(notebook), encoding="utf-8")
    done = stored.pytest("tests/book/test_prose.py", "-k", "no_number_is_typed")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "book/typed.md': ['3.14']" in done.stdout
    assert f"notebooks/{path.name} cell 1': ['61.8" in done.stdout
