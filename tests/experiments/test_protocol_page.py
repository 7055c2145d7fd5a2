"""The protocol page states the catalogue's values, all of them and no others."""

import re
from dataclasses import fields

import pytest

from cl_core import files
from cl_core.experiments.catalogue import OWN, PROFILES, SHARED, STRATEGIES, VALUES
from cl_core.experiments.settings import SETTINGS, Settings, changed

PAGE = (files.root() / "book" / "protocol.md").read_text(encoding="utf-8")
OF_STREAMS = {"tasks", "overlap", "severity"}
OF_ONE = {"depth": "mlp", "norm": "resnet", "stem_stride": "resnet"}


def row(name):
    """Return the row of the page's table that the catalogue asks for."""
    cells = []
    for profile in PROFILES:
        networks = [OF_ONE[name]] if name in OF_ONE else ["resnet", "mlp"]
        values = dict.fromkeys(getattr(changed(SHARED, VALUES[profile][network]), name) for network in networks)
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        cells.append(" / ".join(f"{{given}}`{text}`" for text in texts))
    return f"| `{name}` | {' | '.join(cells)} |"


@pytest.mark.parametrize("name", [entry.name for entry in fields(Settings) if entry.name not in OF_STREAMS])
def test_the_table_states_the_value_of_every_setting(name):
    assert row(name) in PAGE.splitlines()


def test_the_tables_have_no_other_row():
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    own = {name for values in OWN.values() for name in values}
    assert sorted(rows) == sorted([*(set(SETTINGS) - OF_STREAMS), *own])


def test_the_experiments_with_values_of_their_own_are_stated():
    assert all("cub" in name for name in OWN)
    (values,) = {tuple(values.items()) for values in OWN.values()}
    assert all(f"| `{name}` | {{given}}`{value}` |" in PAGE.splitlines() for name, value in values)


def test_every_setting_that_the_prose_names_exists():
    named = set(re.findall(r"(?<!\})`([a-z_]+)`", PAGE))
    assert named - {"paper", "smoke", "cpu"} <= set(SETTINGS)


def test_the_page_speaks_of_every_strategy():
    for name in STRATEGIES:
        assert name.partition("-")[0] in PAGE.lower()
