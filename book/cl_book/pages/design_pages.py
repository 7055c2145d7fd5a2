"""What the tables of designs say, set into the page: the axes, shares, curves, deciding choices, regions, distances."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from docutils import nodes
from numpy.typing import ArrayLike
from pydantic import TypeAdapter
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.claims import design_analysis as analysis
from cl_book.claims.design_analysis import Order, Rows, Share
from cl_book.claims.design_claims import describe_region, describe_share, read_current
from cl_book.claims.design_tests import LEAST_PROTOCOLS
from cl_book.figures.design_figures import draw_curve
from cl_book.figures.drawing import to_csv
from cl_book.figures.run_figures import format_values
from cl_book.notebooks.record import format_signed
from cl_book.pages.claim_boxes import table
from cl_book.pages.figure_nodes import data_link, draw, name_data_file
from cl_book.pages.result_values import noted
from cl_book.pages.role_errors import suggest
from cl_core.metric_table import MEASURES
from cl_core.runs.design_axes import LEFT_OUT
from cl_core.runs.design_table import DesignRecord, complete_protocols
from cl_core.runs.designs import DESIGNS, Design

_MOST_DECIDING = 8
_NOTHING_DECIDES = "not told: the choices predict no better than the mean of the other protocols"
_BUDGET, _HEAD, _HEADS_ALIKE = "budget", "head", ("fitted", "plain")
_NEAREST = 5
_NO_UPDATE, _FROZEN, _RULE = (Order(role, "initialized", "avg_acc", 1) for role in ("frozen-0", "frozen", "adaptive"))
_CURVES = (
    _RULE,
    Order("adaptive", "initialized", "task_acc", 1),
    Order("frozen", "initialized", "forgetting", 1),
    _NO_UPDATE,
)
_DECIDED = (*_CURVES, _FROZEN)
_OWN_ORDERS = (
    _NO_UPDATE,
    Order("averaged", "initialized", "avg_acc", 1),
    Order("averaged", "adaptive", "avg_acc", 1),
    Order("frozen-0", "adaptive", "avg_acc", 1),
)


class DesignPart(SphinxDirective):
    """``:::{design} NAME PART``: a part of what the table of that design says; PART is one of PARTS."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the part; where too few protocols ran, a sentence that says how many did."""
        name, part = self.arguments
        for given, known in ((name, DESIGNS), (part, PARTS)):
            if given not in known:
                raise self.error(f"there is no {given!r}{suggest(given, known)}")
        noted(self.env, f"designs/{name}*")
        design = DESIGNS[name]
        if part == "axes":
            return list_axes(design)
        if part == "fields":
            return list_fields()
        records = read_current(name)
        rows = complete_protocols(records)
        if part == "progress":
            return describe_progress(design, len(records), rows, [r.failure for r in records if r.failure])
        if len(rows) < LEAST_PROTOCOLS:
            return [_quiet(_not_yet(design, rows))]
        return PARTS[part](self, design, rows)


def make_bar(share: Share) -> nodes.paragraph:
    """Return ``holds in x of n protocols`` with a small bar of the share and its interval."""
    place = f"--share:{100 * share.value:.0f}%;--low:{100 * share.low:.0f}%;--high:{100 * share.high:.0f}%"
    bar = nodes.raw("", f'<span class="cl-share" style="{place}" aria-hidden="true"></span>', format="html")
    text = describe_share(share)
    return nodes.paragraph("", "", bar, nodes.Text(" " + text[0].upper() + text[1:]), classes=["cl-quiet"])


def list_axes(design: Design) -> list[nodes.Node]:
    """Return the table of axes, and what is left out."""
    rows = [
        [_cell(axis.name), _cell("; ".join(_weighed(axis.levels))), _cell(axis.reason)]
        for axis in sorted(design.axes, key=lambda axis: axis.of_rule)
    ]
    rows += [
        [_cell(f"not varied: {what}"), _cell("–"), _cell(f"{why[0].upper()}{why[1:]}.")]
        for what, why in LEFT_OUT.items()
    ]
    return [table(["Choice", "Values", "Why these"], rows)]


