"""The house: a core that knows nothing of the book, and no file name twice."""

import re
from collections import Counter
from pathlib import Path

from cl_core import imports

TOP = Path(__file__).parents[1]
CORE = sorted((TOP / "cl_core").rglob("*.py"))
BOOK = sorted((TOP / "book/cl_book").rglob("*.py"))

BOOKS_FILE = re.compile(r"[\"'`(]book/|claims\.yml|paper\.csv|protocol\.md")


def test_no_file_name_stands_twice():
    names = Counter(path.name for path in (*CORE, *BOOK) if path.name != "__init__.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_the_core_imports_nothing_of_the_book():
    sources = {path: imports.imported([path.read_text(encoding="utf-8")], ["cl_book"]) for path in CORE}
    assert {path.relative_to(TOP).as_posix(): names for path, names in sources.items() if names} == {}


def test_the_core_names_no_file_of_the_book():
    lines = [
        f"{path.relative_to(TOP).as_posix()}:{number}: {line.strip()}"
        for path in CORE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if BOOKS_FILE.search(line)
    ]
    assert lines == []
