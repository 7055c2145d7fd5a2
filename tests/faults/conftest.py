"""Planted faults: each breaks a copy of the repository in one place and runs the check that must see it."""

import pytest
from support.copies import make_copy

STORED = ("cl_core", "book/cl_book", "notebooks", "book/claims.yml", "book/paper.csv", "results", "tests/notebooks")
"""What a copy needs in which stored notebooks are not stale."""


@pytest.fixture
def copy(tmp_path):
    """An empty copy, to be given the parts that its check needs."""
    return make_copy(tmp_path / "copy")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A copy of the stored notebooks with all that they depend on, once for a file; what a test breaks, it mends."""
    copy = make_copy(tmp_path_factory.mktemp("shared") / "copy")
    copy.take(*STORED)
    return copy
