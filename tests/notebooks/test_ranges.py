"""What a parameter's range allows, its notebook can do: at every end, and in every combination that a cell looks at."""

import ast
import itertools
import math

import pytest
from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks import parameters
from cl_book.notebooks.parameters import Range
from cl_book.notebooks.rerun import REPEATED, rerun, resolve


def ends(parameter):
    """The least and the greatest value that a number may have; an end that is not in the range gives one close to it."""
    allowed, whole = parameter.allowed, parameter.scalar == "int"
    width = allowed.high - allowed.low
    low = allowed.low if allowed.low_in else math.floor(allowed.low) + 1 if whole else allowed.low + width / 1000
    high = allowed.high if allowed.high_in else math.ceil(allowed.high) - 1 if whole else allowed.high - width / 1000
    return (int(low), int(high)) if whole else (low, high)


def numbers(path):
    """The parameters of a notebook that are one number each, by name."""
    return {one.name: one for one in parameters.read(path) if isinstance(one.allowed, Range) and not one.is_list}


def guards(path, names):
    """The conditions under which a cell refuses what it was given, and that depend on parameters alone."""
    for cell in notebooks.select_code_cells(notebooks.load(path)):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.If) and any(isinstance(line, ast.Raise) for line in node.body):
                used = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
                if used <= set(names):
                    yield ast.unparse(node.test), sorted(used)


def test_no_cell_refuses_a_combination_of_allowed_values(stored):
    known = numbers(stored)
    for condition, used in guards(stored, known):
        choices = [{*ends(known[name]), known[name].default} for name in used]
        for values in itertools.product(*choices):
            given = dict(zip(used, values, strict=True))
            assert not eval(condition, {}, given), f"{given} is allowed, and a cell refuses it: {condition}"


def test_the_known_guards_are_seen(pytestconfig):
    seen = {
        path.stem: [used for _, used in guards(path, numbers(path))]
        for path in sorted((pytestconfig.rootpath / "notebooks").glob("*.ipynb"))
    }
    assert seen["04-small-distances"] == [["capacity", "few", "many", "samples"]]
    assert sum(map(len, seen.values())) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("end", [0, 1], ids=["least", "greatest"])
def test_a_chapter_of_the_theory_runs_with_all_its_numbers_at_one_end(stored, end, tmp_path):
    if "profile" in {one.name for one in parameters.read(stored)}:
        # Its numbers are settings of runs, whose ends the tests of the plan try.
        return
    settings = {name: ends(one)[end] for name, one in numbers(stored).items() if name not in REPEATED}
    done = rerun(stored, given=resolve(stored, settings=settings, profile="smoke"), out=tmp_path)
    assert done.failure is None, done.failure
