"""Which modules of this package a piece of code can reach, found without running it."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "cl_core"


def package_folder() -> Path:
    """Return the folder of the package that is imported here."""
    return Path(__file__).resolve().parents[1]


def imported(sources: Iterable[str]) -> set[str]:
    """Return the dotted names under this package that the `sources` import, wherever in them the import stands.

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
    return {name for name in names if name.split(".")[0] == PACKAGE}


def reachable(names: Iterable[str]) -> set[str]:
    """Return the modules among `names`, those that they import, at any depth and however late, and their parents.

    A name that is no module (a function, say) is passed over: its module is among the names too.
    """
    import grimp

    # No cache on disk: it would be written into whatever folder this stands in.
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    found: set[str] = set()
    waiting = [name for name in names if name in graph.modules]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting.extend(graph.find_modules_directly_imported_by(module))
        if "." in module:
            waiting.append(module.rpartition(".")[0])
    return found


def digests(modules: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each module's file by its name, and of data files that lie beside them by their path."""
    found: dict[str, str] = {}
    for module in sorted(modules):
        stem = package_folder().parent.joinpath(*module.split("."))
        if not stem.is_dir():
            found[module] = _digest(stem.with_suffix(".py"))
            continue
        found[module] = _digest(stem / "__init__.py")
        data = sorted(path for path in stem.iterdir() if path.is_file() and path.suffix not in (".py", ".pyc"))
        found.update({f"{module.replace('.', '/')}/{path.name}": _digest(path) for path in data})
    return found


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
