"""The data sets as tables of the page on data, from the manifest: what they hold, whence they come, what was run on them."""

from collections import Counter

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.pages.claim_boxes import table
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.runs.result_set import read_results
from cl_core.streams.manifest import SOURCES, Source

_Row = list[list[nodes.Node]]


class DataTable(SphinxDirective):
    """``:::{datasets}``: every data set with its classes, images and terms.

    ``:::{datasets} results`` shows instead the images that the reference results were computed on, by digest, and
    ``:::{datasets} archives`` the official files with their addresses and digests.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown choice is an error."""
        tables = {"all": _list_sets, "results": self._list_results, "archives": _list_archives}
        choice = self.arguments[0] if self.arguments else "all"
        if choice not in tables:
            raise self.error(f"there is no table of data sets {choice!r}{suggest(choice, tables)}")
        return [tables[choice]()]

    def _list_results(self) -> nodes.container:
        noted(self.env)
        counts = Counter(run.data["digest"] for run in read_results().results.values())
        rows = [
            _row(label, source.relation, digest[:16], str(counts[digest]))
            for source in SOURCES.values()
            for digest, label in source.labels.items()
        ]
        return table(["In tables", "What it is", "Digest begins", "Reference results"], rows)


def _list_sets() -> nodes.container:
    head = ["Name", "Set", "Classes", "Training", "Test", "An image", "Routes", "Terms"]
    return table(head, [_describe(source) for source in SOURCES.values()])


def _describe(source: Source) -> _Row:
    counts = (f"{count:,}" for count in (source.classes, source.train, source.test))
    shape = " × ".join(map(str, source.shape))
    return _row(source.name, source.title, *counts, shape, ", ".join(source.routes), source.licence)


def _list_archives() -> nodes.container:
    rows = [
        [
            [nodes.paragraph(text=source.title)],
            [nodes.paragraph("", "", nodes.reference("", "", nodes.literal(text=archive.name), refuri=archive.url))],
            [nodes.paragraph(text=f"{archive.bytes:,}")],
            [nodes.paragraph("", "", nodes.literal(text=archive.sha256, classes=["cl-digest"]))],
        ]
        for source in SOURCES.values()
        for archive in source.archives
    ]
    return table(["Set", "File", "Bytes", "SHA-256"], rows, wordy=False)


def _row(name: str, *cells: str) -> _Row:
    return [[nodes.paragraph("", "", nodes.strong(text=name))], *([_set_code(text)] for text in cells)]


def _set_code(text: str) -> nodes.paragraph:
    """Return `text` with what stands between backquotes as code."""
    parts = enumerate(text.split("`"))
    return nodes.paragraph("", "", *(nodes.literal(text=part) if i % 2 else nodes.Text(part) for i, part in parts))


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("datasets", DataTable)
