"""Where each claim stands, asked once a build and written into pages: badges, boxes, and text bound to a verdict.

A sentence that interprets a result is written for a verdict, and says for which. When the verdict changes, the sentence
is wrong until someone has read it again, so the build fails.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.domains import ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from cl_book.claims import standings as claims
from cl_book.claims.claim import STALE, Claim, Standing
from cl_book.claims.design_claims import describe_share, share_of_claim
from cl_book.notebooks.record import (
    FAILS,
    HOLDS,
    HOLDS_AS_PRINTED,
    HOLDS_WHEN,
    INCONCLUSIVE,
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    format_signed,
    in_words,
)
from cl_book.pages.evidence_marks import make_mark
from cl_book.pages.folds import make_fold
from cl_book.pages.formulas import set_formulas
from cl_book.pages.role_errors import Rendered, report_role_error, suggest

_ID = re.compile(r"[TPC]\d{2,3}")
_COLOURS = {
    **dict.fromkeys((HOLDS, HOLDS_AS_PRINTED, REPRODUCED), "cl-agrees"),
    HOLDS_WHEN: "cl-agrees-when",
    **dict.fromkeys((FAILS, NOT_REPRODUCED), "cl-disagrees"),
    INCONCLUSIVE: "cl-open",
    **dict.fromkeys((NOT_RUN, STALE), "cl-undecided"),
}
"""The class of a badge by its verdict: claims on theory and on runs share the colours, whatever their words."""

SIGNS = {"cl-agrees": "✓", "cl-agrees-when": "✓", "cl-disagrees": "✗", "cl-open": "?", "cl-undecided": "–"}
"""What a chip shows beside its colour, which never stands alone."""

_OBJECT = "statement"
"""What a claim is to the search: an object of its own, so that its id leads to the row that decides it."""

_LEGEND = (
    (HOLDS, "what happened agrees with the claim"),
    (FAILS, "it disagrees"),
    (INCONCLUSIVE, "the runs leave it open"),
    (NOT_RUN, "nothing was run yet"),
)

_LOGGER = logging.getLogger(__name__)


class claim_link(nodes.Inline, nodes.TextElement):
    """A badge that becomes a link once pages know where they are; `page` and `anchor` of the claim's verdict."""


@lru_cache(maxsize=1)
def standings() -> dict[str, Standing]:
    """Return where every claim stands, by id, with staleness asked once a notebook."""
    return {standing.claim.id: standing for standing in claims.standings()}


