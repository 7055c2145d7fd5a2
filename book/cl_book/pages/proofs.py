"""Unique ids for theorems and proofs: sphinx-proof gives the same ones to all of a page."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx_proof.nodes import proof_node

_SHARED = "proof-content"


class UniqueIds(SphinxTransform):
    """Name each statement's content after its label, and number the proofs."""

    default_priority = 320

    def apply(self, **_kwargs: Any) -> None:
        """Rename."""
        for section in self.document.findall(nodes.section):
            if section["ids"] == [_SHARED]:
                section["ids"] = [f"{section.parent['ids'][0]}-content"]
        for number, proof in enumerate(self.document.findall(proof_node), start=1):
            proof.children[0]["ids"] = [f"proof-{number}"]


def setup(app: Sphinx) -> None:
    """Register the transform."""
    app.add_transform(UniqueIds)
