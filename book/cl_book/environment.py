"""Inspect the environment of a run: Python, versions, threads, BLAS, kernel, disk and data, with a fix for each problem."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from cl_core import files
from cl_core.experiments.machine import count_cores

PYTHON = ((3, 11), (3, 14))
"""The oldest Python that fits, and the first that is too new."""

LOCK, TORCH_LOCK = "requirements.lock", "requirements-torch.lock"
_LEAST_FREE = 2e9
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Finding:
    """One line of the report; with `fix`, it is a problem and this is what mends it."""

    about: str
    says: str
    fix: str = ""


def inspect_environment() -> tuple[Finding, ...]:
    """Return what there is to know about this environment. Reads every stored data file, fetches nothing."""
    return (
        _check_python(),
        *_check_versions(),
        *_check_torch(),
        _check_threads(),
        _check_blas(),
        _check_kernel(),
        *_check_disk_and_data(),
    )


def _check_python() -> Finding:
    now = sys.version_info[:2]
    fits = PYTHON[0] <= now < PYTHON[1]
    return Finding(
        "Python", sys.version.split()[0], "" if fits else "install Python 3.11, 3.12 or 3.13, then `make book`"
    )


def _check_versions() -> list[Finding]:
    if files.root() is None:
        return [Finding("versions", "no lock to compare with: this is an installed wheel")]
    differing = list(compare_with_lock(files.read_text(LOCK).splitlines()))
    if not differing:
        return [Finding("versions", f"as in {LOCK}")]
    return [
        Finding("versions", f"{name} is {have or 'missing'}, {locked} in {LOCK}", f"pip install -r {LOCK}")
        for name, have, locked in differing
    ]


def compare_with_lock(lines: Iterable[str]) -> Iterable[tuple[str, str | None, str]]:
    """Yield (package, installed version or None, locked version) where they differ, for the lines that apply here."""
    for line in lines:
        if not line.strip() or line.startswith(("#", "-")):
            continue
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        have = _find_version(requirement.name)
        # A build such as 2.13.0+cpu is of version 2.13.0.
        if have is None or have.partition("+")[0] not in {spec.version for spec in requirement.specifier}:
            yield requirement.name, have, str(requirement.specifier).removeprefix("==")


def _check_torch() -> list[Finding]:
    have = _find_version("torch")
    if have is None:
        return [Finding("torch", "not installed: enough to read and rerun the theory, not to train networks")]
    if files.root() is None:
        return [Finding("torch", have)]
    differing = list(compare_with_lock(files.read_text(TORCH_LOCK).splitlines()))
    return [Finding("torch", have, f"pip install -r {TORCH_LOCK}; it asks for {differing[0][2]}" if differing else "")]


def _check_threads() -> Finding:
    allowed = {name: os.environ[name] for name in _THREADS if name in os.environ}
    cores = count_cores()
    set_to = ", ".join(f"{name}={value}" for name, value in allowed.items()) or "not limited by the environment"
    return Finding("threads", f"{set_to}; {cores} cores; notebooks are run with one thread whatever this says")


def _check_blas() -> Finding:
    import numpy as np

    built: dict[str, dict[str, dict[str, str]]] = np.show_config(mode="dicts")  # type: ignore[assignment]
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return Finding("BLAS", f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip())


def _check_kernel() -> Finding:
    missing = [name for name in ("ipykernel", "papermill") if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("kernel", f"{', '.join(missing)} not installed", f"pip install {' '.join(missing)}")
    return Finding("kernel", f"ipykernel {_find_version('ipykernel')} on {sys.executable}")


def _check_disk_and_data() -> list[Finding]:
    from cl_core.streams import list_available, locate_data
    from cl_core.streams.arrays import KEYS

    folder = Path(locate_data())
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    short = "" if free >= _LEAST_FREE else "free 2 GB there, or set CL_DATA_DIR to a folder on a larger disk"
    findings = [Finding("disk", f"{free / 1e9:.1f} GB free for {folder}", short)]
    rows = list_available()
    for row in rows:
        if row.verified is False:
            fix = (
                f"make {row.path} again; it needs uint8 arrays {', '.join(KEYS)} of {row.name}, or give --data official"
                if row.route == "prepared"
                else f"delete {row.path} and run `cl-core data fetch {row.name}`"
            )
            findings.append(Finding("data", f"{row.name} ({row.route}) is not what it should be", fix))
    own = [f"{row.name} ({row.own[:8]})" for row in rows if row.own is not None]
    if own:
        findings.append(Finding("data", f"your own: {', '.join(own)}"))
    here = [f"{row.name} ({row.route})" for row in rows if row.verified]
    absent = sorted({row.name for row in rows} - {row.name for row in rows if row.verified or row.own is not None})
    findings.append(
        Finding("data", f"here and verified: {', '.join(here) or 'none'}; not here: {', '.join(absent) or 'none'}")
    )
    return findings


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
