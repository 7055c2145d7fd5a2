"""The table of notation in chapter 1: its names exist in the code, and its symbols are used in the chapters."""

import importlib
import inspect
import itertools
import re

import pytest
from cl_book.notebooks import notebook as notebooks

HEAD = "| Paper | Here | Meaning | In code |"
_NAME = re.compile(r"(?P<path>[\w.]+)(?:\((?P<argument>\w+)\))?")
_MATHS = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)


def prose(path):
    return [cell.source for cell in notebooks.load(path).cells if cell.cell_type == "markdown"]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    return pytestconfig.rootpath / "notebooks"


@pytest.fixture(scope="module")
def rows(folder):
    (cell,) = (source for source in prose(folder / "01-setting.ipynb") if HEAD in source)
    table = itertools.takewhile(lambda line: line.startswith("|"), cell[cell.index(HEAD) :].splitlines())
    return [[part.strip() for part in line.strip("|").split("|")] for line in list(table)[2:]]


@pytest.fixture(scope="module")
def maths(folder):
    """All formulas of the chapters, the table left out."""
    sources = [source for path in sorted(folder.glob("*.ipynb")) for source in prose(path)]
    text = "\n".join(line for source in sources for line in source.splitlines() if not line.startswith("| "))
    return "\n".join("".join(found) for found in _MATHS.findall(text))


def resolve(name):
    """The object below cl_core that `name` stands for; an argument in brackets must be one of the function's."""
    found = _NAME.fullmatch(name)
    assert found, f"{name!r} is no dotted name"
    parts = found["path"].split(".")
    module, rest = importlib.import_module(f"cl_core.{parts[0]}"), parts[1:]
    while rest:
        try:
            module = importlib.import_module(f"{module.__name__}.{rest[0]}")
        except ModuleNotFoundError:
            break
        rest = rest[1:]
    thing = module
    for part in rest:
        fields = getattr(thing, "__dataclass_fields__", {})
        thing = fields[part] if part in fields else getattr(thing, part)
    if found["argument"]:
        assert found["argument"] in inspect.signature(thing).parameters, f"{name}: no such argument"
    return thing


def uses(symbol, maths):
    """Whether `symbol` stands in the formulas by itself, not as part of a longer command."""
    spaced = r"\s*".join(map(re.escape, symbol.split()))
    return re.search(rf"(?<![\\A-Za-z]){spaced}(?![A-Za-z])", maths) is not None


def test_the_table_is_there(rows):
    assert len(rows) > 15
    assert {len(row) for row in rows} == {4}


def test_every_name_exists(rows):
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row[3])]
    assert len(names) >= len(rows), "a row of the table names nothing in code"
    for name in names:
        resolve(name)


def test_every_symbol_is_used(rows, maths):
    symbols = [symbol for row in rows for symbol in re.findall(r"\$([^$]+)\$", row[1])]
    assert len(symbols) >= len(rows)
    assert [symbol for symbol in symbols if not uses(symbol, maths)] == []


@pytest.mark.parametrize(
    "name", ["linear.step.no_such_name", "linear.step.variance(no_such)", "linear.problem.Problem.no"]
)
def test_a_name_that_does_not_exist_is_seen(name):
    with pytest.raises((AttributeError, AssertionError)):
        resolve(name)


def test_a_symbol_that_is_not_used_is_seen(maths):
    assert uses(r"\xi", maths)
    assert not uses(r"\zeta", maths)
    assert not uses("x", r"\xi+\max")
