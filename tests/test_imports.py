"""Which modules a notebook can reach: lazy imports and parents included, nothing else."""

import hashlib
import sys

import pytest

from cl_core import imports


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of its own, so that the test knows every edge."""
    texts = {
        "__init__.py": "",
        "alone.py": "",
        "deep.py": "CONSTANT = 1",
        "late.py": "def f():\n    from reached import deep\n    return deep",
        "part/__init__.py": "from reached.part.inner import g",
        "part/inner.py": "def g(): pass",
        "part/other.py": "import reached.late",
        "part/table.csv": "1,2",
    }
    for name, text in texts.items():
        path = tmp_path / "reached" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "reached"
    sys.modules.pop("reached", None)


def test_imports_are_found_wherever_they_stand(package):
    sources = ["import numpy as np\nimport reached.late as late", "def f():\n    from reached.part import other"]
    assert imports.imported(sources, ["reached"]) == {"reached.late", "reached.part", "reached.part.other"}
    with pytest.raises(SyntaxError):
        imports.imported(["%matplotlib inline"], ["reached"])


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({"reached.alone"}, {"reached", "reached.alone"}),
        ({"reached.late"}, {"reached", "reached.late", "reached.deep"}),
        ({"reached.part.inner"}, {"reached", "reached.part", "reached.part.inner"}),
        (
            {"reached.part", "reached.part.other"},
            {"reached", "reached.part", "reached.part.inner", "reached.part.other", "reached.late", "reached.deep"},
        ),
        ({"reached.part.inner.g"}, set()),
        (set(), set()),
    ],
)
def test_reachable(package, names, found):
    assert imports.reachable(names, ["reached"]) == found


def test_digests_are_of_bytes_and_data_counts(package):
    found = imports.digests({"reached.deep", "reached.part"})
    assert found == {
        "reached.deep": hashlib.sha256(b"CONSTANT = 1").hexdigest(),
        "reached.part": hashlib.sha256(b"from reached.part.inner import g").hexdigest(),
        "reached/part/table.csv": hashlib.sha256(b"1,2").hexdigest(),
    }


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(ModuleNotFoundError, match="no package 'nowhere_at_all'"):
        imports.package_folder("nowhere_at_all")


def test_a_stamp_does_not_depend_on_the_wording_of_claims():
    reached = imports.reachable({"cl_book.figures.drawing", "cl_book.notebooks.record"}, ["cl_core", "cl_book"])
    assert "cl_book.notebooks.record" in reached
    assert "cl_book.claims.claim" not in reached


def test_what_only_type_checkers_read_is_no_data():
    assert {"cl_core", "cl_core.learners"} <= set(imports.digests(["cl_core", "cl_core.learners"]))
    assert not [name for name in imports.digests(["cl_core", "cl_core.learners"]) if "/" in name]
