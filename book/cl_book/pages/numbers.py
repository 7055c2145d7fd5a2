"""Numbers in prose, read by key and never typed: what a notebook records, what the paper reports, what a text sets."""

import re
from collections.abc import Mapping
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole

from cl_book.claims import paper_table
from cl_book.claims.contrasts import contrast
from cl_book.claims.paper_table import PAPER, Reported
from cl_book.notebooks import notebook
from cl_book.notebooks.record import format_signed
from cl_book.pages import stale_banner
from cl_book.pages.evidence_marks import make_mark
from cl_book.pages.role_errors import Rendered, report_role_error, suggest

_MINUS = re.compile(r"(?<![A-Za-z0-9])-(?=[0-9])")
"""A hyphen before a number; one within a word, such as in frozen-0, is none."""


class Value(SphinxRole):
    """``{value}`name``` or ``{value}`02-bound:name```: a number that a notebook recorded."""

    def run(self) -> Rendered:
        """Return the number as text; an unknown name is an error, and so is another page's number that is stale."""
        page, _, name = self.text.strip().rpartition(":")
        docname = f"notebooks/{page}" if page else self.env.docname
        path = Path(self.env.srcdir) / f"{docname}.ipynb"
        if not path.is_file():
            return report_role_error(self, f"there is no notebook {docname}.ipynb to take {name!r} from")
        self.env.note_dependency(str(path))
        try:
            values = notebook.read_values(notebook.load(path))
        except ValueError as error:
            return report_role_error(self, str(error))
        if name not in values:
            return report_role_error(self, f"{docname}.ipynb records no {name!r}{suggest(name, values)}")
        if page and docname != self.env.docname and stale_banner.find_reasons(path):
            return report_role_error(
                self, f"{docname}.ipynb is stale, so {name!r} may not be quoted; run `make refresh`"
            )
        return [nodes.inline(self.rawtext, _MINUS.sub("−", values[name]), classes=["cl-value"])], []


class Paper(SphinxRole):
    """``{paper}`I/split-cifar100/frozen/avg_acc```: a number reported for the paper, with its mark.

    ``{paper}`key − other key```: the difference of two of them in points, which is derived here.
    """

    def run(self) -> Rendered:
        """Return mean ± std and the mark, or a signed difference; an unknown key is an error."""
        table = reported(self.env)
        key, minus, other = (part.strip() for part in self.text.partition(" − "))
        if minus:
            try:
                points = contrast(key, other).difference
            except ValueError as error:
                return report_role_error(self, str(error))
            text = format_signed(points)
            return [nodes.inline(self.rawtext, text, classes=["cl-value"]), nodes.Text(" "), make_mark("D")], []
        if key not in table:
            return report_role_error(self, f"{PAPER} has no {key!r}{suggest(key, table)}")
        number = table[key]
        text = number.mean.replace("-", "−") + (f" ± {number.std}" if number.std else "")
        return [nodes.inline(self.rawtext, text, classes=["cl-value"]), nodes.Text(" "), make_mark(number.mark)], []


class Given(SphinxRole):
    """``{given}`0.05```: a setting or constant of the text itself, which is no result."""

    def run(self) -> Rendered:
        """Return the text as it stands."""
        return [nodes.inline(self.rawtext, self.text, classes=["cl-given"])], []


def reported(env: BuildEnvironment) -> Mapping[str, Reported]:
    """Return the paper's numbers by ``table/experiment/strategy/metric``; a page that asks follows the file."""
    env.note_dependency(str(Path(env.srcdir) / PAPER))
    return paper_table.reported()


def setup(app: Sphinx) -> None:
    """Register the roles."""
    app.add_role("value", Value())
    app.add_role("paper", Paper())
    app.add_role("given", Given())
