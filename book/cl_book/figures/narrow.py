"""The form of a figure for a phone: panels below one another, letters as large there as those of the text.

It is made of the drawn figure, so that whoever draws one has nothing to do for it.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox, ScaledTranslation

NARROW = 4.6
"""Width in inches of a figure for a phone: its letters are as large there as those of the text."""

LEAST_LETTERS = 10.5
"""Size in points of the smallest letters of a narrow figure: 11 px where it is shown 350 px wide."""

_MOST_COLUMNS = 4  # Of a legend.
_GAP = 4.0  # Least room between the labels of two ticks, in pixels of a figure.
_MOST_BESIDE = 0.15  # Of the figure's width, that words may take beside their panel.
_MOST_SQUARE = 2  # Panels side by side if their sides are fixed to one another, as a matrix's are.

Panel = Sequence[Axes]
"""Axes that lie on top of one another."""


def make_narrow(figure: Figure) -> None:
    """Lay out `figure`, drawn before, anew, NARROW inches wide: a panel a row, each as high as it was, square ones two a row.

    Letters smaller than LEAST_LETTERS grow. Legends take as many columns as fit, words that are too long for their place
    are broken or moved, and labels of ticks that would touch are thinned out.
    """
    rows = _find_rows(figure)
    heights = {id(axes): axes.get_position().height * figure.get_figheight() for axes in figure.axes}
    _enlarge_letters(figure)
    arranged = [part for row in rows for part in _split_row(row)]
    if any(len(row) > 1 for row in rows):
        _label_every_panel([panel for row in rows for panel in row])
        _place_panels(figure, arranged)
        figure.set_figheight(figure.get_figheight() * len(arranged) / len(rows))
    figure.set_figwidth(NARROW)
    # What runs out of a panel would take its width from it, before it is moved back.
    loose = [part for axes in figure.axes for part in (*axes.texts, axes.get_legend()) if part and part.get_in_layout()]
    for part in loose:
        part.set_in_layout(False)
    for legend in list(figure.legends):
        _fit_legend(figure, legend)
    _lay_out(figure)
    for axes in figure.axes:
        _fit_words(axes)
    for part in loose:
        part.set_in_layout(True)
    _fit_height(figure, arranged, heights)
    if any(_is_square(panel) for row in arranged for panel in row):
        # What they are high depends on what they are wide, and the other way round.
        _lay_out(figure)
        _fit_height(figure, arranged, heights)


def _lay_out(figure: Figure) -> None:
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def _find_rows(figure: Figure) -> list[list[Panel]]:
    """Return the panels of `figure` by row, from left to right. Axes that belong to others, as a colour bar, are none."""
    places: dict[tuple[int, int], list[Axes]] = defaultdict(list)
    for axes in figure.axes:
        spec = axes.get_subplotspec()
        if spec is not None:
            places[spec.rowspan.start, spec.colspan.start].append(axes)
    rows: dict[int, list[Panel]] = defaultdict(list)
    for row, column in sorted(places):
        rows[row].append(places[row, column])
    return list(rows.values())


def _split_row(row: list[Panel]) -> list[list[Panel]]:
    square = all(map(_is_square, row))
    most = _MOST_SQUARE if square and len(row) > _MOST_SQUARE else 1
    return [row[start : start + most] for start in range(0, len(row), most)]


def _is_square(panel: Panel) -> bool:
    return panel[0].get_aspect() != "auto"


def _label_every_panel(panels: Sequence[Panel]) -> None:
    """Give each panel the words and numbers of the axis that it shared with a neighbour."""
    for panel in panels:
        for axes in panel:
            for name in ("x", "y"):
                own: Axis = getattr(axes, f"{name}axis")
                shared = getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)
                side = "labelbottom" if name == "x" else "labelleft"
                if len(shared) > 1 and not own.get_tick_params()[side]:
                    axes.tick_params(axis=name, **{side: True})
                if not own.get_label_text():
                    words = {getattr(other, f"{name}axis").get_label_text() for other in shared} - {""}
                    own.set_label_text(words.pop() if len(words) == 1 else "")


def _place_panels(figure: Figure, rows: Sequence[Sequence[Panel]]) -> None:
    columns = max(len(row) for row in rows)
    grid = GridSpec(len(rows), columns, figure=figure)
    for number, row in enumerate(rows):
        for place, panel in enumerate(row):
            # The last of an odd number of square ones is no wider than the others; what spanned them spans them still.
            spec = grid[number, place] if len(row) > 1 or _is_square(panel) else grid[number, :]
            for axes in panel:
                axes.set_subplotspec(spec)


def _fit_height(figure: Figure, rows: Sequence[Sequence[Panel]], heights: dict[int, float]) -> None:
    """Make the figure as high as its panels were and their words need; a square panel is as high as its width lets it be."""
    wanted, have = [], []
    for row in rows:
        slots = [axes.get_position(original=True) for panel in row for axes in panel]
        have.append(max(slot.height for slot in slots) * figure.get_figheight())
        wanted.append(
            max(
                heights[id(axes)] if axes.get_aspect() == "auto" else slot.width * figure.get_figwidth() * _aspect(axes)
                for axes, slot in zip([axes for panel in row for axes in panel], slots, strict=True)
            )
        )
    spec = rows[0][0][0].get_subplotspec()
    if spec is not None:
        spec.get_gridspec().set_height_ratios(wanted)
    figure.set_figheight(figure.get_figheight() + sum(wanted) - sum(have))


def _aspect(axes: Axes) -> float:
    """Return the height of a square panel over its width."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    aspect = axes.get_aspect()
    return abs((high - low) / (right - left)) * (1.0 if isinstance(aspect, str) else aspect)


