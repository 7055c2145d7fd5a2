"""The first cells of a stored notebook: a link to its page, and one that installs this package on Colab.

They exist only once an address is set. A plain viewer shows the text with its marks, and Colab opens a notebook without
the package. The cells do nothing anywhere else and are not part of the chapter: the book hides them, reruns and nbval
skip them, and no stamp covers them.
"""

import re

import nbformat
import yaml

from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.notebook import SETUP, Cell, Notebook

CONFIG = "_config.yml"
"""The file that holds the repository's address, as `repository.url`."""

_ADDRESS = re.compile(r"https://[\w.-]+(/[\w.-]+)+")
_GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)")

_LINK = "*[This chapter as a page]({page}), with its formulas, figures, verdicts and links.*"

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


def add_setup(notebook: Notebook, address: str, page: str = "") -> Notebook:
    """Return a copy of `notebook` that begins with the cells for the repository at `address`; without them if empty.

    `page` is the notebook's name without its ending; the link to it stands where the repository is on GitHub, whose
    Pages the book is published to.
    """
    rest = [cell for cell in notebook.cells if not notebooks.is_setup(cell)]
    first = [*_make_link(address, page), _make_cell(address)] if address else []
    return nbformat.from_dict({**notebook, "cells": [*first, *rest]})  # type: ignore[no-untyped-call]


def _make_link(address: str, page: str) -> list[Cell]:
    place = _GITHUB.fullmatch(address)
    if not place or not page:
        return []
    source = _LINK.format(page=f"https://{place[1]}.github.io/{place[2]}/{notebooks.FOLDER}/{page}.html")
    return [nbformat.v4.new_markdown_cell(source, metadata={"tags": _METADATA["tags"]})]  # type: ignore[no-untyped-call]


def _make_cell(address: str) -> Cell:
    source = _SOURCE.format(address=address).rstrip()
    return nbformat.v4.new_code_cell(source, metadata=_METADATA)  # type: ignore[no-untyped-call]
