"""The cell for Colab: first, hidden and harmless with an address, absent without, and never part of the chapter."""

import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from cl_book.notebooks import colab, execution, notebook, refresh, stamps
from cl_book.notebooks.normalise import to_text
from IPython.core.inputtransformer2 import TransformerManager
from nbval.plugin import IPyNbFile

TOP = Path(__file__).resolve().parents[3]
STORED = sorted((TOP / "notebooks").glob("*.ipynb"))
ADDRESS = "https://github.com/someone/companion"


def set_address(checkout, url):
    """Set the address in a copy of the repository's configuration, by the one line that an author would change."""
    text = (TOP / "_config.yml").read_text(encoding="utf-8")
    current = yaml.safe_load(text)["repository"]["url"]
    before, after = f'  url: "{current}"\n', f'  url: "{url}"\n'
    assert text.count(before) == 1
    (checkout / "_config.yml").write_text(text.replace(before, after), encoding="utf-8")


def copy(checkout, stored):
    """Copy a stored notebook into the checkout, as it is without an address."""
    path = checkout / "notebooks" / stored.name
    path.write_text(to_text(colab.add_setup(notebook.load(stored), "")), encoding="utf-8")
    return path


def test_stored_notebooks_hold_the_cell_only_once_an_address_is_set():
    address = yaml.safe_load((TOP / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    holding = [path for path in STORED if any(map(notebook.is_setup, notebook.load(path).cells))]
    assert holding == (STORED if address else [])


def test_an_address_brings_the_cell_and_no_address_takes_it_away(checkout):
    paths = [copy(checkout, stored) for stored in STORED[:3]]
    for path in paths:
        stamped = notebook.load(path)
        stamped.metadata.pop("cl_core")
        path.write_text(to_text(refresh.make_stored_form(stamped, path.stem)), encoding="utf-8")
    before = [path.read_bytes() for path in paths]
    forms = {}
    for url in (ADDRESS, ADDRESS + "/", ADDRESS + "-2", ""):
        set_address(checkout, url)
        for path in paths:
            refresh._write_if_changed(path, refresh.make_stored_form(notebook.load(path), path.stem))
        forms[url] = [path.read_bytes() for path in paths]
        if url:
            for path in paths:
                nbformat.validate(nbformat.read(path, as_version=4))
                cells = notebook.load(path).cells
                assert [notebook.is_setup(cell) for cell in cells] == [True, True] + [False] * (len(cells) - 2)
                page = f"https://someone.github.io/{url.strip('/').rpartition('/')[2]}/notebooks/{path.stem}.html"
                assert cells[0].source.startswith(f"*[This chapter as a page]({page})")
                assert cells[0].cell_type == "markdown"
                assert f'git+{url.rstrip("/")}"' in cells[1].source
                assert cells[1].metadata["cellView"] == "form"
                assert all({"remove-cell", "nbval-skip"} <= set(cell.metadata["tags"]) for cell in cells[:2])
    assert forms[ADDRESS] == forms[ADDRESS + "/"] != forms[ADDRESS + "-2"]
    assert forms[""] == before


@pytest.mark.parametrize("stored", STORED[:1] + STORED[-1:], ids=lambda path: path.stem)
def test_a_chapter_does_not_become_stale_by_it(stored):
    bare = notebook.load(stored)
    assert stamps.stamp(colab.add_setup(bare, ADDRESS, stored.stem), reads=()) == stamps.stamp(bare, reads=())


def test_a_page_is_linked_where_its_place_is_known():
    bare = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A chapter")])
    kinds = {
        address: [cell.cell_type for cell in colab.add_setup(bare, address, "page").cells]
        for address in (ADDRESS, "https://example.org/someone/companion", "")
    }
    assert list(kinds.values()) == [["markdown", "code", "markdown"], ["code", "markdown"], ["markdown"]]


@pytest.mark.slow
def test_refreshing_keeps_it_and_runs_the_chapter_alone(checkout, write_page):
    path = write_page("page", "print(1 + 1)", "2 + 2", parameters="steps: int = 30  # [1, 500] steps")
    list(refresh.refresh([path]))
    before = path.read_bytes()
    set_address(checkout, ADDRESS)
    assert [done.reasons for done in refresh.refresh([path])] == [()]
    with_cell = path.read_bytes()
    assert with_cell != before
    assert stamps.find_staleness(path) == ()
    assert [done.reasons for done in refresh.refresh([path], force=True)] == [("it was asked for",)]
    assert path.read_bytes() == with_cell
    run = execution.execute(notebook.load(path), folder=path.parent, parameters={"steps": 40})
    assert not any(map(notebook.is_setup, run.notebook.cells))
    assert [cell.execution_count for cell in notebook.select_code_cells(run.notebook)] == [1, 2, 3, 4]


def executed(called):
    """Run the cell as a notebook's kernel would, in which `called` takes what it asks of IPython."""
    code = TransformerManager().transform_cell(colab._make_cell(ADDRESS).source)
    exec(code, {"get_ipython": called})


def test_it_does_nothing_elsewhere():
    executed(lambda: pytest.fail("it asked for something outside of Colab"))


def test_on_colab_it_installs_the_package_from_the_repository(monkeypatch):
    asked = []

    class Shell:
        def run_line_magic(self, *words):
            asked.append(words)

    monkeypatch.setitem(sys.modules, "google.colab", object())
    executed(Shell)
    assert asked == [("pip", f'install --quiet "cl-core[notebooks,torch] @ git+{ADDRESS}"')]


def test_nbval_passes_over_it(request, tmp_path):
    bare = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    path = tmp_path / "page.ipynb"
    path.write_text(to_text(colab.add_setup(bare, ADDRESS, "page")), encoding="utf-8")
    items = list(IPyNbFile.from_parent(request.session, path=path).collect())
    assert [bool(item.options["skip"]) for item in items] == [True, False]


@pytest.mark.parametrize("url", ["github.com/someone/companion", "http://github.com/a/b", 'https://a.org/"; x'])
def test_an_address_that_is_none_is_refused(checkout, url):
    (checkout / "_config.yml").write_text(yaml.safe_dump({"repository": {"url": url}}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"give an address such as https://github\.com/OWNER/NAME"):
        colab.read_address()
