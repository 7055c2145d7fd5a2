"""Error messages that say what the writer may have meant."""

from collections.abc import Iterable

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from cl_core import naming

Rendered = tuple[list[nodes.Node], list[nodes.system_message]]


def suggest(name: str, candidates: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the known name closest to `name`, else the first of what is known."""
    names = sorted(candidates)
    close = naming.nearest(name, names, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else "; nothing is there"


def report_role_error(role: SphinxRole, message: str) -> Rendered:
    """Return what `role` renders when its text names nothing: the text marked, and an error that fails the build."""
    report = role.inliner.reporter.error(f"{{{role.name}}} {message}", line=role.lineno)
    return [role.inliner.problematic(role.rawtext, role.rawtext, report)], [report]
