"""Which modules a piece of code can reach, found without running it."""

import ast
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OWN = ("cl_core",)
"""The package that is followed where no others are named."""

_NO_DATA = (".py", ".pyc", ".pyi", ".typed")
"""Beside a module, files with these endings are no data: code, and what only type checkers read."""


def package_folder(package: str = OWN[0]) -> Path:
    """Return the folder of the top-level `package` that is imported here; raises ModuleNotFoundError if there is none."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"no package {package!r} is installed here", name=package)
    return Path(spec.submodule_search_locations[0]).resolve()


def imported(sources: Iterable[str], packages: Sequence[str] = OWN) -> set[str]:
    """Return the dotted names under `packages` that the `sources` import, wherever in them the import stands.

    ``from cl_core.linear import exact`` gives both ``cl_core.linear`` and ``cl_core.linear.exact``.
    Raises SyntaxError where a source is not plain Python.
    """
    names: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] in packages}


def reachable(names: Iterable[str], packages: Sequence[str] = OWN) -> set[str]:
    """Return the modules among `names`, those of `packages` that they import, at any depth and however late, and their parents.

    A name that is no module (a function, say) is passed over: its module is among the names too.
    """
    graph = _build_graph(tuple(packages), _list_files(packages))
    reached: set[str] = set()
    waiting = [name for name in names if name in graph.modules]
    while waiting:
        module = waiting.pop()
        if module in reached:
            continue
        reached.add(module)
        waiting.extend(graph.find_modules_directly_imported_by(module))
        if "." in module:
            waiting.append(module.rpartition(".")[0])
    return reached


@lru_cache(maxsize=4)
def _build_graph(packages: tuple[str, ...], _: tuple[tuple[str, int, int], ...]) -> Any:
    """Return the graph of imports of `packages`, built once for files that stay as they are."""
    import grimp

    # No cache on disk: it would be written into whatever folder this stands in.
    # What is imported for its types alone is never executed.
    return grimp.build_graph(*packages, cache_dir=None, exclude_type_checking_imports=True)


def _list_files(packages: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """Return every module's file of `packages`, with what changes when it is written."""
    paths = sorted(path for package in packages for path in package_folder(package).rglob("*.py"))
    stats = ((path, path.stat()) for path in paths)
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


def digests(modules: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each module's file by its name, and of data files that lie beside them by their path."""
    values: dict[str, str] = {}
    for module in sorted(modules):
        file, *data = _module_files(module)
        values[module] = _digest(file)
        values.update({f"{module.replace('.', '/')}/{path.name}": _digest(path) for path in data})
    return values


def file_digests(modules: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each module's file, and of data files beside it, by path from the package's parent, sorted."""
    values: dict[str, str] = {}
    for module in modules:
        parent = package_folder(module.partition(".")[0]).parent
        values.update({path.relative_to(parent).as_posix(): _digest(path) for path in _module_files(module)})
    return dict(sorted(values.items()))


def _module_files(module: str) -> list[Path]:
    """Return the file of `module`, and the data files of its folder if it is a package."""
    package, *rest = module.split(".")
    stem = package_folder(package).joinpath(*rest)
    if not stem.is_dir():
        return [stem.with_suffix(".py")]
    data = sorted(path for path in stem.iterdir() if path.is_file() and path.suffix not in _NO_DATA)
    return [stem / "__init__.py", *data]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
