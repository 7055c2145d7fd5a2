"""``:::{answers} frozen``: what a method gains on every stream, computed from the stored runs when the book is built."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import overview
from cl_book.claims.answers import QUESTIONS, Answer, Question, answer, count_by_measure
from cl_book.notebooks.record import format_signed
from cl_book.pages.claim_boxes import SIGNS, colour_of, link_claim, standings, table
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.experiments import store
from cl_core.experiments.protocols import COMPANION, PROTOCOLS
from cl_core.runs.result_set import read_results


class Answers(SphinxDirective):
    """``:::{answers} frozen``: a method's gain in accuracy and in forgetting on every stream, and how often it is ahead.

    Each number is a mean over seeds with its 95 % interval. Its colour is that of the claim that was stated on it.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the counts and the table; an unknown question is an error."""
        name = self.arguments[0]
        if name not in QUESTIONS:
            raise self.error(f"there is no question about {name!r}{suggest(name, QUESTIONS)}")
        noted(self.env)
        question = QUESTIONS[name]
        rows = answer(question, read_results(), standings().values())
        lines = [
            [[nodes.paragraph(text=overview.STREAMS[experiment])], *map(self._cell, cells)]
            for experiment, cells in rows.items()
            if any(cell is not None and cell.interval is not None for cell in cells)
        ]
        counts = [nodes.paragraph(text=sentence) for sentence in _count(question, list(rows.values()))]
        if not lines:
            return list(counts)
        box = table(["Stream", *(title for title, *_ in question.columns)], lines, wordy=False)
        box["classes"].append("cl-answers")
        return [*counts, box]

    def _cell(self, given: Answer | None) -> list[nodes.Node]:
        if given is None:
            return [nodes.paragraph(text="—")]
        classes = ["cl-badge", "cl-undecided" if given.standing is None else colour_of(given.standing)]
        if given.interval is None:
            chip = nodes.inline("", "not run", classes=["cl-badge", "cl-undecided"])
            return [nodes.paragraph("", "", chip)]
        chip = nodes.inline("", f"{format_signed(given.interval.mean, 1)} {SIGNS[classes[-1]]}", classes=classes)
        linked = chip if given.standing is None else link_claim(self.env, given.standing, chip)
        ends = f"{format_signed(given.interval.low, 1)} to {format_signed(given.interval.high, 1)}"
        return [
            nodes.paragraph("", "", linked),
            nodes.paragraph(text=ends, classes=["cl-quiet"]),
        ]


class Protocols(SphinxDirective):
    """``:::{protocols}``: under which training protocols there are results on test images, and under which there are none yet."""

    def run(self) -> list[nodes.Node]:
        """Return the sentence."""
        noted(self.env)
        runs = list(read_results().current.values())
        made = [name for name in PROTOCOLS if any(_is_of(name, run) for run in runs)]
        missing = [name for name in PROTOCOLS if name not in made]
        paragraph = nodes.paragraph()
        protocols = "one training protocol" if len(made) == 1 else "these training protocols"
        paragraph += nodes.Text(f"Runs are stored under {protocols}. ")
        for name in made:
            paragraph += [nodes.literal(text=name), nodes.Text(f": {PROTOCOLS[name].summary}. ")]
        for name in missing:
            paragraph += [
                nodes.Text("Under "),
                nodes.literal(text=name),
                nodes.Text(f", {PROTOCOLS[name].summary}, nothing is run yet. "),
            ]
        return [paragraph]


def _is_of(name: str, run: store.Result) -> bool:
    """Tell whether a run was made under the protocol: what the protocol sets, of the settings that the run read, is as it says."""
    if name == COMPANION:
        return not any(_is_of(other, run) for other in PROTOCOLS if other != COMPANION)
    values = PROTOCOLS[name].values
    return all(run.config[setting] == sourced.value for setting, sourced in values.items() if setting in run.config)


def _count(question: Question, rows: list[list[Answer | None]]) -> list[str]:
    words = {"avg_acc": "average accuracy at the end", "forgetting": "forgetting"}
    return [
        f"In {words[measure]} {question.of} training is better in {counts['better']} of the {counts['run']} comparisons that "
        f"were run, worse in {counts['worse']} and open in {counts['open']}, each by its own interval"
        + (f"; {counts['not run']} are not run yet." if counts["not run"] else ".")
        for measure, counts in count_by_measure(question, rows).items()
    ]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("answers", Answers)
    app.add_directive("protocols", Protocols)
