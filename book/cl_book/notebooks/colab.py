"""The first cell of a stored notebook, which installs this package on Colab. It exists only once an address is set.

Colab opens a notebook from its repository, without the package. The cell does nothing anywhere else and is not
part of the chapter: the book hides it, reruns and nbval skip it, and no stamp covers it.
"""

import re

import nbformat
import yaml

from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.notebook import SETUP, Cell, Notebook

CONFIG = "_config.yml"
"""The file that holds the repository's address, as `repository.url`."""

_ADDRESS = re.compile(r"https://[\w.-]+(/[\w.-]+)+")

_SOURCE = """# @title Install the package, on Colab alone
import sys

if "google.colab" in sys.modules:
    %pip install --quiet "cl-core[notebooks,torch] @ git+{address}"
"""

_METADATA = {
    "cellView": "form",  # hides the code on Colab
    "jupyter": {"source_hidden": True},  # and in JupyterLab
    "tags": [SETUP, "remove-cell", "nbval-skip"],
}


def read_address() -> str:
    """Return the repository's address, empty while none is set; raises ValueError where it is no https address."""
    path = notebooks.find_checkout() / CONFIG
    config = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    url = str(config.get("repository", {}).get("url") or "").rstrip("/")
    if url and not _ADDRESS.fullmatch(url):
        raise ValueError(
            f"repository.url in {CONFIG} is {url!r}; give an address such as https://github.com/OWNER/NAME"
        )
    return url


def add_setup(notebook: Notebook, address: str) -> Notebook:
    """Return a copy of `notebook` that begins with the cell for the repository at `address`; without it if empty."""
    rest = [cell for cell in notebook.cells if not notebooks.is_setup(cell)]
    return nbformat.from_dict({**notebook, "cells": [_make_cell(address), *rest] if address else rest})  # type: ignore[no-untyped-call]


def _make_cell(address: str) -> Cell:
    source = _SOURCE.format(address=address).rstrip()
    return nbformat.v4.new_code_cell(source, metadata=_METADATA)  # type: ignore[no-untyped-call]
