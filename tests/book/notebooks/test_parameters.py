"""Parameters: read statically, checked before anything runs, and read alike by papermill."""

import math

import nbformat
import papermill
import pytest
from cl_book.notebooks.parameters import (
    Choices,
    Parameter,
    ParameterError,
    Range,
    parse_cell,
    read,
    resolve,
    write_manual,
)
from hypothesis import given
from hypothesis import strategies as st

CELL = """\
# What may be changed.
steps: int = 30  # [1, 500] gradient steps
share: float = 1  # (0, 1] share of coordinates that may move
metric: str = "cosine"  # {cosine, sign} how gradients are compared
exact: bool = True  # {True, False} whether the exact value is drawn
sizes: list[int] = [5, 20]  # [1, 40] trained coordinates, one a task
rules: list[str] = ["cosine"]  # {cosine, residual} rules to place between the bounds
epochs: list[int] = []  # [1, 200] epochs of training; empty for the profile's
"""


@pytest.fixture
def notebook(tmp_path):
    cell = nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})
    path = tmp_path / "page.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import math"), cell], metadata=kernel), path
    )
    return path


def test_reads_every_line():
    steps, share, metric, exact, sizes, rules, epochs = parse_cell(CELL)
    assert steps == Parameter("steps", "int", 30, Range(1, 500), "gradient steps")
    assert (share.default, type(share.default), share.allowed) == (1.0, float, Range(0, 1, low_in=False))
    assert metric.allowed == Choices(("cosine", "sign"))
    assert exact.allowed == Choices((True, False))
    assert (sizes.default, sizes.allowed, sizes.scalar) == ([5, 20], Range(1, 40), "int")
    assert (rules.default, rules.kind) == (["cosine"], "list[str]")
    assert (epochs.default, epochs.allowed) == ([], Range(1, 200))


def test_papermill_reads_the_same(notebook):
    theirs = papermill.inspect_notebook(notebook)
    ours = read(notebook)
    assert [parameter.name for parameter in ours] == list(theirs)
    for parameter in ours:
        assert theirs[parameter.name]["inferred_type_name"] == parameter.kind
        assert theirs[parameter.name]["help"].endswith(parameter.help)


