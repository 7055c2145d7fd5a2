"""An experiment's reference results as a table, beside the paper's row: read from results/ when the book is built."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import summaries
from cl_book.claims.arms import PROFILE, title_of
from cl_book.claims.paper_table import Reported
from cl_book.claims.run_claims import UNAVAILABLE
from cl_book.claims.summaries import Row, Spread
from cl_book.pages.claim_boxes import table
from cl_book.pages.evidence_marks import make_mark
from cl_book.pages.implied_table import spell_stream
from cl_book.pages.numbers import reported
from cl_book.pages.result_values import noted
from cl_book.pages.results_link import results_link
from cl_book.pages.role_errors import suggest
from cl_core.experiments.catalogue import CATALOGUE, PROFILES
from cl_core.experiments.settings import SETTINGS, parse
from cl_core.experiments.strategy_table import STRATEGIES
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet, read_results
from cl_core.settings_base import Value
from cl_core.streams.definitions import DEFINITIONS

_TITLES = {name: MEASURES[name].title[:1].upper() + MEASURES[name].title[1:] for name in summaries.SHOWN}


class Reference(SphinxDirective):
    """``:::{reference} split-cifar100``: each strategy's reference results beside the paper's row, and how they were made.

    ``:over: overlap`` also takes runs that change that setting alone (several: those), a row for each value,
    ``:at: tasks=10 classes=10`` takes runs with those values in place of the protocol's,
    ``:strategies: frozen masked`` leaves out all others, ``:profile: paper`` takes runs of that size, and ``:distance:`` adds how far the parameters moved.
    ``:brief:`` leaves out the paper's row and how the results were made. Where nothing was run it says so.
    """

    required_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], str | None]]] = {
        "over": directives.unchanged_required,
        "at": directives.unchanged_required,
        "strategies": directives.unchanged_required,
        "profile": directives.unchanged_required,
        "distance": directives.flag,
        "brief": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown experiment is an error."""
        name = self.arguments[0]
        if name not in CATALOGUE:
            raise self.error(f"there is no experiment {name!r}{suggest(name, CATALOGUE)}")
        over = self.options.get("over", "").split()
        strategies = self.options["strategies"].split() if "strategies" in self.options else None
        for word in over:
            if word not in SETTINGS:
                raise self.error(f"there is no setting {word!r}{suggest(word, SETTINGS)}")
        try:
            at = dict(parse(word) for word in self.options.get("at", "").split())
        except ValueError as error:
            raise self.error(str(error)) from None
        for word in strategies or ():
            if word not in STRATEGIES:
                raise self.error(f"there is no strategy {word!r}{suggest(word, STRATEGIES)}")
        profile = self.options.get("profile", PROFILE)
        if profile not in PROFILES:
            raise self.error(f"there is no profile {profile!r}{suggest(profile, PROFILES)}")
        results = read_results()
        noted(self.env, f"{profile}/{name}/*")
        paper = {key: number for key, number in reported(self.env).items() if key.split("/")[1] == name}
        if "brief" in self.options or at:
            paper = {}
        elif strategies is not None:
            paper = {key: number for key, number in paper.items() if key.split("/")[2] in strategies}
        rows = summaries.rows(name, results, over=over, at=at, strategies=strategies, profile=profile)
        return [
            *self._table(rows, paper, over),
            *([results_link()] if rows and "brief" not in self.options else []),
            *_about(name, results, profile, at, ran=bool(rows), paper=bool(paper), brief="brief" in self.options),
        ]

    def _table(self, rows: list[Row], paper: dict[str, Reported], over: list[str]) -> list[nodes.Node]:
        """Return the rows that ran, and behind them the paper's of strategies that did not."""
        own = {(metric, strategy): number for metric, strategy, number in _by_place(paper)}
        reported_alone = dict.fromkeys(
            strategy for _, strategy in own if strategy not in {row.strategy for row in rows}
        )
        if not rows and not own:
            return []
        # A setting that no row has says nothing yet.
        kept = [place for place in range(len(over)) if any(row.values[place] is not None for row in rows)]
        best = _find_best(rows, self._titles())
        lines = [self._line(row, own, kept, best) for row in rows]
        lines += [self._line(Row(strategy, (None,) * len(over), (), {}), own, kept, {}) for strategy in reported_alone]
        settings = [str(SETTINGS[over[place]].title) for place in kept]
        results = table(["Strategy", *settings, *self._titles().values(), "Seeds"], lines, wordy=False)
        results["classes"].append("cl-results")
        return [results]

    def _line(
        self, row: Row, own: dict[tuple[str, str], Reported], kept: list[int], best: Mapping[str, Row]
    ) -> list[list[nodes.Node]]:
        cells: list[list[nodes.Node]] = [[nodes.paragraph(text=title_of(row.strategy))]]
        cells += [[nodes.paragraph(text=_value(row.values[place]))] for place in kept]
        for metric in self._titles():
            spread = row.measures.get(metric)
            cell: list[nodes.Node] = [_spread(spread, best=best.get(metric) is row)]
            if (metric, row.strategy) in own and not row.changed:
                cell.append(_reported(own[metric, row.strategy]))
            cells.append(cell)
        return [*cells, [nodes.paragraph(text=str(len(row.seeds)) if row.seeds else "not run")]]

    def _titles(self) -> dict[str, str]:
        return {**_TITLES, summaries.DISTANCE: "Distance moved"} if "distance" in self.options else _TITLES


