"""What holds for every test: reproducible examples under CI, and no test that CI quietly skips."""

import gc
import os
from collections import Counter
from pathlib import Path

import hypothesis
import nbformat
import pytest
from support.command_line import own_code, run
from support.made_results import keep, keep_all, make_confirmation, make_result, make_run, shown
from support.plugin_files import own_files

__all__ = ["keep", "keep_all", "make_confirmation", "make_result", "make_run", "own_code", "own_files", "run", "shown"]

CI = bool(os.environ.get("CI"))

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if CI else "local")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    _refuse_skip(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    _refuse_skip(outcome.get_result())


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Keep the garbage collector from what stays to the end anyway: modules and collected tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(terminalreporter):
    """Say how many seconds each folder of tests took, over all workers; nothing is asserted about time."""
    seconds = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration") and hasattr(report, "nodeid"):
                seconds["/".join(Path(report.nodeid.partition("::")[0]).parts[:-1][:2])] += report.duration
    spent = ", ".join(f"{folder} {time:.0f}" for folder, time in seconds.most_common() if time >= 1)
    if spent:
        terminalreporter.write_line(f"seconds by folder: {spent}")


def _refuse_skip(report):
    """Under CI, turn a skip into a failure that says why it was skipped; an expected failure is none."""
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"under CI nothing may be skipped: {reason}"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout of this project, made the working folder; the package that runs is the installed one."""
    top = tmp_path / "checkout"
    (top / "notebooks").mkdir(parents=True)
    (top / "book").mkdir()
    (top / "pyproject.toml").write_text('[project]\nname = "cl-core"\n', encoding="utf-8")
    (top / "book" / "claims.yml").write_text("[]\n", encoding="utf-8")
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def write_page(checkout):
    """Write a notebook of code cells into the checkout: ``write_page("page", "x = 1", parameters="a: int = 1  # …")``."""

    def write(name, *cells, parameters="", prose="# A page"):
        code = [nbformat.v4.new_code_cell(source) for source in cells]
        if parameters:
            code.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(prose), *code])
        path = checkout / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    return write