def list_fields() -> list[nodes.Node]:
    """Return what each field of a record means."""
    described = TypeAdapter(DesignRecord).json_schema(mode="serialization")["properties"]
    rows = [
        [[nodes.paragraph("", "", nodes.literal(text=name))], _cell(one["description"])]
        for name, one in described.items()
    ]
    return [table(["Field", "Meaning"], rows)]


def describe_progress(design: Design, records: int, rows: Rows, failures: Sequence[str]) -> list[nodes.Node]:
    """Return how many protocols and runs are there, and how many runs diverged."""
    text = f"{len(rows)} of {design.protocols} protocols ran ({records} of {design.runs} runs)."
    if not records:
        text = f"Not run yet: {text}"
    elif failures:
        count = "One run diverged, and counts" if len(failures) == 1 else f"{len(failures)} runs diverged, and count"
        text += f" {count} as not holding in every order that they stand in."
    return [_quiet(f"{text} {_describe_machines(rows)}".strip())]


def _describe_machines(rows: Rows) -> str:
    """Return where there was more than one machine, how many protocols each made, and how many were made on several."""
    sets = [frozenset(map(_name_machine, row.values())) - {""} for row in rows.values()]
    machines = Counter(name for own in sets for name in own)
    if len(machines) < 2:
        return ""
    each = ", ".join(f"{count} on {name}" for name, count in machines.most_common())
    mixed = sum(len(own) > 1 for own in sets)
    return f"By machine: {each}; {mixed or 'none'} on more than one."


def _name_machine(record: DesignRecord) -> str:
    """Return what a run was made on; nothing for one that diverged."""
    machine = record.recorded.get("machine", {})
    family = f"family {machine['family']}" if machine.get("family") else ""
    words = (*(str(machine.get(name, "")) for name in ("device", "processor")), family)
    return ", ".join(word for word in words if word not in ("", "cpu"))


