"""The stored notebooks, and nbval's own view of what it compares in them."""

from pathlib import Path

import pytest
from cl_book.notebooks.notebook import is_setup
from nbval.plugin import IPyNbCell, IPyNbFile, get_sanitize_patterns, nocolors

TOP = Path(__file__).resolve().parents[2]
STORED = sorted((TOP / "notebooks").glob("*.ipynb"))


def pytest_generate_tests(metafunc):
    if "stored" in metafunc.fixturenames:
        metafunc.parametrize("stored", STORED, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def patterns():
    """The sanitising rules, as nbval reads them."""
    return dict(get_sanitize_patterns((TOP / "tests/notebooks/sanitize.cfg").read_text(encoding="utf-8")))


class Comparison:
    """What nbval makes of one code cell, by nbval's own code."""

    def __init__(self, item, patterns):
        self.item, self.cell = item, item.cell
        item.parent.sanitize_patterns = patterns
        item.colors = nocolors

    @property
    def is_made(self):
        """Whether nbval compares this cell's outputs at all."""
        return bool(
            self.item.options["check"] and not self.item.options["skip"] and self.cell.execution_count is not None
        )

    def passes(self, outputs):
        """Whether nbval would pass `outputs` as equal to what is stored."""
        return IPyNbCell.compare_outputs(self.item, outputs, self.cell.outputs)


@pytest.fixture
def comparisons(request, patterns):
    """Return nbval's comparisons for a notebook: one for each code cell of the chapter."""

    def collect(path):
        file = IPyNbFile.from_parent(request.session, path=path)
        return [Comparison(item, patterns) for item in file.collect() if not is_setup(item.cell)]

    return collect
