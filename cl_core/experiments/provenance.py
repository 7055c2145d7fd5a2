"""What is only recorded with a result: versions, hardware, and digests of the files that made it."""

import hashlib
import os
import platform
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from cl_core import files
from cl_core.experiments.plan import digest_json

PACKAGES = ("cl-core", "numpy", "torch", "scikit-learn", "pillow")
"""Packages whose versions a result records."""

PAGES = ("book/claims.yml", "book/protocol.md")
"""Pages whose digests a result records, so that what was stated before a run can be told from what was stated after."""

CLAIMS = "book/claims.yml"

DECIDES = ("statement", "shows", "tolerance", "test")
"""What makes a claim on runs the claim that it is; another title or page does not change it."""

_CODE = (
    "strategies.py",
    "learners/*.py",
    "streams/*.py",
    "experiments/beginnings.py",
    "experiments/bounds.py",
    "experiments/controls.py",
    "experiments/limits.py",
    "experiments/runner.py",
    "experiments/sequential.py",
    "experiments/work.py",
)
_NO_PART = {
    "learners/__init__.py",
    "streams/__init__.py",
    "learners/metrics.py",
    "learners/bench.py",
    "learners/curvature.py",
}


def code_digests() -> dict[str, str]:
    """Return, for each module of the core that makes a run's numbers, the first 16 digits of its SHA-256.

    Settings are left out (a result holds them itself), and so is what only reads or draws.
    """
    package = Path(__file__).resolve().parents[1]
    found = sorted(path for pattern in _CODE for path in package.glob(pattern))
    named = {path.relative_to(package).as_posix(): path for path in found}
    return {
        f"cl_core/{name}": hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for name, path in named.items()
        if name not in _NO_PART
    }


def page_digests() -> dict[str, str]:
    """Return the first 16 digits of the SHA-256 of each of PAGES that this checkout has; empty in a wheel."""
    top = files.root()
    if top is None:
        return {}
    # Read past the record of reads: a page's numbers do not depend on these.
    present = [name for name in PAGES if (top / name).is_file()]
    return {name: hashlib.sha256((top / name).read_bytes()).hexdigest()[:16] for name in present}


def claim_digests() -> dict[str, str]:
    """Return, for each claim on runs that this checkout states, the first 8 digits of the digest of what it claims.

    Stored with each result, they tell a claim that was changed after it from the others. Empty in a wheel.
    """
    top = files.root()
    if top is None or not (top / CLAIMS).is_file():
        return {}
    return dict(_claim_digests((top / CLAIMS).read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _claim_digests(text: str) -> Mapping[str, str]:
    entries = safe_load(text) or []
    return {entry["id"]: claim_digest(entry) for entry in entries if entry.get("source") == "runs"}


def safe_load(text: str) -> Any:
    """Return what a YAML text holds, read by the safe loader in C where there is one: it is ten times faster."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def claim_digest(entry: Mapping[str, Any]) -> str:
    """Return the first 8 digits of the digest of what the claim `entry`, as the file states it, claims."""
    return digest_json({name: entry.get(name) for name in DECIDES})[:8]


def versions() -> dict[str, str]:
    """Return the versions of Python and of PACKAGES; ``absent`` for one that is not installed."""
    return dict(_versions())


@cache
def _versions() -> Mapping[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def hardware(*, threads: int, device: str = "cpu") -> dict[str, Any]:
    """Return system, processor and cores of this machine, and the device and threads that a run used."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "device": device,
        "threads": threads,
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