def test_no_cell_no_parameters(tmp_path):
    path = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    assert read(path) == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("steps = 30  # [1, 500] steps", "form"),
        ("steps: int  # [1, 500] steps", "form"),
        ("print('x')", "form"),
        ("steps: int = 10 * 3  # [1, 500] steps", "plain value"),
        ("steps: int = other  # [1, 500] steps", "plain value"),
        ("steps: int = 30", "what is allowed"),
        ("steps: int = 30  # gradient steps", "what is allowed"),
        ("metric: str = 'a'  # [1, 2] metric", "what is allowed"),
        ("steps: int = 30  # [1, 500]", "in a few words"),
        ("steps: int = 30  # [1, 500] steps, n = 30", "second '='"),
        ("steps: int = 30  # [500, 1] steps", "empty"),
        ("steps: int = 30  # [one, 500] steps", "not numbers"),
        ("steps: int = 501  # [1, 500] steps", "own range"),
        ("steps: int = 3.5  # [1, 500] steps", "own range"),
        ("steps: int = True  # [0, 500] steps", "own range"),
        ("metric: str = 'tan'  # {cosine, sign} metric", "own range"),
        ("steps: int = 1  # {1, two} steps", "not every value"),
        ("steps: dict = {}  # {1} steps", "type dict"),
        ("sizes: list[int] = [\n1]  # [1, 2] sizes", "several lines"),
        ("a: int = 1  # [1, 2] a\na: int = 1  # [1, 2] a", "twice"),
        ("a: int = ", "not Python"),
        (f"a: float = 1{'0' * 400}  # [0, 1] a", "own range"),
        (f"a: int = {'-' * 20_000}1", "not Python: it is nested too deeply"),
        ("a: int = 1 + 'x'", "not a plain value"),
    ],
)
def test_refuses_what_cannot_be_a_manual(line, says):
    with pytest.raises(ParameterError, match=says):
        parse_cell(line)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"steps": "50"}, {"steps": 50}),
        ({"steps": 50, "share": 1}, {"steps": 50, "share": 1.0}),
        ({"share": "1e-3"}, {"share": 0.001}),
        ({"metric": "sign"}, {"metric": "sign"}),
        ({"metric": "'sign'"}, {"metric": "sign"}),
        ({"exact": "false"}, {"exact": False}),
        ({"sizes": "[1, 2]"}, {"sizes": [1, 2]}),
        ({"sizes": "1,2"}, {"sizes": [1, 2]}),
        ({"epochs": "[]"}, {"epochs": []}),
        ({"epochs": ""}, {"epochs": []}),
        ({"epochs": []}, {"epochs": []}),
        ({"rules": "cosine, residual"}, {"rules": ["cosine", "residual"]}),
    ],
)
def test_resolves(given, values):
    resolved = resolve(parse_cell(CELL), given, where="page")
    assert resolved == values
    assert {name: type(value) for name, value in resolved.items()} == {n: type(v) for n, v in values.items()}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"step": "50"}, r"page has no parameter 'step'; did you mean 'steps'\? It has: steps, share"),
        ({"zzz": "50"}, r"no parameter 'zzz'; it has: steps"),
        ({"steps": "501"}, r"steps = 501 is not allowed: give an int in \[1, 500\] \(gradient steps\)"),
        ({"steps": "many"}, r"steps = 'many' .* an int in \[1, 500\]"),
        ({"steps": "2.5"}, r"steps = 2\.5"),
        ({"steps": True}, "steps = True"),
        ({"share": "0"}, r"share = 0\.0 .* in \(0, 1\]"),
        ({"share": "nan"}, "share = nan"),
        ({"metric": "tan"}, r"metric = 'tan' .* a str in \{cosine, sign\}"),
        ({"metric": 5}, "metric = 5"),
        ({"exact": "yes"}, "exact = 'yes'"),
        ({"exact": 1}, "exact = 1"),
        ({"sizes": "1,41"}, r"sizes = 41 .* \[1, 40\]"),
        ({"sizes": 5}, "sizes = 5 .* a list of int"),
        ({"rules": "cosine, tan"}, "rules = 'tan'"),
        ({"sizes": ""}, r"sizes = \[\] is not allowed: give at least one int, such as \[5, 20\] \(trained coordinates"),
        ({"sizes": "[]"}, r"sizes = \[\] .* at least one int"),
        ({"sizes": []}, r"sizes = \[\] .* at least one int"),
        ({"rules": ()}, r"rules = \[\] .* at least one str, such as \['cosine'\]"),
        ({"share": "1" * 401}, r"share = 1{100} … is not allowed: give a float in \(0, 1\] \(share of"),
        ({"share": 10**401}, "share = 1000"),
        ({"share": 10**5000}, "share = an integer of thousands of digits is not allowed: give a float"),
        ({"steps": "1" * 5000}, "steps = inf"),
        ({"steps": 10**5000}, "steps = an integer of thousands of digits is not allowed: give an int"),
        ({"metric": "x" * 500}, "metric = 'x{99} … is not allowed"),
    ],
)
def test_wrong_parameter_says_what_is_allowed(given, says):
    with pytest.raises(ParameterError, match=says) as error:
        resolve(parse_cell(CELL), given, where="page")
    assert "\n" not in str(error.value)


def test_manual_names_everything():
    text = write_manual(parse_cell(CELL), title="page.ipynb")
    for words in ("steps  int, in [1, 500]; default 30", "gradient steps", "each in [1, 40]", "one of {cosine, sign}"):
        assert words in text
    assert "no parameters" in write_manual((), title="page.ipynb")


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-100, 100), st.booleans(), st.booleans())
def test_range_is_the_interval(low, high, value, low_in, high_in):
    inside = (low < value or (low_in and low == value)) and (value < high or (high_in and value == high))
    assert (value in Range(low, high, low_in=low_in, high_in=high_in)) == inside
    assert math.nan not in Range(low, high)


@given(st.integers(1, 500))
def test_text_and_value_agree(value):
    parameters = parse_cell(CELL)
    assert resolve(parameters, {"steps": str(value)}, where="p") == resolve(parameters, {"steps": value}, where="p")
