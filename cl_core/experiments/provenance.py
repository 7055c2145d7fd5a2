"""What is only recorded with a result: the code that made it, and versions."""

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from cl_core import files, imports
from cl_core.experiments.plan import digest_json

PACKAGES = ("cl-core", "numpy", "torch", "scikit-learn", "pillow")
"""Packages whose versions a result records."""

ENTRY = "cl_core.experiments.runner"
"""The module that executes a run; the code of a run is whatever it can reach by imports."""


def code_digests() -> dict[str, str]:
    """Return the first 16 digits of the SHA-256 of each file that can have a part in a run, by path, sorted.

    These are the files of the modules that ENTRY can reach by imports, as they were when first asked for: a process
    runs the code that it has imported, whatever is written to its file later.
    """
    return dict(_code_digests())


@cache
def _code_digests() -> Mapping[str, str]:
    return {path: digest[:16] for path, digest in imports.file_digests(imports.reachable([ENTRY])).items()}


def code_digest(files_digests: Mapping[str, str] | None = None) -> str:
    """Return one digest, the SHA-256, over the code files of a run: today's, or those that a result recorded."""
    return digest_json(dict(code_digests() if files_digests is None else files_digests))


def require_own_code() -> None:
    """Raise ValueError where the code that runs is not that of the checkout this stands in."""
    top = files.root()
    used = imports.package_folder()
    if top is not None and (top / "cl_core").resolve() != used.resolve():
        raise ValueError(
            f"{used} would be checked, not this checkout's {top / 'cl_core'}; install it with `pip install -e .`"
        )


def versions() -> dict[str, str]:
    """Return the versions of Python and of PACKAGES; ``absent`` for one that is not installed."""
    return dict(_versions())


@cache
def _versions() -> Mapping[str, str]:
    numbers = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            numbers[package] = version(package)
        except PackageNotFoundError:
            numbers[package] = "absent"
    return numbers
