"""A banner on stale pages: their outputs no longer follow from their code and the files they read."""

from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from cl_book.notebooks import stamps
from cl_book.pages.claim_boxes import standings
from cl_core.experiments import store
from cl_core.runs.result_set import read_results

_LOGGER = logging.getLogger(__name__)


@cache
def find_reasons(notebook: Path) -> tuple[str, ...]:
    """Return why `notebook` is stale, () if it is not. Computed once a build, because it reads every module."""
    return stamps.find_staleness(notebook)


def find_notebook(env: BuildEnvironment, docname: str) -> Path | None:
    """Return the notebook behind the page `docname`, None for a page of prose."""
    path = Path(env.doc2path(docname))
    return path if path.suffix == ".ipynb" else None


def setup(app: Sphinx) -> None:
    """Ask anew for each build, and rewrite a page when its answer has changed."""
    app.connect("builder-inited", lambda _app: find_reasons.cache_clear())
    app.connect("env-get-outdated", _list_outdated)
    app.connect("doctree-resolved", _add_banner)


def _list_outdated(app: Sphinx, env: BuildEnvironment, *_sets: set[str]) -> list[str]:
    """Return every page when anything changed that pages show beyond their own files.

    That is verdicts, staleness, the list of pages, the runs that stand apart, and the style sheets and scripts, which
    Sphinx copies only where it has a page to write.
    """
    state = {
        "pages": sorted(env.found_docs),
        "states": {docname: find_reasons(path) for docname in env.found_docs if (path := find_notebook(env, docname))},
        "results": read_results().states,
        "apart": [name for folder in store.APART for name in store.stored(f"{folder}/*")],
        "looks": _digest_static_files(app),
        "verdicts": {claim: (each.words, each.evidence, each.labels) for claim, each in standings().items()},
    }
    before = getattr(env, "cl_book_state", None)
    env.cl_book_state = state  # type: ignore[attr-defined]
    return [] if state == before else sorted(set(env.found_docs) & set(env.all_docs))


def _digest_static_files(app: Sphinx) -> dict[str, str]:
    folders = [Path(app.srcdir) / name for name in app.config.html_static_path]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


def _add_banner(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    path = find_notebook(app.env, docname)
    reasons = find_reasons(path) if path else ()
    if not reasons:
        return
    _LOGGER.info("stale: %s: %s", docname, "; ".join(reasons), color="yellow")
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    html = (
        '<aside class="cl-stale-banner" aria-label="This page is stale"><p><strong>This page is stale.</strong> '
        "Its numbers and figures were computed before something they depend on changed:</p>"
        f"<ul>{items}</ul><p>Run <code>make refresh</code> to compute it anew.</p></aside>"
    )
    title: Any = next(iter(doctree.findall(nodes.title)), None)
    banner = nodes.raw("", html, format="html")
    if title is None:
        doctree.insert(0, banner)
    else:
        title.parent.insert(title.parent.index(title) + 1, banner)
