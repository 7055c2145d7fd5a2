"""The protocol page shows what was tried on validation and what was chosen, and says so where the runs are not there."""

import io

import pytest
from bs4 import BeautifulSoup
from cl_book.claims.choices import CHOICES, Choice
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.plan import make_plan

TRIED = Choice(
    name="tried",
    experiment="split-cifar10",
    strategy="frozen",
    grid={"trained": (1, 2)},
    seeds=(100,),
)


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Build a page of the given text alone; return the warnings and the text of its table's rows, cell by cell."""
    for name, choice in (("tried", TRIED), ("planned", Choice(**{**vars(TRIED), "name": "planned", "seeds": (101,)}))):
        monkeypatch.setitem(CHOICES, name, choice)

    def build_page(text):
        top = tmp_path / "page"
        top.mkdir()
        (top / "index.md").write_text(f"# Choices\n\n{text}\n", encoding="utf-8")
        given = {
            "extensions": ["myst_parser", "cl_book.pages.choice_tables"],
            "myst_enable_extensions": ["colon_fence"],
            "html_theme": "basic",
            "source_suffix": {".md": "markdown"},
        }
        warnings = io.StringIO()
        with patch_docutils(), docutils_namespace():
            Sphinx(top, None, top / "out", top / "out", "html", given, status=None, warning=warnings).build()
        page = BeautifulSoup((top / "out/index.html").read_text(encoding="utf-8"), "html.parser")
        rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]
        return warnings.getvalue(), rows, page.get_text()

    return build_page


def test_tried_values_stand_with_their_means_and_the_best_is_chosen(build, checkout, make_result):
    for trained, right in ((1, 17), (2, 20)):
        changed = {"trained": trained}
        run = make_result(
            "split-cifar10",
            "frozen",
            100,
            overrides=changed,
            correct=((9, None, None), (8, 9, None), (right - 10, 5, 5)),
            train_losses=(0.1, trained, 1.0),
        )
        plan = make_plan("split-cifar10", "frozen", 100, "cpu", overrides=changed)
        store.save(run, checkout / "results/validation" / plan.name)
    warnings, rows, text = build(":::{choices} tried planned\n:::")
    # The page stands elsewhere than the results, so that Sphinx cannot find what it depends on.
    assert "there is no" not in warnings
    assert rows == [
        ["split-cifar10", "frozen", "trained = 1", "Avg.Acc 56.67", ""],
        ["split-cifar10", "frozen", "trained = 2", "Avg.Acc 66.67", "chosen"],
        ["split-cifar10", "frozen", "trained = 1, 2", "not run yet", ""],
    ]
    assert "--strategies frozen --seeds 100 --profile cpu --set trained=1,2 --out mine --data official" in text


def test_an_unknown_choice_is_red(build):
    warnings, _, _ = build(":::{choices} ewc-resnets\n:::")
    assert "there is no choice 'ewc-resnets'; did you mean 'ewc-resnet'?" in warnings


def test_the_protocol_page_has_every_choice():
    page = (files.root() / "book" / "protocol.md").read_text(encoding="utf-8")
    shown = [name for line in page.splitlines() if line.startswith(":::{choices}") for name in line.split()[1:]]
    assert sorted(shown) == sorted(CHOICES)
