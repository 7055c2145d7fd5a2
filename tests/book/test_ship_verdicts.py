"""What the wheel says of the theory: the verdicts that the stored notebooks printed, all of them and nothing else."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from cl_book.claims.claim import load
from cl_book.claims.theory_claims import theory_judge
from cl_book.notebooks import notebook as notebooks

from cl_core import files

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("ship_verdicts", TOP / "book/ship_verdicts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wheel(hook, tmp_path, monkeypatch):
    """The files of a wheel, and no checkout in sight."""
    (tmp_path / "book").mkdir()
    for name in ("book/claims.yml", "book/paper.csv"):
        (tmp_path / name).write_bytes((TOP / name).read_bytes())
    pages = hook.collect_verdicts(TOP / "notebooks")
    (tmp_path / "book/verdicts.json").write_text(json.dumps(pages), encoding="utf-8")
    monkeypatch.setattr(files, "root", lambda: None)
    monkeypatch.setattr(files, "base", lambda: tmp_path)


def test_every_verdict_of_the_notebooks_is_shipped_as_it_is_printed(hook):
    pages = hook.collect_verdicts(TOP / "notebooks")
    printed = {
        f"notebooks/{path.stem}": [
            (line.claim, line.verdict, line.evidence, line.condition)
            for line in notebooks.read_verdicts(notebooks.load(path))
        ]
        for path in sorted((TOP / "notebooks").glob("*.ipynb"))
    }
    shipped = {
        page: [(one["claim"], one["verdict"], one["evidence"], one.get("condition", "")) for one in entries]
        for page, entries in pages.items()
    }
    assert shipped == printed
    assert sum(map(len, shipped.values())) > 40


def test_a_wheel_says_of_the_theory_what_a_clone_says(wheel, monkeypatch):
    theory = [claim for claim in load() if claim.source == "theory"]
    shipped = [theory_judge()(claim) for claim in theory[::7]]
    monkeypatch.undo()
    judge = theory_judge()
    for claim, one in zip(theory[::7], shipped, strict=True):
        there = judge(claim)
        said = one.printed, one.evidence, one.condition, one.stale
        assert said == (there.printed, there.evidence, there.condition, ()), claim.id
    assert len(shipped) > 5
    assert "not run" not in {one.printed for one in shipped}


def test_a_checkout_that_is_installed_itself_ships_nothing(hook, tmp_path):
    data = {"force_include": {}}
    shipping = hook.ShipVerdicts(str(TOP), {}, None, None, str(tmp_path), "wheel")
    shipping.initialize("editable", data)
    shipping.finalize("editable", data, "")
    assert data == {"force_include": {}}
    shipping.initialize("standard", data)
    ((source, target),) = data["force_include"].items()
    assert target == hook.SHIPPED
    assert json.loads(Path(source).read_text(encoding="utf-8")) == hook.collect_verdicts(TOP / "notebooks")
    shipping.finalize("standard", data, "")
    assert not Path(source).exists()
    assert "ship_verdicts" not in sys.modules
