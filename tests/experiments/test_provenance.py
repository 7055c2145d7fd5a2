"""Which code made a result: every file that a run can reach by imports, and nothing else."""

import json
import sys

import pytest

from cl_core.experiments import provenance
from cl_core.experiments.provenance import code_digest, code_digests


def test_every_module_that_makes_numbers_is_among_the_code_digests():
    named = set(code_digests())
    assert {
        "cl_core/strategies.py",
        "cl_core/streams/tasks.py",
        "cl_core/experiments/controls.py",
        "cl_core/experiments/rows.py",
        "cl_core/experiments/__init__.py",
    } <= named
    assert not {name for name in named if name.startswith(("cl_core/linear/", "cl_core/runs/", "book/", "cl_book/"))}
    assert json.dumps(sorted(named)) == json.dumps(list(code_digests()))
    assert {len(digest) for digest in code_digests().values()} == {16}


def test_what_a_run_has_imported_is_among_the_code_digests():
    import cl_core.experiments.runner  # noqa: F401

    loaded = {name for name in sys.modules if name.startswith(("cl_core.learners.", "cl_core.streams."))}
    reached = {path.removesuffix(".py").replace("/", ".") for path in code_digests()}
    # Other tests may have imported these, which no run does.
    assert loaded - reached <= {f"cl_core.learners.{name}" for name in ("curvature", "loss_along_update", "probe")}


def test_one_digest_stands_for_all_files():
    files = code_digests()
    first = next(iter(files))
    assert code_digest() == code_digest(files) == code_digest(dict(reversed(files.items())))
    assert code_digest({**files, first: "0" * 16}) != code_digest()
    moved = {f"{name}x" if name == first else name: digest for name, digest in files.items()}
    assert code_digest(moved) != code_digest()


def test_code_of_another_checkout_is_refused(checkout, monkeypatch):
    with pytest.raises(ValueError, match="pip install -e"):
        provenance.require_own_code()
    monkeypatch.chdir(provenance.imports.package_folder().parent)
    provenance.require_own_code()
