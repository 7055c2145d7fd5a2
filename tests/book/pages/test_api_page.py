"""The interface pages: every module and public name of the core, and how a docstring is set."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cl_book.pages.api_page import _plain, _skip, _write_signature, expand, modules_of

import cl_core


@pytest.mark.parametrize(
    ("written", "set_"),
    [
        ("m* lies at |m − n|", r"m\* lies at \|m − n\|"),
        ("*Stale*: |x|", r"*Stale*: \|x\|"),
        ("the drift (eq-forgetting-step).", "the drift :eq:`eq-forgetting-step`."),
        ("Source: book, eq-share.", "Source: book, :eq:`eq-share`."),
        ("``a|b*c``", "``a|b*c``"),
    ],
)
def test_a_docstring_s_marks_stand_as_written_and_its_equations_are_linked(written, set_):
    lines = [written]
    _plain(None, "function", "module.f", None, None, lines)
    assert lines == [set_]


def test_a_named_tuple_s_untold_field_stays_silent():
    lines = ["Alias for field number 3"]
    _plain(None, "attribute", "module.T.x", property(), None, lines)
    assert lines == []


PAGES = ("api", "api-networks", "api-runs")
TOP = Path(__file__).resolve().parents[3]


def modules():
    """Every module of the core but the package itself, whose names are all defined elsewhere."""
    return [module.name for module in pkgutil.walk_packages(cl_core.__path__, "cl_core.")]


def test_every_module_of_the_core_is_on_one_page():
    marked = [
        module
        for page in PAGES
        for package in re.findall(
            r"^<!-- modules of (\S+) -->$", (TOP / "book" / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE
        )
        for module in modules_of(package)
    ]
    assert sorted(name for name in marked if name.startswith("cl_core.")) == sorted(modules())


@pytest.mark.parametrize("package", ["cl_core", "cl_core.linear", "cl_core.streams", "cl_core.learners"])
def test_a_table_has_a_row_for_every_public_name_and_links_it_to_where_it_is_defined(package):
    rows = re.findall(r"^\| \{py:(\w+)\}`(\w+) <([\w.]+)>` \| (.+) \|$", expand("names", package), re.MULTILINE)
    names = [name for name in importlib.import_module(package).__all__ if not name.startswith("_")]
    assert [name for _, name, _, _ in rows] == names
    for role, name, place, says in rows:
        if role != "mod":
            value = getattr(importlib.import_module(place.rpartition(".")[0]), name)
            assert value is getattr(importlib.import_module(package), name)
        assert len(says) > 10


@pytest.mark.parametrize(
    ("module", "written", "linked"),
    [
        ("cl_core.linear", ":func:`expected_losses`", ":func:`~cl_core.linear.exact.expected_losses`"),
        ("cl_core.runs.grid", ":func:`cl_core.streams.stream`", ":func:`~cl_core.streams.sequences.stream`"),
        ("cl_core.streams", ":data:`DEFINITIONS`", ":data:`~cl_core.streams.definitions.DEFINITIONS`"),
        ("cl_core.streams", ":mod:`cl_core.metrics`", ":mod:`~cl_core.metrics`"),
        ("cl_core.streams", ":func:`nowhere`", ":func:`~nowhere`"),
    ],
)
def test_a_short_name_is_linked_to_where_it_is_defined(module, written, linked):
    lines = [written]
    _plain(None, "module", module, importlib.import_module(module), None, lines)
    assert lines == [linked]


WITHOUT_TORCH = """
import importlib, pkgutil
from sphinx.ext.autodoc.mock import mock
import cl_core
with mock(["torch", "avalanche", "lightning", "transformers"]):
    for module in pkgutil.walk_packages(cl_core.__path__, "cl_core."):
        importlib.import_module(module.name)
print("described")
"""


def test_every_module_can_be_described_where_torch_is_not_installed():
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, cwd=TOP)
    assert done.stdout == "described\n", done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("module", "shown"),
    [
        ("cl_book.figures.drawing", False),
        ("cl_core.experiments.strategy_table", False),
        ("cl_core.experiments.catalogue", False),
        ("cl_core.streams.definitions", False),
        ("cl_core.metric_table", False),
        ("cl_core.metrics", True),
        ("cl_core.draws", True),
    ],
)
def test_a_value_that_says_nothing_is_not_shown(module, shown):
    assert (":no-value:" not in expand("modules", module)) == shown


@pytest.mark.parametrize(
    ("written", "set_"),
    [
        ("(law=Law(draw=<function <lambda>>, covariance=None))", "(law=Law(draw=..., covariance=None))"),
        ("(waiting=<function Checkpoint.<lambda>>)", "(waiting=...)"),
        ("(listener=<function silent>, error=<class 'ValueError'>)", "(listener=silent, error=ValueError)"),
        ("(rows=<factory>)", "(rows=...)"),
        (None, None),
    ],
)
def test_a_default_that_is_code_is_named_or_left_out(written, set_):
    assert _write_signature(None, "function", "f", None, None, written, "int") == (set_, "int")


def test_what_pydantic_adds_to_settings_is_left_out():
    assert _skip(None, "class", "model_config", {}, False, None)
    assert not _skip(None, "class", "threshold", 0.5, False, None)
    assert _skip(None, "class", "threshold", 0.5, True, None)


def test_algorithm_1_in_the_front_page_s_loop_scores_every_task_after_the_first():
    text = (TOP / "book" / "api-networks.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)[1]
    names = {}
    exec(compile(code, "api-networks.md", "exec"), names)
    assert names["scores"][0] is None
    assert len(names["scores"]) == 5
    assert all(-1 <= score <= 1 for score in names["scores"][1:])
