"""The environment: each problem is named with its fix, and what is fine is no problem."""

import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from cl_book import environment
from cl_book.environment import Finding, compare_with_lock, inspect_environment

from cl_core.streams.presence import Presence


def row(name, verified):
    return Presence(name, "official", Path(f"/data/{name}.npz"), 1, verified is not None, verified, "")


@pytest.fixture
def surroundings(checkout, monkeypatch):
    """An environment in which nothing is wrong."""
    (checkout / "requirements.lock").write_text(f"numpy=={version('numpy')}\n", encoding="utf-8")
    (checkout / "requirements-torch.lock").write_text("torch==2.13.0\n", encoding="utf-8")
    monkeypatch.setattr("cl_core.streams.list_available", lambda: [row("digits", True), row("mnist", None)])
    monkeypatch.setattr("cl_core.streams.locate_data", lambda: checkout / "cache" / "data")
    versions = {"numpy": version("numpy"), "torch": "2.13.0+cpu", "ipykernel": "7.4.0"}
    monkeypatch.setattr(environment, "_find_version", versions.get)
    return versions


def problems():
    return [finding for finding in inspect_environment() if finding.fix]


def test_nothing_to_mend(surroundings):
    assert problems() == []
    assert [finding.about for finding in inspect_environment()] == [
        "Python", "versions", "torch", "threads", "BLAS", "kernel", "disk", "data",
    ]  # fmt: skip
    assert inspect_environment()[-1] == Finding("data", "here and verified: digits (official); not here: mnist")


def test_python_too_old(surroundings, monkeypatch):
    class Old(tuple):
        pass

    monkeypatch.setattr(sys, "version_info", Old((3, 10, 0)))
    assert [finding.about for finding in problems()] == ["Python"]


def test_a_version_off_the_lock(surroundings):
    surroundings["numpy"] = "1.0"
    (finding,) = problems()
    assert finding.says.startswith("numpy is 1.0, ")
    assert finding.fix == "pip install -r requirements.lock"


def test_torch_missing_is_no_problem_and_another_one_is(surroundings):
    surroundings["torch"] = "2.6.0"
    (finding,) = problems()
    assert (finding.about, "asks for 2.13.0" in finding.fix) == ("torch", True)
    del surroundings["torch"]
    assert problems() == []


def test_a_full_disk(surroundings, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 1e8))
    (finding,) = problems()
    assert (finding.about, "CL_DATA_DIR" in finding.fix) == ("disk", True)


def test_data_that_is_not_what_it_should_be(surroundings, monkeypatch):
    monkeypatch.setattr("cl_core.streams.list_available", lambda: [row("mnist", False)])
    (finding,) = problems()
    assert finding.says == "mnist (official) is not what it should be"
    assert "/data/mnist.npz" in finding.fix
    assert "cl-core data fetch mnist" in finding.fix


def test_data_of_a_users_own_are_no_problem_and_nothing_advises_to_delete_them(surroundings, monkeypatch):
    own = Presence("mnist", "prepared", Path("/data/prepared/mnist.npz"), 1, True, None, "", own="0123456789")
    monkeypatch.setattr("cl_core.streams.list_available", lambda: [own])
    assert problems() == []
    assert Finding("data", "your own: mnist (01234567)") in inspect_environment()
    broken = Presence("mnist", "prepared", own.path, 1, True, False, "")
    monkeypatch.setattr("cl_core.streams.list_available", lambda: [broken])
    (finding,) = problems()
    assert "/data/prepared/mnist.npz again" in finding.fix
    assert "delete" not in finding.fix


def test_only_what_applies_here_is_compared():
    lines = ["# a comment", "", "nothing-here==1 ; sys_platform == 'amiga'", "numpy==0.1", "nowhere==2"]
    assert list(compare_with_lock(lines)) == [("numpy", version("numpy"), "0.1"), ("nowhere", None, "2")]
