"""The interface of the core, from its docstrings: a page names a package, and every module in it is listed."""

import pkgutil
import re
from importlib import import_module
from typing import Any

from sphinx.application import Sphinx

_MARKER = re.compile(r"^<!-- modules of (cl_core[\w.]*) -->$", re.MULTILINE)


_CODE = re.compile(r"(``.*?``|:\w+:`[^`]*`|`[^`]*`)")
_ROLE = re.compile(r":(func|class|data):`(\w+)`")
_EQUATION = re.compile(r"\(?\b(eq-[a-z-]+[a-z])\)?")
_EMPHASIS = re.compile(r"((?<![\w*])\*\w[^*]*\w\*(?![\w*]))")
_UNTOLD = "Alias for field number"


def setup(app: Sphinx) -> None:
    """Use autodoc, and fill in the modules before a page is parsed."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _plain)


def _fill(_app: Sphinx, _docname: str, source: list[str]) -> None:
    source[0] = _MARKER.sub(lambda found: _blocks(found[1]), source[0])


def _blocks(package: str) -> str:
    path = getattr(import_module(package), "__path__", ())
    below = sorted(f"{package}.{module.name}" for module in pkgutil.iter_modules(path))
    return "\n\n".join(_block(module) for module in [package, *below])


def _block(module: str) -> str:
    return f"### `{module}`\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n   :member-order: bysource\n```"


def _plain(_app: Sphinx, _what: str, name: str, described: Any, _options: Any, lines: list[str]) -> None:
    """Take a docstring's bars and stars as they stand (|m − n|, m*), its short names from where it was written.

    An equation's label becomes a link to it, and a field of a named tuple that says nothing of itself stays silent.
    """
    if lines and lines[0].startswith(_UNTOLD):
        lines.clear()
    home = getattr(described, "__module__", None)
    for number, line in enumerate(lines):
        pieces = _CODE.split(line)
        pieces[::2] = [_escaped(piece) for piece in pieces[::2]]
        if home and not name.startswith(home + "."):
            pieces[1::2] = [_ROLE.sub(rf":\1:`~{home}.\2`", piece) for piece in pieces[1::2]]
        lines[number] = "".join(pieces)


def _escaped(text: str) -> str:
    parts = _EMPHASIS.split(text)
    parts[::2] = [_EQUATION.sub(r":eq:`\1`", re.sub(r"([|*])", r"\\\1", part)) for part in parts[::2]]
    return "".join(parts)
