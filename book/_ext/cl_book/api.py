"""The interface of the core, from its docstrings: a page names a package, and every module in it is listed."""

import pkgutil
import re
from importlib import import_module
from typing import Any

from sphinx.application import Sphinx

_MARKER = re.compile(r"^<!-- modules of (cl_core[\w.]*) -->$", re.MULTILINE)


_CODE = re.compile(r"(``.*?``|:\w+:`[^`]*`|`[^`]*`)")
_ROLE = re.compile(r":(func|class|data):`(\w+)`")


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
    """Take a docstring's bars and stars as they stand (|m − n|, m*), and its short names from where it was written."""
    home = getattr(described, "__module__", None)
    for number, line in enumerate(lines):
        pieces = _CODE.split(line)
        pieces[::2] = [re.sub(r"([|*])", r"\\\1", piece) for piece in pieces[::2]]
        if home and not name.startswith(home + "."):
            pieces[1::2] = [_ROLE.sub(rf":\1:`~{home}.\2`", piece) for piece in pieces[1::2]]
        lines[number] = "".join(pieces)
