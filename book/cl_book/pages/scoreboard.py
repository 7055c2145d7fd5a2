"""The scoreboard: every claim, what the paper reports, what came out here, and the command that repeats it."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import report
from cl_book.claims.claim import Standing
from cl_book.claims.design_claims import share_of_claim
from cl_book.claims.run_claims import EXPLORATORY, FAMILY, PRIMARY
from cl_book.notebooks.record import format_signed
from cl_book.pages.claim_boxes import linked_badge, standings, table
from cl_book.pages.claim_runs import link_runs
from cl_book.pages.design_pages import make_bar
from cl_book.pages.evidence_marks import MARKS, make_mark
from cl_book.pages.evidence_table import make_evidence
from cl_book.pages.folds import make_fold
from cl_book.pages.formulas import set_formulas
from cl_book.pages.numbers import reported
from cl_core.runs.result_set import ResultSet, read_results

_SOURCES = ("theory", "runs", "design")


def _source(argument: str) -> str:
    return directives.choice(argument, _SOURCES)  # type: ignore[no-any-return]


def _origin(argument: str) -> str:
    return directives.choice(argument, ("paper", "ours"))  # type: ignore[no-any-return]


class Scoreboard(SphinxDirective):
    """``:::{scoreboard}``: every claim, where it stands and why, and how to repeat it.

    ``:mark: P`` lists those with that mark alone, ``:origin: paper`` (or ours) those of one origin, ``:source: runs`` (or
    theory, design) those of one source, ``:family: primary`` (exploratory, or a family's own name) those of one family.
    """

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = {
        **{"mark": str, "origin": _origin, "source": _source, "family": str}
    }

    def run(self) -> list[nodes.Node]:
        """Return the table; a selection that no claim is in is an error."""
        chosen = [standing for standing in standings().values() if self._wanted(standing)]
        if not chosen:
            raise self.error(f"no claim is in this selection: {self.options}")
        results = read_results()
        rows = [self._row(each, results) for each in chosen]
        scoreboard = table(["Claim", "What is claimed", "What came out"], rows)
        scoreboard[0]["classes"].append("cl-cards")
        return [scoreboard]

    def _wanted(self, standing: Standing) -> bool:
        claim, family = standing.claim, self.options.get("family")
        return (
            _chosen(standing, self.options)
            and claim.source == self.options.get("source", claim.source)
            and (family is None or {family, f"{FAMILY} {family}"} & set(standing.labels) != set())
        )

    def _row(self, standing: Standing, results: ResultSet) -> list[list[nodes.Node]]:
        claim = standing.claim
        statement = nodes.paragraph(
            "", "", nodes.strong(text=claim.heading), *set_formulas(". " + claim.statement.strip())
        )
        where = nodes.paragraph(
            "", "", make_mark(claim.mark), nodes.Text(" " + claim.where.strip()), classes=["cl-quiet"]
        )
        first = [nodes.paragraph(text=claim.id), nodes.paragraph("", "", linked_badge(self.env, standing, named=False))]
        # What follows a colon is a reason; the evidence has it.
        labels = [label.partition(":")[0] for label in standing.labels if label not in {EXPLORATORY, PRIMARY}]
        if labels:
            first.append(nodes.paragraph(text=", ".join(labels), classes=["cl-quiet"]))
        return [first, [statement, where], [*self._numbers(standing), *_folded(standing, results)]]

    def _numbers(self, standing: Standing) -> list[nodes.Node]:
        test, interval = standing.claim.test, standing.interval
        if test is None:
            return []
        lines: list[nodes.Node] = []
        if test.effect is not None:
            table_ = reported(self.env)
            marks = dict.fromkeys(table_[key].mark for key in test.paper)
            line = nodes.paragraph("", f"Reported: {format_signed(test.effect)} {test.unit} ")
            line += [make_mark(letter) for letter in marks]
            lines.append(line)
        if interval is not None:
            ours = f"Here: {format_signed(interval.mean)} {test.unit} ({format_signed(interval.low)} to {format_signed(interval.high)}), {interval.seeds} seeds"
            lines.append(nodes.paragraph(text=ours))
        share = share_of_claim(standing.claim)
        return lines if share is None else [*lines, make_bar(share)]


class Tally(SphinxDirective):
    """``:::{tally}``: how many statements of the paper stand where, and apart from them how many claims of our own.

    A line says how many of the paper's name our two-level rule or a depth, one how many verdicts chance alone would give. ``:mark: P`` counts claims with that mark alone, ``:origin:
    paper`` (or ours) those of one origin.
    """

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = {"mark": str, "origin": _origin}

    def run(self) -> list[nodes.Node]:
        """Return the lines."""
        counted = [standing for standing in standings().values() if _chosen(standing, self.options)]
        lines: list[nodes.Node] = [
            nodes.paragraph(text=f"Of {line}.", classes=["cl-tally"]) for line in report.tally(counted)
        ] or [nodes.paragraph(text="No claim is written down yet.", classes=["cl-tally"])]
        lines += [
            nodes.paragraph(text=sentence[0].upper() + sentence[1:] + ".")
            for sentence in (report.describe_readings(counted), report.by_chance(counted))
            if sentence
        ]
        return lines


def _chosen(standing: Standing, options: Mapping[str, str]) -> bool:
    claim = standing.claim
    return claim.mark in options.get("mark", "".join(MARKS)) and claim.origin == options.get("origin", claim.origin)


def _folded(standing: Standing, results: ResultSet) -> list[nodes.Node]:
    """Return evidence and command behind a summary that opens: most readers of a list want neither at first."""
    inside: list[nodes.Node] = []
    if standing.evidence:
        reasons = "".join(f"; {label}" for label in standing.labels if ":" in label)
        inside.append(make_evidence(standing.evidence + reasons))
    inside += link_runs(standing, results)
    for line in report.describe_commands(standing.claim, results):
        is_command = line.startswith("cl-core ")
        text = nodes.literal(text=line) if is_command else nodes.Text(line[:1].upper() + line[1:])
        inside.append(nodes.paragraph("", "", text, classes=["cl-command" if is_command else "cl-evidence"]))
    title = "Evidence and command" if standing.evidence else "Command"
    return [make_fold(title, inside, unseen=f" for {standing.claim.id}")]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("scoreboard", Scoreboard)
    app.add_directive("tally", Tally)
