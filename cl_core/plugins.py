"""Plugins: strategies, streams and networks from outside this package, found by name and known by their source.

``package.module:name`` names one in any module that can be imported; the working folder is looked in too. An installed
package may also give one a short name, by an entry point of the group that its kind has in GROUPS.
"""

import ast
import hashlib
import importlib
import json
import re
import sys
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from cl_core.imports import OWN
from cl_core.naming import require_name

Kind = Literal["strategy", "stream", "network"]

GROUPS: Mapping[Kind, str] = {
    "strategy": "cl_core.strategies",
    "stream": "cl_core.streams",
    "network": "cl_core.networks",
}
"""Groups of entry points, by what they give names to."""

_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_SHORT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, eq=False)
class Plugin:
    """An object from outside: the `name` that it was asked for by, its ``module:name``, and where its source stands.

    `files` holds the SHA-256 of each of its source files, by path below the folder `root`.
    """

    kind: Kind
    name: str
    reference: str
    value: Any
    root: Path
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """First 16 digits of the SHA-256 over all its source files."""
        return hashlib.sha256(json.dumps(dict(self.files), sort_keys=True).encode()).hexdigest()[:16]

    def describe(self) -> str:
        """Return one line for people: what it is, and which source it stands in."""
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"{self.kind} {self.name}: {self.root / next(iter(self.files))}{more}, source {self.digest}"


@cache
def list_installed(kind: Kind) -> Mapping[str, tuple[str, ...]]:
    """Return the plugins that installed packages name by entry points: ``module:name`` by name.

    More than one goes with a name that several packages have.
    """
    found: dict[str, dict[str, None]] = {}
    for entry in entry_points(group=GROUPS[kind]):
        found.setdefault(entry.name, {})[entry.value.partition("[")[0].replace(" ", "")] = None
    return {name: tuple(references) for name, references in found.items()}


def find_plugin(kind: Kind, name: str, built_in: Collection[str]) -> Plugin | None:
    """Return the plugin called `name`, None for a name of this package's own, which no plugin replaces.

    Raises ValueError, in one line, for a name that nothing has or two packages have, and for a module that cannot be
    imported or has no such object. A process that has loaded a plugin keeps it, whatever is written to its file later.
    """
    if name in built_in:
        return None
    references = list_installed(kind).get(name, ())
    if not references and any(mark in name for mark in ":/\\."):
        return _load(kind, name, name)
    if not references:
        require_name(kind, name, [*built_in, *list_installed(kind)])
    if len(references) > 1:
        raise ValueError(
            f"{len(references)} installed packages have a {kind} called {name!r}: {', '.join(references)}; "
            "ask for one of them by that longer name"
        )
    if not _SHORT_NAME.fullmatch(name):
        raise ValueError(
            f"the {kind} {name!r} of an installed package cannot be part of a file's name; ask for {references[0]}"
        )
    return _load(kind, name, references[0])


def write_file_word(name: str) -> str:
    """Return `name` as a part of a file's name: a colon is none on every system, and a reference has but one."""
    return name.replace(":", ".")


@contextmanager
def explain_failure(plugins: Iterable[Plugin]) -> Iterator[None]:
    """Turn what the code of a plugin raises into a RuntimeError of one line that names its file and line.

    That training diverges (FloatingPointError) stays what it is.
    """
    try:
        yield
    except FloatingPointError:
        raise
    except Exception as error:
        places = {plugin.name: _find_place(error, plugin.root, plugin.files) for plugin in plugins}
        if names := [name for name, place in places.items() if place]:
            # Where several stand in one file, the line alone tells which of them it is.
            raise RuntimeError(
                f"{' or '.join(names)} raises {_describe(error)} ({places[names[0]]}); with CL_TRACEBACK=1 all of it is shown"
            ) from error
        raise


