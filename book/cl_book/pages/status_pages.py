"""Pages that are made of facts: where each part of the paper is taken up, how fresh each page is, how long runs take."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.notebooks import notebook, stamps
from cl_book.pages import result_values, stale_banner
from cl_book.pages.claim_boxes import linked_badge, standings, table
from cl_book.pages.evidence_marks import make_mark
from cl_book.pages.footer import read_timings
from cl_book.pages.results_link import results_link
from cl_book.pages.role_errors import suggest
from cl_core.experiments.progress import format_duration
from cl_core.experiments.provenance import code_digest
from cl_core.experiments.store import Result
from cl_core.runs import ledger
from cl_core.runs.result_set import read_results
from cl_core.runs.staleness import State

_NOT_YET = "not run yet"


class PaperMap(SphinxDirective):
    """``:::{papermap}``: a YAML list of parts of the paper (place, says, mark, page, claims) as a table.

    A page that is not in the book says so, and has no command.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown claim is an error."""
        entries = yaml.safe_load("\n".join(self.content))
        head = [
            "In the paper",
            "What is known of it",
            "Taken up in, and computed by",
            "Claims, and the code cell that decides",
        ]
        tables = table(head, [self._row(entry) for entry in entries])
        tables[0]["classes"].append("cl-cards")
        return [tables]

    def _row(self, entry: dict[str, Any]) -> list[list[nodes.Node]]:
        page = entry["page"]
        exists = page in self.env.found_docs
        where = [nodes.paragraph("", "", page_link(page))] if exists else [nodes.paragraph(text=_NOT_YET)]
        if exists and notebook_path(self.env.srcdir, page).is_file():
            where.append(nodes.paragraph("", "", nodes.literal(text=f"cl-core rerun {page}.ipynb")))
        return [
            [nodes.paragraph("", "", nodes.strong(text=entry["place"]))],
            [nodes.paragraph("", "", nodes.Text(entry["says"] + " "), make_mark(entry["mark"]))],
            where,
            self._claims(entry.get("claims", []), page),
        ]

    def _claims(self, ids: list[str], page: str) -> list[nodes.Node]:
        known = standings()
        lines = []
        for claim in ids:
            if claim not in known:
                raise self.error(f"there is no claim {claim!r}{suggest(claim, known)}")
            line = nodes.paragraph("", "", linked_badge(self.env, known[claim], named=True))
            line += nodes.Text(f" {known[claim].claim.heading}{self._cell(claim, known[claim].claim.page)}")
            lines.append(line)
        return lines or [nodes.paragraph(text="none yet")]

    def _cell(self, claim: str, page: str) -> str:
        path = notebook_path(self.env.srcdir, page)
        if not path.is_file():
            return ""
        cells = [line.cell for line in notebook.read_verdicts(notebook.load(path)) if line.claim == claim]
        return f", cell\u00a0{cells[0]}" if cells else ""


class Status(SphinxDirective):
    """``:::{status}``: each notebook page, when it last ran, how long that took and whether it is fresh."""

    def run(self) -> list[nodes.Node]:
        """Return the tables, or a sentence while there is no notebook in the book."""
        record = read_timings(Path(self.env.srcdir))
        rows = [self._row(page, record) for page in sorted(self.env.found_docs) if self._is_notebook(page)]
        if not rows:
            return [nodes.paragraph(text="No notebook is in the book yet.")]
        tables = [table(["Page", "State", "Last refreshed", "Seconds to run", "Digest"], rows, wordy=False)]
        machines = {_environment(entry): entry for entry in record.values()}
        if machines:
            lines = nodes.bullet_list()
            lines += [nodes.list_item("", nodes.paragraph(text=line)) for line in sorted(machines)]
            tables += [nodes.paragraph(text="The outputs were computed with:"), lines]
        return tables

    def _is_notebook(self, page: str) -> bool:
        return stale_banner.find_notebook(self.env, page) is not None

    def _row(self, page: str, record: dict[str, dict[str, Any]]) -> list[list[nodes.Node]]:
        entry = record.get(page.rpartition("/")[2], {})
        reasons = stale_banner.find_reasons(notebook_path(self.env.srcdir, page))
        return [
            [nodes.paragraph("", "", page_link(page))],
            [nodes.paragraph(text="stale: " + "; ".join(reasons) if reasons else "fresh")],
            [nodes.paragraph(text=entry.get("refreshed", "never"))],
            [nodes.paragraph(text=str(entry.get("seconds", "—")))],
            [_short(stamps.digest_outputs(notebook_path(self.env.srcdir, page)))],
        ]


class RunTimes(SphinxDirective):
    """``:::{runtimes}``: how long the stored reference runs took, by experiment, and on what they were computed."""

    def run(self) -> list[nodes.Node]:
        """Return the table, or a sentence while no run is stored."""
        seconds: dict[str, list[float]] = {}
        machines = set()
        result_values.noted(self.env)
        for result in read_results().results.values():
            if "total_s" in result.recorded.get("times", {}):
                seconds.setdefault(f"{result.experiment}, {result.profile}", []).append(
                    result.recorded["times"]["total_s"]
                )
                machine = result.recorded["machine"]
                card = machine.get("device", "cpu")
                name = machine["processor"] if card == "cpu" else f"{card} beside {machine['processor']}"
                machines.add(
                    f"profile {result.profile}: {name}, {machine['system']}, {machine['threads']} thread a run"
                )
        if not seconds:
            return [nodes.paragraph(text="No reference run is stored yet, so there is no time to tell.")]
        head = ["Experiment and profile", "Runs", "A run, median", "All of them, one after another"]
        cells = [
            (kind, str(len(all_)), format_duration(median(all_)), format_duration(sum(all_)))
            for kind, all_ in sorted(seconds.items())
        ]
        rows: list[list[list[nodes.Node]]] = [[[nodes.paragraph(text=text)] for text in row] for row in cells]
        lines = [nodes.list_item("", nodes.paragraph(text=line)) for line in sorted(machines)]
        where = nodes.paragraph(text="These times were recorded as the runs were computed, on:")
        return [table(head, rows, wordy=False), where, nodes.bullet_list("", *lines)]


class RunStatus(SphinxDirective):
    """``:::{runstatus}``: the stored reference runs by experiment, with their data and digests, and whether they hold."""

    def run(self) -> list[nodes.Node]:
        """Return the table and what the runs were made with, or a sentence while no run is stored."""
        groups: dict[tuple[str, str], list[str]] = {}
        made_with = set()
        result_values.noted(self.env)
        self.env.note_dependency(str(Path(self.env.srcdir) / ledger.LEDGER))
        results = read_results()
        stored = results.results
        for name, result in stored.items():
            groups.setdefault((f"{result.experiment}, {result.profile}", result.data["label"]), []).append(name)
            made_with.add(_made_with(result))
        if not stored:
            return [nodes.paragraph(text="No reference run is stored yet.")]
        rows = [
            [
                *(
                    [nodes.paragraph(text=text)]
                    for text in (kind, str(len(names)), _hold([results.states[name] for name in names]), data)
                ),
                [_short(stamps.digest("\n".join(sorted(stored[name].digest for name in names))))],
            ]
            for (kind, data), names in sorted(groups.items())
        ]
        lines = nodes.bullet_list()
        lines += [nodes.list_item("", nodes.paragraph(text=line)) for line in sorted(made_with)]
        head = ["Experiment and profile", "Runs", "State", "Data", "Digest"]
        known = nodes.paragraph(text=_confirmation())
        made_by = nodes.paragraph(text="The runs were computed with:")
        return [table(head, rows, wordy=False), results_link(), known, made_by, lines]


def _made_with(result: Result) -> str:
    versions, machine = result.recorded.get("versions", {}), result.recorded.get("machine", {})
    packages = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"{packages}; {machine.get('processor')}, {machine.get('system')}; protocol {result.protocol}"


def _hold(states: list[State]) -> str:
    counts = Counter(state.word for state in states)
    return ", ".join(f"{counts[word]} {word}" for word in ("stale", "unconfirmed") if counts[word]) or "current"


def _confirmation() -> str:
    """Say in a sentence how it is known that today's code gives the stored results."""
    entry = ledger.confirmation_of(code_digest())
    repeated = ledger.repetitions(ledger.confirmations()).values()
    said = "No golden run has been held against today's code yet; `cl-core confirm` does it."
    if entry is not None:
        day = datetime.fromisoformat(entry.date)
        said = f"Today's code was confirmed on {day:%d} {day:%B} {day:%Y} by {entry.golden_runs} golden runs, all as stored."
    if repeated:
        equal = sum(one.identical for one in repeated)
        said += f" Made again: {len(repeated)} {'result' if len(repeated) == 1 else 'results'}, {equal} identical to the bit"
        largest = max(one.largest for one in repeated)
        said += f", the others within {largest:.2f} points." if equal < len(repeated) else "."
    return said


def _short(digest: str) -> nodes.paragraph:
    """Return the beginning of a digest; the whole one is its tooltip."""
    return nodes.paragraph("", "", nodes.abbreviation("", digest[:8], explanation=digest))


def page_link(page: str) -> addnodes.pending_xref:
    """Return a link to a page of the book that shows its title."""
    inner = nodes.inline("", page)
    return addnodes.pending_xref(
        "", inner, refdomain="std", reftype="doc", reftarget="/" + page, refexplicit=False, refwarn=True
    )


def notebook_path(top: str | Path, page: str) -> Path:
    """Return where the notebook behind `page` would be."""
    return Path(top) / f"{page}.ipynb"


def _environment(entry: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in sorted(entry["versions"].items()))
    hardware = entry["hardware"]
    return f"Python {entry['python']}, {packages}; {hardware['processor']} ({hardware['machine']}), {hardware['cores']} cores"


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("papermap", PaperMap)
    app.add_directive("status", Status)
    app.add_directive("runtimes", RunTimes)
    app.add_directive("runstatus", RunStatus)
