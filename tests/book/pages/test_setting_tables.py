"""The protocol page shows every setting, from where it is said, and its prose names no other."""

import io
import re

import pytest
from bs4 import BeautifulSoup
from cl_book.pages.setting_tables import describe_readers
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core import files
from cl_core.experiments.catalogue import OWN, PROFILES, VALUES
from cl_core.experiments.settings import SETTINGS, Settings
from cl_core.setting_ranges import describe_range, format_value

PAGE = (files.root() / "book" / "protocol.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Build a page of the given text alone; return the warnings and the rows of its table, cell by cell."""

    def build_page(text):
        top = tmp_path_factory.mktemp("settings")
        (top / "index.md").write_text(f"# Settings\n\n{text}\n", encoding="utf-8")
        given = {
            "extensions": ["myst_parser", "cl_book.pages.setting_tables"],
            "myst_enable_extensions": ["colon_fence"],
            "html_theme": "basic",
            # Sphinx's default is one dictionary for all builds of a process, and an earlier one may have added to it.
            "source_suffix": {".md": "markdown"},
        }
        warnings = io.StringIO()
        with patch_docutils(), docutils_namespace():
            Sphinx(top, None, top / "out", top / "out", "html", given, status=None, warning=warnings).build()
        page = BeautifulSoup((top / "out/index.html").read_text(encoding="utf-8"), "html.parser")
        rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]
        return warnings.getvalue(), {row[0]: row[1:] for row in rows}

    return build_page


def test_every_setting_stands_with_its_meaning_range_default_and_readers(build):
    warnings, rows = build(":::{settings}\n:::")
    assert warnings == ""
    assert list(rows) == list(SETTINGS)
    for name, row in rows.items():
        field = SETTINGS[name]
        expected = [
            field.description,
            describe_range(Settings, name),
            format_value(field.default),
            describe_readers(name),
        ]
        assert [cell.replace("’", "'") for cell in row] == expected


def test_what_a_profile_changes_stands_for_both_networks(build):
    warnings, rows = build(":::{settings} profiles\n:::")
    assert warnings == ""
    changed = {name for networks in VALUES.values() for values in networks.values() for name in values}
    assert set(rows) == changed
    assert rows["epochs"] == ["3", "4 / 2", "20 / 5"]
    assert rows["learning_rate"] == ["0.05", "0.2 / 0.05", "0.2 / 0.05"]
    assert all(len(row) == len(PROFILES) for row in rows.values())


def test_what_an_experiment_changes_stands_with_its_name(build):
    warnings, rows = build(":::{settings} experiments\n:::")
    assert warnings == ""
    for experiment, values in OWN.items():
        for name, value in values.items():
            assert rows[name][0] == format_value(value)
            assert experiment in rows[name][1].split(", ")


def test_an_unknown_table_is_red(build):
    warnings, _ = build(":::{settings} profile\n:::")
    assert "there is no table of settings 'profile'; did you mean 'profiles'?" in warnings


@pytest.mark.parametrize(
    ("name", "readers"),
    [
        ("momentum", "every run"),
        ("norm", "every ResNet"),
        ("depth", "every perceptron"),
        ("epochs", "every strategy but joint"),
        ("trained", "frozen, within"),
        ("overlap", "correlated-cifar100, digits-correlated"),
    ],
)
def test_the_readers_of_a_setting_are_told_in_words(name, readers):
    assert describe_readers(name) == readers


@pytest.mark.parametrize("choice", ["{settings}", "{settings} profiles", "{settings} experiments"])
def test_the_protocol_page_has_every_table(choice):
    assert f":::{choice}\n:::" in PAGE


def test_every_setting_that_the_prose_names_exists():
    named = set(re.findall(r"(?<!\})`([a-z_]+)`", PAGE))
    assert named - {"paper", "smoke", "cpu"} <= set(SETTINGS)