@cache
def _load(kind: Kind, name: str, reference: str) -> Plugin:
    if not _REFERENCE.fullmatch(reference):
        raise ValueError(
            f"{reference!r} is no {kind}; write package.module:name, such as mine:{_EXAMPLES[kind]} for a file mine.py in "
            "the working folder, and put another folder on the path with PYTHONPATH=folder"
        )
    module, _, attribute = reference.partition(":")
    loaded = _import(kind, reference, module)
    if not hasattr(loaded, attribute):
        own = [each for each, value in vars(loaded).items() if not each.startswith("_") and _is_own(value, module)]
        has = f"it has {', '.join(own)}" if own else "it has none of its own"
        raise ValueError(f"{module} ({loaded.__file__}) has no {attribute!r} for a {kind}; {has}")
    root, files = _read_sources(kind, reference, loaded)
    return Plugin(kind, name, reference, getattr(loaded, attribute), root, files)


_EXAMPLES: Mapping[Kind, str] = {"strategy": "Averaged", "stream": "tasks", "network": "wide"}


def _is_own(value: Any, module: str) -> bool:
    return getattr(value, "__module__", None) == module


def _import(kind: Kind, reference: str, module: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        # At the end: a file that happens to be called like a library must not take its place.
        sys.path.append(here)
    if module == "__main__":
        raise ValueError(f"{reference!r} stands in no file that another process could import; put it into one")
    importlib.invalidate_caches()
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise ValueError(
                f"there is no module {error.name!r} for the {kind} {reference}, in {here} or on the path; "
                "work in the folder that it stands in, or give that with PYTHONPATH=folder"
            ) from None
        raise ValueError(f"the {kind} {reference} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise ValueError(f"the {kind} {reference} cannot be imported: {module} raises {_describe(error)}") from error
    _refuse_hidden(reference, module.partition(".")[0])
    return loaded


def _refuse_hidden(reference: str, top: str) -> None:
    """Raise ValueError where the working folder has such a module, and another one was imported."""
    for path in (Path.cwd() / f"{top}.py", Path.cwd() / top / "__init__.py"):
        used = getattr(sys.modules[top], "__file__", None)
        if path.is_file() and used is not None and Path(used).resolve() != path.resolve():
            raise ValueError(f"{reference!r} would be of {used}, which hides {path}; give your own another name")


def _read_sources(kind: Kind, reference: str, loaded: Any) -> tuple[Path, dict[str, str]]:
    """Return the folder that the module's top-level package stands in, and the digests of the files that it is made of.

    They are its own file and what it imports from beside it, at any depth; of an installed package, the package's own
    files. What is imported under a name made up at run time, and data files, are not among them.
    """
    module = str(loaded.__name__)
    origin = Path(str(getattr(loaded, "__file__", None)))
    if origin.suffix != ".py" or not origin.is_file():
        raise ValueError(
            f"the {kind} {reference} stands in {origin}, no file of Python text, so its source cannot be told"
        )
    words = module.split(".")
    root = origin.resolve().parents[len(words) - (origin.name != "__init__.py")]
    top, installed = words[0], root.name in _INSTALLED
    files: dict[str, str] = {}
    waiting, seen = [module], set[str]()
    while waiting:
        name = waiting.pop(0)
        own_top = name.partition(".")[0]
        if name in seen or (own_top != top and (installed or own_top in (*OWN, "cl_book"))):
            continue
        seen.add(name)
        stem = root.joinpath(*name.split("."))
        path = next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)
        if path is not None:
            content = path.read_bytes()
            files[path.relative_to(root).as_posix()] = hashlib.sha256(content).hexdigest()
            waiting += _list_imports(content, name, package=path.name == "__init__.py")
            if "." in name:
                waiting.append(name.rpartition(".")[0])
    return root, files


def _list_imports(source: bytes, module: str, *, package: bool) -> list[str]:
    """Return the dotted names that a module's source imports, relative ones made whole."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            names += [base, *(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")]
    return [name for name in names if name]


def _find_place(error: BaseException, root: Path, files: Iterable[str]) -> str:
    """Return file and line of the last step of `error` that lies in one of `files` below `root`; empty where none does."""
    own = {str((root / name).resolve()) for name in files}
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if str(Path(frame.filename).resolve()) in own
    ]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