def bound(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Return the (claim, verdict) pairs of ``T04 holds P01 holds when C05 not reproduced``; raises ValueError if it is none."""
    pairs: list[tuple[str, list[str]]] = []
    for word in arguments:
        if _ID.fullmatch(word):
            pairs.append((word, []))
        elif pairs:
            pairs[-1][1].append(word)
        else:
            raise ValueError(f"{word!r} stands where a claim's id should, such as T04")
    unsaid = [claim for claim, words in pairs if not words]
    if unsaid:
        raise ValueError(f"no verdict after {', '.join(unsaid)}; write the one that the text was written for")
    return [(claim, " ".join(words)) for claim, words in pairs]


def require(directive: SphinxDirective, arguments: Sequence[str]) -> None:
    """Warn, which fails the build, of each claim in `arguments` whose verdict is not the one given there.

    A label may go with it, as in ``C04 not reproduced, reversed``, or the condition, as in ``P01 holds when m > n``: then
    that is asked for too. A stale page's own text is held against what the page still shows; its banner says that it is
    stale.
    """
    try:
        pairs = bound(arguments)
    except ValueError as error:
        raise directive.error(str(error)) from error
    stands = standings()
    for claim, verdict in pairs:
        if claim not in stands:
            raise directive.error(f"there is no claim {claim!r}{suggest(claim, stands)}")
        standing = stands[claim]
        own = standing.claim.page == directive.env.docname
        now = standing.printed if own else standing.verdict
        words = in_words(standing.printed, standing.condition) if own else standing.words
        if verdict not in {now, words, *(f"{now}, {label}" for label in standing.labels)}:
            _LOGGER.warning(
                "this text was written for %s %s, but the verdict is: %s; read it again and rewrite it",
                claim,
                verdict,
                words,
                location=directive.get_location(),
                type="cl_book",
                subtype="verdict",
            )


class Reads(SphinxDirective):
    """``:::{reads} T04 holds``: a passage that interprets a result and holds for that verdict only."""

    required_arguments = 1
    optional_arguments = 40
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the passage, after its verdicts have been compared."""
        require(self, self.arguments)
        self.assert_has_content()
        passage = nodes.container(classes=["cl-reads"])
        self.state.nested_parse(self.content, self.content_offset, passage)
        return [passage]


class ClaimRole(SphinxRole):
    """``{claim}`T04```: a chip with the claim's id, whose colour and sign say whether what happened agrees with it; a link."""

    def run(self) -> Rendered:
        """Return the chip; an unknown id is an error."""
        stands = standings()
        if self.text not in stands:
            return report_role_error(self, f"there is no claim {self.text!r}{suggest(self.text, stands)}")
        return [linked_badge(self.env, stands[self.text], named=True)], []


class Legend(SphinxDirective):
    """``:::{legend}``: what the colours and signs of chips mean."""

    def run(self) -> list[nodes.Node]:
        """Return one line."""
        line = nodes.paragraph(classes=["cl-legend"])
        for place, (verdict, words) in enumerate(_LEGEND):
            chip = nodes.inline("", f"C00 {SIGNS[_COLOURS[verdict]]}", classes=["cl-badge", _COLOURS[verdict]])
            line += [nodes.Text("; " if place else ""), chip, nodes.Text(f" {words}")]
        line += nodes.Text(
            ". A claim may say the reverse of the sentence that cites it: then the sentence is right and the claim failed. Click to read it."
        )
        return [line]


class Verdicts(SphinxDirective):
    """``:::{verdicts}``: the claims that this page decides, as a table with the evidence folded; last those not run."""

    def run(self) -> list[nodes.Node]:
        """Return the tables; a page that decides no claim is an error."""
        own = [each for each in standings().values() if each.claim.page == self.env.docname]
        if not own:
            raise self.error(f"no claim names {self.env.docname} as its page, so there is no verdict to list")
        decided = [each for each in own if each.verdict != NOT_RUN]
        waiting = [each for each in own if each.verdict == NOT_RUN]
        box = nodes.container(classes=["cl-verdicts"])
        if decided:
            box += self._tabulate(decided)
        if waiting and decided:
            box += make_fold(f"{len(waiting)} more stated, and not run yet", [self._tabulate(waiting)])
        elif waiting:
            box += self._tabulate(waiting)
        return [box]

    def _tabulate(self, listed: Sequence[Standing]) -> nodes.container:
        measured = [place for place, find in enumerate(_NUMBERS.values()) if any(map(find, listed))]
        head = ["Claim", *(list(_NUMBERS)[place] for place in measured), "Verdict"]
        made = table(head, [self._row(each, measured) for each in listed])
        made[0]["classes"].append("cl-cards")
        return made

    def _row(self, standing: Standing, measured: Sequence[int]) -> list[list[nodes.Node]]:
        claim = standing.claim
        target = nodes.target("", "", ids=[_anchor(claim)], names=[_anchor(claim)])
        self.state.document.note_explicit_target(target)
        self.env.domains["std"].note_object(_OBJECT, claim.id, _anchor(claim), location=target)
        title = nodes.paragraph("", "", target, nodes.strong(text=claim.id), nodes.Text(" "))
        title += [*set_formulas(claim.heading), nodes.Text(" "), make_mark(claim.mark)]
        said = [claim.statement.strip()]
        if standing.evidence:
            said.append("Evidence: " + standing.evidence)
        if claim.design is None and (share := share_of_claim(claim)):
            said.append(f"Over the protocols studied it {describe_share(share)}")
        said.append(f"Held against: {claim.tolerance.strip()}")
        if standing.labels:
            said.append("Labels: " + ", ".join(standing.labels))
        inside = [nodes.paragraph("", "", *set_formulas(text), classes=["cl-evidence"]) for text in said]
        numbers = [find(standing) for find in _NUMBERS.values()]
        labels = [label.partition(":")[0] for label in standing.labels]
        labels = [label for label in labels if label not in _UNSAID]
        verdict: list[nodes.Node] = [nodes.paragraph("", "", _badge(standing.verdict, standing.words))]
        if labels and standing.verdict != NOT_RUN:
            verdict.append(nodes.paragraph(text=", ".join(dict.fromkeys(labels)), classes=["cl-quiet"]))
        return [
            [title, make_fold("Evidence", inside, unseen=f" for {claim.id}")],
            *([nodes.paragraph(text=numbers[place])] if numbers[place] else [] for place in measured),
            verdict,
        ]


_UNSAID = ("exploratory", "primary", "added", "amended")
"""Labels that nearly every claim on runs has; the folded evidence names them."""


def _say_reported(standing: Standing) -> str:
    test = standing.claim.test
    return "" if test is None or test.effect is None else f"paper {format_signed(test.effect, 1)}"


def _say_found(standing: Standing) -> str:
    found = standing.interval
    if found is None:
        return ""
    return f"here {format_signed(found.mean, 1)} ({format_signed(found.low, 1)} to {format_signed(found.high, 1)})"


_NUMBERS = {"Reported": _say_reported, "Found": _say_found}
"""Columns of numbers, for claims on runs: differences in the claimed direction, with what a cell says of a claim."""


def table(
    head: Sequence[str], rows: Sequence[Sequence[Sequence[nodes.Node]]], *, wordy: bool = True
) -> nodes.container:
    """Return a table in a box of its own that scrolls where it is wider than the page; `wordy` cells keep some width."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    heading = nodes.row("", *(nodes.entry("", nodes.paragraph(text=title)) for title in head))
    group += nodes.thead("", heading)
    group += nodes.tbody("", *(nodes.row("", *(nodes.entry("", *cell) for cell in row)) for row in rows))
    return nodes.container("", nodes.table("", group, classes=["cl-wordy"] if wordy else []), classes=["cl-scroll"])


def linked_badge(env: BuildEnvironment, standing: Standing, *, named: bool) -> nodes.Node:
    """Return the verdict, or, `named`, the chip with the claim's id, as a link to where the claim is decided."""
    return link_claim(env, standing, _chip(standing) if named else _badge(standing.verdict, standing.words))


def link_claim(env: BuildEnvironment, standing: Standing, inner: nodes.Node) -> nodes.Node:
    """Return `inner` as a link to where the claim is decided; plain while that page is not in the book."""
    if standing.claim.page not in env.found_docs:
        return inner
    return claim_link("", "", inner, page=standing.claim.page, anchor=_anchor(standing.claim))


def colour_of(standing: Standing) -> str:
    """Return the class that colours what is said of a claim."""
    return _COLOURS[standing.verdict]


def _chip(standing: Standing) -> nodes.inline:
    """Return a claim's id and sign; a condition is shown, any other verdict said to those who cannot see the colour."""
    colour = colour_of(standing)
    chip = nodes.inline("", f"{standing.claim.id} {SIGNS[colour]}", classes=["cl-badge", "cl-chip", colour])
    if standing.verdict == HOLDS_WHEN:
        chip += [nodes.Text(" "), *set_formulas(standing.words)]
    else:
        chip += nodes.inline("", f" {standing.words}", classes=["cl-unseen"])
    return chip


def printed_verdict(claim: str, verdict: str, evidence: str, condition: str = "") -> nodes.paragraph:
    """Return a verdict line as a cell prints it: id, badge with the condition if there is one, evidence."""
    line = nodes.paragraph("", "", nodes.strong(text=claim), nodes.Text(" "), classes=["cl-verdict-line"])
    line += [_badge(verdict, in_words(verdict, condition)), *set_formulas(" " + evidence)]
    return line


def _badge(verdict: str, words: str) -> nodes.inline:
    return nodes.inline("", "", *set_formulas(words), classes=["cl-badge", _COLOURS[verdict]])


def _anchor(claim: Claim) -> str:
    return f"claim-{claim.id.lower()}"


def _link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    labels = app.env.domaindata["std"]["anonlabels"]
    for link in list(doctree.findall(claim_link)):
        page, anchor = link["page"], link["anchor"]
        if labels.get(anchor, ("", ""))[0] != page:
            _LOGGER.warning("%s does not list its verdicts; end it with `:::{verdicts}`", page, type="cl_book")
        address = app.builder.get_relative_uri(docname, page) + "#" + anchor
        link.replace_self(nodes.reference("", "", *link.children, internal=True, refuri=address))


def _let_search_find(app: Sphinx, _config: Config) -> None:
    """Make claims known to the search before the domains are made."""
    app.registry.domain_object_types.setdefault("std", {})[_OBJECT] = ObjType("claim")


def setup(app: Sphinx) -> None:
    """Register roles and directives, and ask anew for each build."""
    app.add_node(claim_link)
    app.connect("config-inited", _let_search_find)
    app.connect("doctree-resolved", _link)
    app.connect("builder-inited", lambda _app: standings.cache_clear())
    app.add_directive("reads", Reads)
    app.add_directive("legend", Legend)
    app.add_directive("verdicts", Verdicts)
    app.add_role("claim", ClaimRole())
