"""What was tried on validation and what it chose, as a table: read from the stored validation runs."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims.choices import CHOICES, Choice, decide, format_command, list_trials
from cl_book.claims.repeat_command import name_route
from cl_book.pages.claim_boxes import table
from cl_book.pages.role_errors import suggest
from cl_core.experiments import store
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet, read_validation
from cl_core.setting_ranges import format_value


class ChoiceTable(SphinxDirective):
    """``:::{choices} ewc-resnet lwf-resnet``: the values tried on validation, how each ended, and the one chosen.

    Beneath stands the command that makes the runs again. A choice whose runs are not there is shown as planned.
    """

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the table and the commands; an unknown choice is an error."""
        names = self.arguments[0].split()
        for name in names:
            if name not in CHOICES:
                raise self.error(f"there is no choice {name!r}{suggest(name, CHOICES)}")
        for file in store.stored(f"{store.VALIDATION}/*"):
            self.env.note_dependency(str(Path(self.env.srcdir) / file))
        results = read_validation()
        rows = [row for name in names for row in _list_rows(CHOICES[name], results)]
        head = ["Experiment", "Strategy", "Tried", "On validation", "Outcome"]
        chosen = [CHOICES[name] for name in names]
        commands = "\n".join(f"{format_command(one)} --data {name_route(one.experiment)}" for one in chosen)
        return [table(head, rows, wordy=False), nodes.literal_block(commands, commands, language="console")]


def _list_rows(choice: Choice, results: ResultSet) -> list[list[list[nodes.Node]]]:
    measure = MEASURES[choice.measure]
    try:
        trials, chosen = list_trials(choice, results), decide(choice, results)
    except ValueError:
        planned = [f"{name} = {', '.join(map(format_value, values))}" for name, values in choice.grid.items()]
        return [_row(choice, "; ".join(planned), "not run yet", "")]
    return [
        _row(
            choice,
            ", ".join(f"{name} = {format_value(value)}" for name, value in trial.values.items()),
            "diverged" if trial.mean is None else f"{measure.title} {100 * trial.mean:.2f}",
            "chosen" if trial.values == chosen else "",
        )
        for trial in trials
    ]


def _row(choice: Choice, *cells: str) -> list[list[nodes.Node]]:
    return [[nodes.paragraph(text=text)] for text in (choice.experiment, choice.strategy, *cells)]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("choices", ChoiceTable)
