"""The protocol page lists every strategy, with the field's word for it, from the one table that runs are made from."""

import io

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core import files
from cl_core.experiments.strategy_table import STRATEGIES


def test_the_table_lists_every_strategy_with_the_fields_word(tmp_path):
    (tmp_path / "index.md").write_text("# Strategies\n\n:::{strategies}\n:::\n", encoding="utf-8")
    given = {
        "extensions": ["myst_parser", "cl_book.pages.strategy_tables"],
        "myst_enable_extensions": ["colon_fence"],
        "html_theme": "basic",
        # Sphinx's default is one dictionary for all builds of a process, and an earlier one may have added to it.
        "source_suffix": {".md": "markdown"},
        "smartquotes": False,
    }
    warnings = io.StringIO()
    with patch_docutils(), docutils_namespace():
        Sphinx(tmp_path, None, tmp_path / "out", tmp_path / "out", "html", given, status=None, warning=warnings).build()
    page = BeautifulSoup((tmp_path / "out/index.html").read_text(encoding="utf-8"), "html.parser")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]
    assert warnings.getvalue() == ""
    assert [row[0] for row in rows] == list(STRATEGIES)
    for row, strategy in zip(rows, STRATEGIES.values(), strict=True):
        assert row[1] == strategy.kind + (f", follows {strategy.follows}" if strategy.follows else "")
        assert row[2:4] == [strategy.summary, strategy.also]
        assert [name.strip() for name in row[4].split(",") if name] == list(strategy.reads)


def test_the_protocol_page_has_the_table():
    assert ":::{strategies}\n:::" in (files.root() / "book" / "protocol.md").read_text(encoding="utf-8")


def test_every_strategy_has_the_fields_word():
    assert all(strategy.also for strategy in STRATEGIES.values())
