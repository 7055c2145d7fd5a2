"""Marks for the source of a statement about the paper: [P], [S] or [D]."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from cl_book.pages.role_errors import Rendered, report_role_error

MARKS = {
    "P": "seen in the paper's own text or abstract",
    "S": "from third-party summaries of the paper",
    "D": "derived by this companion",
}


class Mark(SphinxRole):
    """``{mark}`S```: the mark, with its meaning as a tooltip."""

    def run(self) -> Rendered:
        """Return the mark; another letter is an error."""
        if self.text not in MARKS:
            return report_role_error(self, f"{self.text!r} is not a mark; marks are {', '.join(MARKS)}")
        return [make_mark(self.text)], []


def make_mark(letter: str) -> nodes.abbreviation:
    """Return the mark `letter` (P, S or D) as a node that explains itself."""
    return nodes.abbreviation("", f"[{letter}]", explanation=MARKS[letter], classes=["cl-mark"])


def setup(app: Sphinx) -> None:
    """Register the role."""
    app.add_role("mark", Mark())