def _find_best(rows: list[Row], titles: Iterable[str]) -> dict[str, Row]:
    """Return the best row of each measure; bounds are no methods, and what cannot forget is not best at forgetting."""
    best = {}
    for name in set(titles) & set(MEASURES):
        measured = [
            (row.measures[name].mean, row)
            for row in rows
            if name in row.measures
            and STRATEGIES[row.strategy].kind != "bound"
            and not (MEASURES[name].better == "less" and row.strategy == "frozen-0")
        ]
        if len(measured) > 1:
            best[name] = (max if MEASURES[name].better == "more" else min)(measured, key=lambda pair: pair[0])[1]
    return best


def _spread(spread: Spread | None, *, best: bool = False) -> nodes.paragraph:
    """Return the mean, bold where it is the best, and the deviation, which the style sheet sets below it."""
    if spread is None:
        return nodes.paragraph(text="—")
    mean, _, deviation = str(spread).replace("-", "−").partition(" ± ")
    paragraph = nodes.paragraph("", "", nodes.strong(text=mean) if best else nodes.Text(mean))
    if deviation:
        paragraph += [nodes.Text(" "), nodes.inline("", f"± {deviation}", classes=["cl-deviation"])]
    return paragraph


def _value(value: Value | None) -> str:
    if value is None:
        return "—"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _by_place(paper: dict[str, Reported]) -> list[tuple[str, str, Reported]]:
    """Return metric, strategy and number of the paper's rows; differences between strategies are left out."""
    places = []
    for key, number in paper.items():
        _, _, strategy, metric = key.split("/")
        if "-minus-" not in strategy:
            places.append((metric, strategy, number))
    return places


def _reported(number: Reported) -> nodes.paragraph:
    paragraph = nodes.paragraph("", f"reported {number.mean} ", classes=["cl-quiet"])
    if number.std:
        paragraph += [nodes.inline("", f"± {number.std}", classes=["cl-deviation"]), nodes.Text(" ")]
    paragraph += make_mark(number.mark)
    return paragraph


def _about(
    name: str, results: ResultSet, profile: str, at: Mapping[str, Value], *, ran: bool, paper: bool, brief: bool
) -> list[nodes.Node]:
    """Return how the results were made; where nothing ran, what is not run, by name, and why."""
    facts = summaries.circumstances(name, results, profile)
    circumstances = "; ".join(facts)
    text = f"Reference results in per cent, mean ± standard deviation over seeds: {circumstances}. "
    if not ran:
        needs = UNAVAILABLE.get(DEFINITIONS[CATALOGUE[name].stream].dataset)
        stream = spell_stream(name)
        values = ", ".join(f"{str(SETTINGS[word].title).lower()} {_value(value)}" for word, value in at.items())
        where = f" at {values}" if values else ""
        missing = f"{stream} needs {needs}" if needs else f"there is no reference result of {stream}{where}"
        text = f"Not run: {missing}. "
    elif not facts:
        text = "Reference results in per cent, mean ± standard deviation over seeds. "
    if ran and brief:
        text = ""
    if paper:
        other = "of choices" if profile == "paper" else "of another width and of choices"
        text += f"The paper's numbers are {other} that are not known."
    left_out = summaries.stale(name, results, profile)
    if left_out:
        text += f" Stale and left out: {', '.join(left_out)}."
    return [nodes.paragraph(text=text.strip(), classes=["cl-evidence"])] if text else []


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("reference", Reference)