def _enlarge_letters(figure: Figure) -> None:
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [*axis.get_ticklabels(), *axis.get_ticklabels(minor=True)]
            if any(float(label.get_fontsize()) < LEAST_LETTERS for label in labels):
                axis.set_tick_params(which="both", labelsize=LEAST_LETTERS)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontsize(max(float(text.get_fontsize()), LEAST_LETTERS))


def _fit_legend(owner: Figure | Axes, legend: Legend) -> None:
    """Set the legend of a figure, or of a panel, in fewer columns until it is no wider."""
    labels = [text.get_text() for text in legend.get_texts()]
    # A handle as it was drawn knows more, as of an error bar, than what stands for it in the legend.
    drawn: dict[str, Artist] = {}
    for axes in owner.axes if isinstance(owner, Figure) else [owner]:
        drawn = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True)) | drawn
    handles: Any = [drawn.get(label, handle) for label, handle in zip(labels, legend.legend_handles, strict=True)]
    room = owner.get_window_extent()
    place: Any = "best"
    if isinstance(owner, Figure):
        above = legend.get_window_extent().y0 > room.height / 2
        place = "outside upper center" if above else "outside lower center"
    for columns in range(min(_MOST_COLUMNS, len(labels)), 0, -1):
        if legend.get_window_extent().width <= room.width:
            return
        look: dict[str, Any] = {"handlelength": legend.handlelength, "handletextpad": legend.handletextpad}
        legend.remove()
        legend = owner.legend(handles, labels, loc=place, ncols=columns, columnspacing=1.0, **look)


def _fit_words(axes: Axes) -> None:
    """Break titles and labels that are longer than their place, keep words inside the panel, and thin out labels of ticks."""
    frame = axes.get_window_extent()
    titles = [part for part in axes.get_children() if isinstance(part, Text) and part not in axes.texts]
    beside = axes.yaxis.label.get_window_extent().width
    _break_words(axes.yaxis.label, frame.height)
    frame = Bbox([[frame.x0 + axes.yaxis.label.get_window_extent().width - beside, frame.y0], [frame.x1, frame.y1]])
    for title in titles:
        _break_words(title, axes.figure.bbox.x1 - frame.x0)
    _break_words(axes.xaxis.label, frame.width)
    for text in axes.texts:
        _keep_inside(text, frame)
    for title in titles:
        boxes = [text.get_window_extent() for text in axes.texts]
        below = [box.y1 for box in boxes if box.overlaps(title.get_window_extent())]
        if below and title.get_text():
            _move(title, up=max(below) - title.get_window_extent().y0)
    _set_level(axes.xaxis)
    _thin_out(axes.xaxis)
    legend = axes.get_legend()
    if legend is not None:
        _fit_legend(axes, legend)


def _break_words(text: Text, room: float) -> None:
    """Break the lines of `text` between words until it is at most `room` pixels long."""
    upright = text.get_rotation() == 90
    lines = text.get_text().split("\n")
    for letters in range(max(map(len, lines)), 0, -1):
        box = text.get_window_extent()
        if (box.height if upright else box.width) <= room:
            return
        text.set_text("\n".join(part for line in lines for part in wrap(line, letters, break_long_words=False) or [""]))


def _keep_inside(text: Text, frame: Bbox) -> None:
    """Move words of a panel back that would run far out of its `frame`; break what is longer than the figure is wide."""
    box, across = text.get_window_extent(), text.figure.bbox
    if not box.x0 < frame.x1 < box.x1 - _MOST_BESIDE * across.width:
        return
    _break_words(text, across.width)
    box = text.get_window_extent()
    _move(text, right=-min(box.x1 - frame.x1, box.x0 - across.x0))


def _move(text: Text, *, right: float = 0.0, up: float = 0.0) -> None:
    """Move `text` by so many pixels; one that is placed by a coordinate of its own kind stays."""
    inch = text.figure.dpi
    if not isinstance(text, Annotation):
        text.set_transform(
            text.get_transform() + ScaledTranslation(right / inch, up / inch, text.figure.dpi_scale_trans)
        )
    elif text.anncoords == "offset points":
        text.xyann = (text.xyann[0] + 72 * right / inch, text.xyann[1] + 72 * up / inch)
    elif text.axes is not None and text.anncoords in {"data", "axes fraction"}:
        to_pixels = text.axes.transData if text.anncoords == "data" else text.axes.transAxes
        x, y = to_pixels.transform(text.xyann)
        text.xyann = tuple(to_pixels.inverted().transform((x + right, y + up)))


def _set_level(axis: XAxis) -> None:
    """Set words under the ticks level that were slanted for want of room, if there is room now."""
    labels = axis.get_ticklabels()
    slants = {float(label.get_rotation()) for label in labels}
    if slants <= {0.0}:
        return
    looks = [(label, label.get_rotation(), label.get_horizontalalignment()) for label in labels]
    for label in labels:
        label.set(rotation=0, horizontalalignment="center")
    if _touch([label.get_window_extent() for label in labels]):
        for label, rotation, side in looks:
            label.set(rotation=rotation, horizontalalignment=side)


def _touch(boxes: Sequence[Bbox]) -> bool:
    return any(one.x1 + _GAP > other.x0 for one, other in pairwise(boxes))


def _thin_out(axis: XAxis) -> None:
    """Leave out labels of ticks, one in two or more, until none touches the next."""
    low, high = sorted(axis.get_view_interval())
    labels = [label for label in axis.get_ticklabels() if label.get_text() and low <= label.get_position()[0] <= high]
    boxes = [label.get_window_extent() for label in labels]
    step = next(step for step in range(1, len(boxes) + 2) if not _touch(boxes[::step]))
    if step > 1:
        words = [label.get_text() if number % step == 0 else "" for number, label in enumerate(labels)]
        axis.set_ticks([label.get_position()[0] for label in labels], words)
