"""The table of runs made twice has the stored runs' numbers."""

import io

import pytest
from bs4 import BeautifulSoup
from cl_book.claims.retest import judge_score, pair_runs
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils
from support.made_results import made_twice

from cl_core.runs.repeat import MEASURED


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Build both tables on one page; return the text of their rows, cell by cell, and the warnings."""
    top = tmp_path_factory.mktemp("retest")
    first, again = made_twice()
    text = "# Twice\n\n:::{retest}\n:::\n\n:::{retest} spread\n:::\n\n:::{retest} spreads\n:::\n"
    (top / "index.md").write_text(text, encoding="utf-8")
    given = {
        "extensions": ["myst_parser", "cl_book.pages.retest_tables"],
        "myst_enable_extensions": ["colon_fence"],
        "html_theme": "basic",
        "source_suffix": {".md": "markdown"},
    }
    warnings = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, patch_docutils(), docutils_namespace():
        patch.setattr("cl_book.pages.retest_tables.read_retest", lambda: first)
        patch.setattr("cl_book.pages.retest_tables.read_results", lambda: again)
        Sphinx(top, None, top / "out", top / "out", "html", given, status=None, warning=warnings).build()
    page = BeautifulSoup((top / "out/index.html").read_text(encoding="utf-8"), "html.parser")
    tables = page.select("table")
    return [
        [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in each.select("tbody tr")]
        for each in tables
    ], warnings.getvalue()


def test_the_score_of_every_experiment_that_was_made_twice(rows):
    (scores, _), _ = rows
    assert {row[0] for row in scores} == set(MEASURED)
    found = judge_score(pair_runs("split-cifar100", "initialized", *made_twice()), 0.08)
    (row,) = [row for row in scores if row[0] == "split-cifar100"]
    assert row[1:] == [
        "10",
        "80",
        f"{found.retest:.2f}",
        f"{found.halves:.2f}",
        f"{100 * found.agree:.0f} %",
        f"{100 * found.chance:.0f} %",
        f"{100 * found.below:.0f} %",
    ]


def test_the_spread_of_every_strategy_that_was_made_twice(rows):
    (_, spreads), _ = rows
    assert {(row[0], row[1]): float(row[3]) for row in spreads} == {
        (experiment, strategy): points for experiment, of in MEASURED.items() for strategy, points in of.items()
    }


def test_an_unknown_table_is_red(rows):
    assert "there is no table of runs made twice 'spreads'" in rows[1]
