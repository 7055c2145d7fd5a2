"""The page at the top of the built folder, which redirects to the book's first page."""

from html import escape
from pathlib import Path

from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Write the page after each build, before the table of contents' own bare one."""
    app.connect("build-finished", _write, priority=100)


def _write(app: Sphinx, failure: Exception | None) -> None:
    root = app.config.root_doc
    if failure or app.builder.name != "html" or root == "index":
        return
    title, address = escape(app.config.project), app.builder.get_target_uri(root)
    Path(app.outdir, "index.html").write_text(
        f'<!doctype html>\n<html lang="{app.config.language}">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={address}">\n</head>\n'
        f'<body>\n<main><h1>{title}</h1><p><a href="{address}">Open the book</a></p></main>\n</body>\n</html>\n',
        encoding="utf-8",
    )
