"""The paper's reported numbers held against each other, computed when the book is built."""

from collections.abc import Callable, Mapping
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.consistency import ReportedRow, reported_strategies
from cl_book.claims.contrasts import task_accuracy_gains, variant_changes, variant_differences
from cl_book.claims.paper_table import PAPER
from cl_book.notebooks.record import format_signed
from cl_book.pages.claim_boxes import table
from cl_book.pages.evidence_marks import make_mark
from cl_book.pages.numbers import reported

_NONE = "none"


class Implied(SphinxDirective):
    """``:::{implied} triples``: rows with Avg.Acc, Task.Acc and Forgetting, and the number of tasks that fits the three.

    ``:::{implied} pairs``: rows without Task.Acc, and the largest number of tasks that keeps it at 100 or below.
    ``:::{implied} task-accuracy``: Task.Acc of adaptive less initialized training, wherever it is reported.
    ``:::{implied} variants``: frozen less initialized training on a stream and on its variant.
    ``:::{implied} changes``: what each strategy's measures gain from a stream to its variant.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        kind = directives.choice(self.arguments[0], ("triples", "pairs", *_CONTRASTS))
        self.env.note_dependency(str(Path(self.env.srcdir) / PAPER))
        if kind in _CONTRASTS:
            columns, body = _CONTRASTS[kind]
            return [table(columns, [[[nodes.paragraph(text=text)] for text in row] for row in body()], wordy=False)]
        chosen = [row for row in reported_strategies() if (row.task is None) == (kind == "pairs")]
        head, line = {"triples": (_TRIPLES, _triple), "pairs": (_PAIRS, _pair)}[kind]
        marks = {tuple(key.split("/")[1:3]): number.mark for key, number in reported(self.env).items()}
        cells = [[[_name(row, marks)], *([nodes.paragraph(text=text)] for text in line(row))] for row in chosen]
        return [table(head, cells, wordy=False)]


_TRIPLES = (
    "Row",
    "Forgetting",
    "Implied",
    "Tasks",
    "Tasks at which all three fit",
    "Fewest tasks, if counted from the peak",
    "Avg.Acc",
    "Task.Acc",
)
_PAIRS = ("Row", "Avg.Acc", "Forgetting", "Most tasks that they allow")


def _triple(row: ReportedRow) -> list[str]:
    implied = f"{row.expected_forgetting:.2f}"
    fitting = _NONE if row.fitting is None else f"{row.fitting:.1f}"
    least = _NONE if row.least_from_peak is None else str(row.least_from_peak)
    return [f"{row.forgetting:.2f}", implied, str(row.tasks), fitting, least, f"{row.average:.2f}", f"{row.task:.2f}"]


def _pair(row: ReportedRow) -> list[str]:
    return [
        f"{row.average:.2f}",
        f"{row.forgetting:.2f}",
        "any number" if row.most is None else str(row.most),
    ]


_SPELLED = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "cub200": "CUB-200",
    "cub50": "CUB-50",
    "deng": "(Deng et al.)",
    "mnist": "MNIST",
    "20": "in twenty tasks",
}


def spell_stream(experiment: str) -> str:
    """Return an experiment's name in words."""
    return " ".join(_SPELLED.get(word, word.capitalize()) for word in experiment.split("-"))


_MEASURES = {"forgetting": "Forgetting", "avg_acc": "Avg.Acc"}
_CONTRASTS: dict[str, tuple[tuple[str, ...], Callable[[], list[list[str]]]]] = {
    "task-accuracy": (
        ("Experiment", "Task.Acc, adaptive less initialized"),
        lambda: [[spell_stream(name), format_signed(gain)] for name, gain in task_accuracy_gains().items()],
    ),
    "variants": (
        ("Variant", "Measure", "Frozen less initialized, plain stream", "The same, variant"),
        lambda: [
            [spell_stream(variant), _MEASURES[measure], format_signed(plain), format_signed(varied)]
            for variant, measure, plain, varied in variant_differences()
        ],
    ),
    "changes": (
        ("Variant", "Strategy", "Avg.Acc, variant less plain stream", "Forgetting, the same"),
        lambda: [
            [spell_stream(variant), strategy, format_signed(accuracy), format_signed(forgetting)]
            for variant, strategy, accuracy, forgetting in variant_changes()
        ],
    ),
}


def _name(row: ReportedRow, marks: Mapping[tuple[str, ...], str]) -> nodes.paragraph:
    """Return experiment and strategy in words, with the mark of where the numbers come from."""
    return nodes.paragraph(
        "", f"{spell_stream(row.experiment)}, {row.strategy} ", make_mark(marks[row.experiment, row.strategy])
    )


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("implied", Implied)
