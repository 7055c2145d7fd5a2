"""`make links`: check every external address with Sphinx's linkcheck, and print one line for each.

Sphinx collects the links of the pages; those of files that are no pages are added to them. Other builds do nothing here.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from sphinx.application import Sphinx
from sphinx.builders.linkcheck import CheckExternalLinksBuilder, Hyperlink

from cl_book.pages.prose import read_texts
from cl_core.streams.manifest import SOURCES

PLAIN = ("book/references.bib", "CITATION.cff", "book/cl_book/pages/templates/*.html", "cl_core/**/*.py")
"""Files that are no Markdown, for their addresses: docstrings stand on the pages of the interface."""

_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"'`{}()\[\]]*[^\s<>\"'`{}()\[\].,;:!?]")
_SCHEME = re.compile(r"[a-z][a-z+.-]*:", re.IGNORECASE)
_ANSWER = re.compile(r"(?!429)\d{3} (Client|Server) Error|Anchor |Exceeded \d+ redirects")
"""How linkcheck's messages begin where a server has answered; 429 asks to come back later, and says no more."""


def find_destinations(markdown: str) -> list[str]:
    """Return where the links and images of a Markdown text lead, in their order."""
    inline = [child for block in MarkdownIt().parse(markdown) for child in block.children or ()]
    return [str(target) for token in inline if (target := token.attrGet("href") or token.attrGet("src"))]


def list_addresses(top: Path) -> dict[str, list[str]]:
    """Return every address outside of the project that the sources below `top` name, sorted, with where they do."""
    places: dict[str, list[str]] = {}
    for place, address in _find_addresses(top):
        places.setdefault(address, []).append(place)
    return dict(sorted(places.items()))


def _find_addresses(top: Path) -> Iterator[tuple[str, str]]:
    pages = read_texts(top) | {path.name: path.read_text(encoding="utf-8") for path in sorted(top.glob("*.md"))}
    for place, text in pages.items():
        outside = [each for each in find_destinations(text) if _SCHEME.match(each) or each.startswith("//")]
        # Commands in code name addresses too.
        yield from ((place, each) for each in dict.fromkeys([*outside, *_ADDRESS.findall(text)]))
    for path in (path for pattern in PLAIN for path in sorted(top.glob(pattern))):
        place = path.relative_to(top).as_posix()
        yield from ((place, each) for each in _ADDRESS.findall(path.read_text(encoding="utf-8")))
    for source in SOURCES.values():
        yield from ((f"data set {source.name}", archive.url) for archive in source.archives)


def classify(entry: dict[str, Any]) -> tuple[str, str]:
    """Return what an entry of linkcheck's output says of a link: ok, broken or not reached, and the reason."""
    status, says = entry["status"], entry["info"]
    if status in ("working", "redirected"):
        return "ok", ""
    if _ANSWER.match(says):
        return "broken", says.partition(" for url")[0]
    # Behind a failed connection stands its cause, inside of the exceptions that wrap it.
    cause = re.search(r"Caused by (\w+)", says)
    return "not reached", cause[1] if cause else says.partition("\n")[0][:80] or status


def write_report(entries: Iterable[dict[str, Any]], places: dict[str, list[str]]) -> tuple[list[str], bool]:
    """Return a line for each external link and a last one for all, and whether one of them answered with an error."""
    answers = {each["uri"]: (classify(each), each["filename"]) for each in entries if "://" in each["uri"]}
    lines, count = [], dict.fromkeys(("ok", "broken", "not reached"), 0)
    for address, ((state, reason), page) in sorted(answers.items()):
        count[state] += 1
        where = f", in {', '.join(dict.fromkeys(places.get(address, [page])))}" if state == "broken" else ""
        lines.append(f"{state:<12} {address}" + (f" ({reason}){where}" if reason else ""))
    if count["not reached"] == len(answers):
        lines.append(f"There is no network: none of the {len(answers)} links was reached, and nothing is said of them.")
    else:
        lines.append(f"{len(answers)} links: " + ", ".join(f"{number} {state}" for state, number in count.items()))
    return lines, count["broken"] > 0


def setup(app: Sphinx) -> None:
    """Take part in linkcheck's build: before it with more links, after it with the report."""
    app.connect("builder-inited", _add_links)
    app.connect("build-finished", _print_report)


def _add_links(app: Sphinx) -> None:
    if isinstance(app.builder, CheckExternalLinksBuilder):
        root = app.config.root_doc
        for address in list_addresses(Path(app.srcdir)):
            app.builder.hyperlinks[address] = Hyperlink(address, root, app.env.doc2path(root), -1)


def _print_report(app: Sphinx, failure: Exception | None) -> None:
    if failure or not isinstance(app.builder, CheckExternalLinksBuilder):
        return
    output = Path(app.outdir, "output.json").read_text(encoding="utf-8")
    lines, broken = write_report(map(json.loads, output.splitlines()), list_addresses(Path(app.srcdir)))
    print(*lines, sep="\n", flush=True)
    # To linkcheck a link is broken also where no server was reached.
    app.statuscode = int(broken)
