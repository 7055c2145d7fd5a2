"""The interface of the core, from its docstrings: a page names a package, and its modules or its public names are listed."""

import ast
import inspect
import pkgutil
import re
import sys
from contextlib import suppress
from functools import partial, reduce
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.autodoc.mock import mock
from sphinx.pycode import ModuleAnalyzer

_MARKER = re.compile(r"^<!-- (modules|names) of ((?:cl_core|cl_book)[\w.]*) -->$", re.MULTILINE)

_CODE = re.compile(r"(``.*?``|:\w+:`[^`]*`|`[^`]*`)")
_ROLE = re.compile(r":(func|class|data|mod):`([\w.]+)`")
_EQUATION = re.compile(r"\(?\b(eq-[a-z-]+[a-z])\)?")
_EMPHASIS = re.compile(r"((?<![\w*])\*\w[^*]*\w\*(?![\w*]))")
_UNTOLD = "Alias for field number"
_LAMBDA = re.compile(r"<function [\w.]*<lambda>>|<factory>")
_NAMED = re.compile(r"<(?:function|class) '?([\w.]+)'?>")
_LONGEST = 80
"""Characters of a value that a page shows."""


def setup(app: Sphinx) -> None:
    """Use autodoc, and fill in the modules before a page is parsed."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _plain)
    app.connect("autodoc-process-signature", _write_signature)
    app.connect("autodoc-skip-member", _skip)


def _fill(app: Sphinx, _docname: str, source: list[str]) -> None:
    # Without torch the pages are made with what autodoc puts in its place, and what is an extra always is.
    absent = [name for name in app.config.autodoc_mock_imports if name != "torch" or find_spec(name) is None]
    with mock(absent):
        source[0] = _MARKER.sub(lambda match: expand(match[1], match[2]), source[0])


def expand(what: str, package: str) -> str:
    """Return what a marker stands for: the ``modules`` of a package in full, or its public ``names``, each in a line."""
    if what == "names":
        return _table(package)
    return "\n\n".join(_block(module) for module in modules_of(package))


def modules_of(package: str) -> list[str]:
    """Return the name of `package` and of every module in it, in order; a module stands for itself."""
    path = getattr(import_module(package), "__path__", ())
    return [package, *sorted(f"{package}.{module.name}" for module in pkgutil.iter_modules(path))]


def public_names(module: str) -> list[str]:
    """Return the functions and classes that `module` defines without a leading underscore."""
    return [
        name
        for name, value in vars(import_module(module)).items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", None) == module
    ]


def _table(package: str) -> str:
    module = import_module(package)
    lines = ["| name | what it is |", "| --- | --- |"]
    for name in (name for name in module.__all__ if not name.startswith("_")):
        value = getattr(module, name)
        if inspect.ismodule(value):
            role, target = "mod", value.__name__
        else:
            role = "class" if inspect.isclass(value) else "func" if callable(value) else "data"
            target = f"{home_of(package, name)}.{name}"
        lines.append(f"| {{py:{role}}}`{name} <{target}>` | {_first_line(package, name)} |")
    return "\n".join(lines)


def home_of(package: str, name: str) -> str:
    """Return the module that defines the public `name` of `package`; a constant's, by the package's own imports."""
    value = getattr(import_module(package), name)
    if callable(value) and hasattr(value, "__module__"):
        return str(value.__module__)
    source = inspect.getsource(import_module(package))
    places = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module]
    return next(
        (str(node.module) for node in places if any(alias.name == name for alias in node.names)),
        package,
    )


def _first_line(package: str, name: str) -> str:
    value = getattr(import_module(package), name)
    if not (inspect.ismodule(value) or callable(value)):
        value = None
        analyzer = ModuleAnalyzer.for_module(home_of(package, name))
        analyzer.analyze()
        text = " ".join(analyzer.attr_docs.get(("", name), [""]))
    else:
        text = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
    sentence = re.match(r".*?[.?](?= [A-Z`]|$)", text)
    plain = _ROLE.sub(r"`\2`", sentence[0] if sentence else text).replace("``", "`")
    return re.sub(r":\w+:(`[^`]*`)", r"\1", plain).replace("|", "\\|")


def _block(module: str) -> str:
    # A package's own names, beside those that its modules define and that are described there.
    chosen = ", ".join(public_names(module)) if hasattr(import_module(module), "__path__") else "*"
    members = (
        f"\n   :members: {chosen.strip('*')}\n   :ignore-module-all:\n   :member-order: bysource" if chosen else ""
    )
    values = "\n   :no-value:" if any(map(_hides, _public_values(module))) else ""
    return f"### `{module}`\n\n```{{eval-rst}}\n.. automodule:: {module}{members}{values}\n```"


def _public_values(module: str) -> list[Any]:
    return [value for name, value in vars(import_module(module)).items() if not name.startswith("_")]


def _hides(value: Any) -> bool:
    """Whether a value says nothing to a reader: a place on the machine that builds the book, a long one, or one with code in it."""
    if isinstance(value, Path):
        return True
    if callable(value) or inspect.ismodule(value):
        return False
    text = repr(value)
    return len(text) > _LONGEST or "<function" in text


def _write_signature(
    _app: Sphinx, _what: str, _name: str, _described: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Write a default that is code as its name, and one without a name as three points."""
    if signature:
        signature = _NAMED.sub(lambda match: match[1].rpartition(".")[2], _LAMBDA.sub("...", signature))
    return signature, returned


def _skip(_app: Sphinx, _what: str, name: str, _described: Any, skipped: bool, _options: Any) -> bool:
    """Leave out what pydantic adds to a class of settings."""
    return skipped or name == "model_config"


def _plain(_app: Sphinx, _what: str, name: str, described: Any, _options: Any, lines: list[str]) -> None:
    """Take a docstring's bars and stars as they stand (|m − n|, m*), its short names from where it was written.

    An equation's label becomes a link to it, and a field of a named tuple that says nothing of itself stays silent.
    """
    if lines and lines[0].startswith(_UNTOLD):
        lines.clear()
    home = getattr(described, "__module__", None)
    if not isinstance(home, str):
        parts = name.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        home = next((prefix for prefix in prefixes if prefix in sys.modules), None)
    for number, line in enumerate(lines):
        pieces = _CODE.split(line)
        pieces[::2] = [_escaped(piece) for piece in pieces[::2]]
        if home:
            pieces[1::2] = [_ROLE.sub(partial(_located, home), piece) for piece in pieces[1::2]]
        lines[number] = "".join(pieces)


def _located(module: str, match: re.Match[str]) -> str:
    """Return a role with the place where what it names is defined, as a docstring of `module` names it."""
    kind, (*path, name) = match[1], match[2].split(".")
    owner = import_module(module)
    with suppress(AttributeError, ModuleNotFoundError):
        owner = import_module(".".join(path)) if path and path[0] in sys.modules else reduce(getattr, path, owner)
        if inspect.ismodule(owner) and kind != "mod":
            return f":{kind}:`~{home_of(owner.__name__, name)}.{name}`"
    return f":{kind}:`~{match[2]}`"


def _escaped(text: str) -> str:
    parts = _EMPHASIS.split(text)
    parts[::2] = [_EQUATION.sub(r":eq:`\1`", re.sub(r"([|*])", r"\\\1", part)) for part in parts[::2]]
    return "".join(parts)
