"""Number a chapter by its file's name, so that it keeps its number wherever the table of contents puts it.

Sphinx counts chapters in the order of the table of contents. Text, equations and links name chapters by number, and the
files carry it: ``notebooks/08-split-cifar100`` is chapter 8. Pages without a number in their name get none.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

_CHAPTER = re.compile(r"notebooks/(\d\d)-")
_OWN = "_numbers_by_file"


def number_of(docname: str) -> int | None:
    """Return a chapter's number by the name of its page; None for a page that has none."""
    found = _CHAPTER.match(docname)
    return int(found[1]) if found else None


def renumber(docname: str, counted: tuple[int, ...] | list[int] | None) -> list[int] | None:
    """Return the number of a section of the page, given the one that was counted."""
    chapter = number_of(docname)
    return None if counted is None or chapter is None else [chapter, *counted[1:]]


def _renumber_page(env: BuildEnvironment, docname: str) -> None:
    counted = env.toc_secnumbers[docname]
    numbered = {anchor: renumber(docname, number) for anchor, number in counted.items()}
    env.toc_secnumbers[docname] = {anchor: tuple(number) for anchor, number in numbered.items() if number is not None}
    for reference in env.tocs[docname].findall(nodes.reference):
        _set(reference, renumber(docname, reference.get("secnumber")))
    _set(env.titles[docname], renumber(docname, env.titles[docname].get("secnumber")))


def _set(node: nodes.Element, number: list[int] | None) -> None:
    if number is None:
        node.attributes.pop("secnumber", None)
    else:
        node["secnumber"] = number


def _number_by_file(_app: Sphinx) -> None:
    """Let every collector number by files, those that jupyter-book puts in Sphinx's place too; once a process."""
    for collector in (TocTreeCollector, *TocTreeCollector.__subclasses__()):
        counting: Any = vars(collector).get("assign_section_numbers")
        if counting is not None and not getattr(counting, _OWN, False):
            collector.assign_section_numbers = _after(counting)  # type: ignore[attr-defined]


def _after(counting: Any) -> Any:
    """Return a method that counts as before and then gives chapters the numbers of their files."""

    def assign(self: TocTreeCollector, env: BuildEnvironment) -> list[str]:
        before = env.toc_secnumbers
        counting(self, env)
        for docname in env.toc_secnumbers:
            _renumber_page(env, docname)
        return [docname for docname, numbers in env.toc_secnumbers.items() if numbers != before.get(docname)]

    setattr(assign, _OWN, True)
    return assign


def setup(app: Sphinx) -> None:
    """Wait until every extension is set up."""
    app.connect("builder-inited", _number_by_file)
