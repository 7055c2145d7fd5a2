"""The footer of every page: how to run it, the version, the date of the last refresh, and how to cite."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from cl_book.notebooks.refresh import TIMINGS


def read_timings(top: Path) -> dict[str, dict[str, Any]]:
    """Return the record of the last run of each notebook, by its name; empty before the first."""
    path = top / TIMINGS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def needs_torch(notebook: Path) -> bool:
    """Return whether a stored notebook reaches the half of the core that trains networks, as its stamp tells."""
    stamp = json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("cl_core", {})
    return any(name.startswith(("cl_core.learners", "cl_core.experiments")) for name in stamp.get("modules", {}))


def setup(app: Sphinx) -> None:
    """Add the footer's template and fill it."""
    app.config.templates_path.append(str(Path(__file__).parent / "templates"))
    app.connect("html-page-context", _fill)


def _fill(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    days = [entry["refreshed"] for entry in read_timings(Path(app.srcdir)).values()]
    context["cl_version"] = version("cl-core")
    context["cl_refreshed"] = max(days, default="")
    notebook = Path(app.srcdir, page).with_suffix(".ipynb")
    if notebook.is_file():
        context["cl_notebook"] = notebook.relative_to(app.srcdir).as_posix()
        context["cl_torch"] = needs_torch(notebook)