def list_paper_orders(_directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return a row for each of the paper's orders: in how many protocols it holds."""
    cells = [_share_cells(order, analysis.effect(rows, order)) for order in analysis.paper_orders(design.experiment)]
    return [table(["Measure", "The paper's order", "How often"], cells)]


def _share_cells(order: Order, d: analysis.Floats) -> list[list[nodes.Node]]:
    """Return the measure, the order in words and the bar of how often it holds."""
    words = order.words + (" (asked here)" if order in _OWN_ORDERS else "")
    return [_cell(MEASURES[order.measure].title), _cell(words), [make_bar(analysis.share_of(d > 0))]]


def list_shares(_directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return a row an order: how often it holds, and how large the difference is."""
    cells = []
    for order in (*analysis.paper_orders(design.experiment), *_OWN_ORDERS):
        d = analysis.effect(rows, order)
        low, middle, high = np.nanquantile(d, [0.1, 0.5, 0.9])
        cells.append(
            [
                *_share_cells(order, d),
                _cell(f"{format_signed(middle, 1)} ({format_signed(low, 1)} to {format_signed(high, 1)})"),
            ]
        )
    return [table(["Measure", "Order", "How often", "Points: median (tenth to ninth tenth)"], cells)]


def split_by_budget(_directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return how often the rule is above initialized training with its budget the same and doubled."""
    (budgets,) = (axis.different for axis in design.axes if axis.name == _BUDGET)
    parts = {level: {_BUDGET: (level,)} for level in budgets} | {
        f"{level}, heads alike": {_BUDGET: (level,), _HEAD: _HEADS_ALIKE} for level in budgets
    }
    cells = []
    for measure in ("avg_acc", "task_acc"):
        order = Order("adaptive", "initialized", measure, 1)
        for words, levels in parts.items():
            own = {
                number: row
                for number, row in rows.items()
                if all(next(iter(row.values())).levels[axis] in several for axis, several in levels.items())
            }
            if own:
                cells.append([_cell(MEASURES[measure].title), _cell(words), *_part_cells(own, order)])
    return [table(["Measure", "The rule's budget", "adaptive above initialized", "Points, median"], cells)]


def split_afterwards(_directive: SphinxDirective, _design: Design, rows: Rows) -> list[nodes.Node]:
    """Return how often orders of Avg.Acc hold where something else is so, as it was looked at when the runs were there."""
    cells = []
    for order, tell in _CUTS:
        parts: dict[str, dict[int, Mapping[str, DesignRecord]]] = {}
        for number, row in rows.items():
            parts.setdefault(tell(row), {})[number] = row
        for words in sorted(parts, key=lambda words: (len(words), words)):
            cells.append([_cell(order.words), _cell(words), *_part_cells(parts[words], order)])
    return [table(["Order in Avg.Acc", "Where", "How often", "Points, median"], cells)]


def _part_cells(rows: Rows, order: Order) -> list[list[nodes.Node]]:
    """Return how often the order holds in a part of the protocols, as a bar, and the median difference."""
    d = analysis.effect(rows, order)
    return [[make_bar(analysis.share_of(d > 0))], _cell(format_signed(float(np.nanmedian(d)), 1))]


def _tell_epochs(row: Mapping[str, DesignRecord]) -> str:
    epochs = row["initialized"].config["epochs"]
    return f"{epochs} epoch{'' if epochs == 1 else 's'}"


def _tell_what_moves(row: Mapping[str, DesignRecord]) -> str:
    levels = row["frozen-0"].levels
    still = levels["heads"] == "one" or (levels["norm"] == "batch" and levels["statistics"] == "moving")
    return "in no update a head or statistics move" if still else "in no update only new heads move"


def _tell_depth(row: Mapping[str, DesignRecord]) -> str:
    depth = row["frozen"].levels["depth"]
    return f"{depth} trained block{'' if depth == '1' else 's'}"


def _tell_head(row: Mapping[str, DesignRecord]) -> str:
    return f"head {row['adaptive'].levels[_HEAD]}"


def _tell_reading(row: Mapping[str, DesignRecord]) -> str:
    return f"h counts the blocks {row['adaptive'].levels['h']}"


_CUTS: tuple[tuple[Order, Callable[[Mapping[str, DesignRecord]], str]], ...] = (
    (_NO_UPDATE, _tell_epochs),
    (_NO_UPDATE, _tell_what_moves),
    (Order("frozen-0", "frozen", "avg_acc", 1), _tell_what_moves),
    (_FROZEN, _tell_depth),
    (_RULE, _tell_head),
    (_RULE, _tell_reading),
)
"""What was looked at afterwards: an order, and what tells the protocols apart."""


def draw_curves(directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return a specification curve of each effect of _CURVES, over the choices that decide it most."""
    found: list[nodes.Node] = []
    levels = _levels(rows)
    for order in _CURVES:
        d = analysis.effect(rows, order)
        predicted, decides = analysis.find_deciding(levels, analysis.list_acting(design.axes, order), d)
        chosen = [one.axis for one in decides[:_MOST_DECIDING]]
        axes = [axis for axis in design.axes if axis.name in chosen and axis.name != "seed"]
        what = order.difference
        picture = draw_curve(d, levels, axes, what=what)
        if picture is None:
            continue
        name = f"curve-{design.name}-{order.of}-{order.measure.replace('_', '-')}"
        figure = nodes.figure(classes=["cl-figure"])
        figure += draw(picture, name)
        which = (
            "its choices where they decide most" if predicted > 0 else "some of its choices, none shown to decide it"
        )
        figure += nodes.caption("", f"{what}: every protocol, sorted, and {which}.")
        figure += data_link(csv=to_csv(picture.data), file=name_data_file(directive.env.docname, name))
        found.append(figure)
    return found


def list_deciding(_directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return, for each effect, what the choices predict out of sample and which of them decide."""
    cells = []
    for order in _DECIDED:
        axes = analysis.list_acting(design.axes, order)
        predicted, decides = analysis.find_deciding(_levels(rows), axes, analysis.effect(rows, order))
        best = "; ".join(
            f"{one.axis} {_percent(one.share)} % ({_percent(one.low)} to {_percent(one.high)})"
            for one in decides[:_MOST_DECIDING]
        )
        told = best if predicted > 0 else _NOTHING_DECIDES
        cells.append([_cell(order.difference), _cell(f"{_percent(predicted)} %"), _cell(told)])
    return [table(["Effect", "Variance predicted", "Choices that decide most"], cells)]


def tell_region(_directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return how often the whole pattern holds, how many regions were searched, and the best of them."""
    alone = int(analysis.find_pattern(rows).sum())
    told = describe_region(*analysis.search_region(rows, design.axes))
    text = f"In single protocols the whole pattern is there in {alone} of {len(rows)}. {told[0].upper()}{told[1:]}."
    return [nodes.paragraph(text=text)]


def list_distances(directive: SphinxDirective, design: Design, rows: Rows) -> list[nodes.Node]:
    """Return how far the protocols are from the paper's nine numbers, the nearest with their own, and all as data."""
    away = analysis.distances(rows, design.experiment)
    numbers, levels = list(rows), _levels(rows)
    cells = []
    for place in np.argsort(away)[:_NEAREST]:
        row = rows[numbers[place]]
        own = "; ".join(
            f"{role} {' / '.join(f'{row[role].measure(measure):.1f}' for measure in analysis.MEASURES)}"
            for role in analysis.REPORTED_ROLES
        )
        choices = ", ".join(f"{axis.name} {levels[place][axis.name]}" for axis in design.axes if not axis.of_rule)
        cells.append([_cell(str(numbers[place])), _cell(f"{away[place]:.1f}"), _cell(own), _cell(choices)])
    head = ["Protocol", "Points away", "Avg.Acc / Task.Acc / forgetting", "Choices that all strategies share"]
    known = away[np.isfinite(away)]
    span = f"from {known.min():.1f} to {known.max():.1f} points away, half of them {np.median(known):.1f} or less"
    told = nodes.paragraph(text=f"{len(known)} protocols are {span}. The nearest:")
    data: dict[str, ArrayLike] = {
        "protocol": numbers,
        "distance": away,
        **{name: [own[name] for own in levels] for name in levels[0]},
    }
    link = data_link(csv=to_csv(data), file=name_data_file(directive.env.docname, f"distances-{design.name}"))
    return [told, table(head, cells), link]


_Part = Callable[[SphinxDirective, Design, Rows], list[nodes.Node]]

PARTS: dict[str, _Part] = {
    "axes": lambda _directive, design, _rows: list_axes(design),
    "fields": lambda _directive, _design, _rows: list_fields(),
    "progress": lambda _directive, design, rows: describe_progress(design, 0, rows, ()),
    "paper-orders": list_paper_orders,
    "shares": list_shares,
    "budget": split_by_budget,
    "afterwards": split_afterwards,
    "curves": draw_curves,
    "deciding": list_deciding,
    "region": tell_region,
    "distances": list_distances,
}
"""What of a design can be set into a page."""


def _levels(rows: Rows) -> list[dict[str, str]]:
    return [dict(next(iter(row.values())).levels) for row in rows.values()]


def _weighed(levels: Sequence[str]) -> list[str]:
    different = dict.fromkeys(levels)
    least = min(levels.count(level) for level in different)
    return [f"{level} ({levels.count(level)} ×)" if levels.count(level) > least else level for level in different]


def _not_yet(design: Design, rows: Rows) -> str:
    return f"{len(rows)} of {design.protocols} protocols have run; the results are shown from {LEAST_PROTOCOLS} on."


def _cell(text: str) -> list[nodes.Node]:
    return [nodes.paragraph(text=text)]


def _percent(share: float) -> str:
    return format_values(100 * share, 0)


def _quiet(text: str) -> nodes.paragraph:
    return nodes.paragraph(text=text, classes=["cl-evidence"])


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("design", DesignPart)
