"""Launch and repository buttons: there once an address is set, and not before; and the cell that Colab needs."""

from types import SimpleNamespace

import nbformat
import pytest
import yaml
from cl_book.notebooks import colab
from cl_book.notebooks.normalise import normalise_notebook
from cl_book.pages import launch
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core import files


def options_for(url):
    """Return the theme's options after the extension has seen the repository's address `url`."""
    config = SimpleNamespace(html_theme_options={"repository_url": url, "use_repository_button": False})
    launch._add_buttons(None, config)
    return config.html_theme_options


def test_an_address_brings_the_buttons():
    options = options_for("https://github.com/someone/companion")
    assert options["launch_buttons"]["binderhub_url"] == launch.BINDER
    assert options["launch_buttons"]["colab_url"] == launch.COLAB
    assert options["use_repository_button"]
    assert options["use_issues_button"]


def test_colab_opens_only_what_is_on_github():
    buttons = options_for("https://gitlab.com/someone/companion")["launch_buttons"]
    assert buttons["binderhub_url"] == launch.BINDER
    assert "colab_url" not in buttons


@pytest.mark.parametrize("url", ["", None])
def test_without_an_address_there_are_none(url):
    options = options_for(url)
    assert "launch_buttons" not in options
    assert not options["use_repository_button"]


def test_the_address_has_one_place():
    config = yaml.safe_load(files.read_text("_config.yml"))
    assert config["repository"].keys() == {"url", "branch"}
    assert "launch_buttons" not in config
    assert "repository_url" not in config["sphinx"]["config"]["html_theme_options"]


@pytest.mark.parametrize(("held", "address", "warned"), [("", "x", True), ("x", "x", False), ("", "", False)])
def test_a_chapter_without_the_cell_is_named_once_an_address_is_set(tmp_path, caplog, held, address, warned):
    root = "https://github.com/someone/"
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A page")])
    (tmp_path / "notebooks").mkdir()
    nbformat.write(colab.add_setup(page, root + held if held else ""), tmp_path / "notebooks/page.ipynb")
    options = options_for(root + address if address else "")
    launch._require_setup(SimpleNamespace(srcdir=tmp_path, config=SimpleNamespace(html_theme_options=options)))
    assert ("page.ipynb has no cell" in caplog.text) == warned


def test_the_book_hides_the_cell(tmp_path):
    page = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# A page"), nbformat.v4.new_code_cell("one = 1")]
    )
    with_cell = normalise_notebook(colab.add_setup(page, "https://github.com/someone/companion", "page"))
    nbformat.write(with_cell, tmp_path / "index.ipynb")
    config = {
        "extensions": ["myst_nb"],
        "nb_execution_mode": "off",
        # Sphinx's default is one dictionary for all builds of a process, and an earlier one may have added to it.
        "source_suffix": {".ipynb": "myst-nb"},
    }
    out = tmp_path / "out"
    with patch_docutils(), docutils_namespace():
        Sphinx(
            tmp_path, None, out, out / "trees", "text", config, status=None, warning=None, warningiserror=True
        ).build()
    text = (out / "index.txt").read_text(encoding="utf-8")
    assert text.startswith("A page\n")
    assert "one = 1" in text
    assert "pip" not in text
