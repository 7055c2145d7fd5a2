"""The look of all figures, and how a notebook shows one: as an SVG that takes the page's colours, with alt text and data.

A notebook calls :func:`style` once, draws with matplotlib, and ends the cell with :func:`show`. The stored output has
three parts: an SVG with a narrow form of it for a phone, the numbers drawn as CSV, and the alt text. The ink of the SVG is the page's text colour and its
series are CSS variables (``--cl-1`` … ``--cl-6``, ``--cl-paper``), so it follows the page's light or dark theme.
"""

import csv
import io
import math
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatterSciNotation
from numpy.typing import ArrayLike

from cl_book.figures.narrow import make_narrow
from cl_book.notebooks.notebook import NARROW_FORM, SVG

PALETTE = ("#2563b8", "#c8580a", "#128a68", "#b0509e", "#6b4a08", "#2b3040")
"""Series colours, apart in hue and lightness under the common colour-blindnesses; on a page ``--cl-1`` … ``--cl-6``."""

LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
"""Line styles to go with the palette, so that no series is marked by its colour alone."""

MARKERS = ("o", "s", "^", "D", "v", "P")
"""Markers to go with the palette."""

INK = "#1b1c1d"
"""Text, axes and rules: becomes the page's own text colour."""

PAPER = "#fefdfc"
"""The page's background (halos, marker edges): becomes ``--cl-paper``."""

SEQUENTIAL = "cividis"
"""Colour map for values from low to high."""

WIDTH = 6.4
"""Figure width in inches on a page that is wide enough for it; on a phone a figure has another form."""

STYLE_SHEET = Path(__file__).with_name("companion.mplstyle")
"""The style sheet of all figures."""

_DIGITS = 6
_FLOOR = 1e-10
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def style() -> None:
    """Give all figures this project's look; call it once, before drawing.

    The style sheet ``companion.mplstyle`` is applied to matplotlib's own defaults, so a reader's matplotlibrc has no effect.
    """
    mpl.rcdefaults()
    mpl.style.use(STYLE_SHEET)


def show(figure: Figure, *, name: str, alt: str, data: Mapping[str, ArrayLike], narrow: Figure | None = None) -> None:
    """Display `figure` as one output: SVG, the data drawn as CSV, and ``figure NAME: ALT`` as text; then close it.

    `name` is unique on its page, lower-case words joined by hyphens. `alt` says in words what is to be seen and should
    be computed from the arrays drawn. `data` maps column names to those arrays: 1-D of any length, or 2-D, whose second
    axis becomes columns ``name[0]``, ``name[1]``, … In the metadata stands the SVG for a phone: of `narrow`, or of the
    figure laid out anew.
    Raises ValueError on a bad name, an empty alt text, no data, or text set as mathtext.
    """
    from IPython.display import display
    from matplotlib import pyplot as plt

    wide, slim = to_svgs(figure, name=name, alt=alt, narrow=narrow)
    bundle = {
        SVG: wide,
        "text/csv": to_csv(data),
        "text/plain": f"figure {name}: {_join_words(alt)}",
    }
    for each in (figure, narrow):
        if each is not None:
            plt.close(each)
    display(bundle, metadata={SVG: {NARROW_FORM: slim.split("\n")}}, raw=True)


def to_svgs(figure: Figure, *, name: str, alt: str, narrow: Figure | None = None) -> tuple[str, str]:
    """Return `figure` as :func:`to_svg` does, and its form for a phone: `narrow`, or else the figure itself laid out anew.

    The second is named ``NAME-narrow``.
    """
    wide = to_svg(figure, name=name, alt=alt)
    if narrow is None:
        make_narrow(figure)
        narrow = figure
    return wide, to_svg(narrow, name=f"{name}-narrow", alt=alt)


def to_svg(figure: Figure, *, name: str, alt: str) -> str:
    """Return `figure` as an ``<svg>`` element to be set into a page: described, its ids and colours made the page's.

    The same figure gives the same text, byte for byte. Raises ValueError as :func:`show` does.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"figure name {name!r} is not lower-case words joined by hyphens, such as 'phase-map'")
    words = _join_words(alt)
    if not words:
        raise ValueError(f"figure {name!r} has no alt text; say in words what is to be seen, from the arrays drawn")
    _set_plain_log_labels(figure)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}), io.StringIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        drawn = file.getvalue()
    _require_plain_text(figure, name)
    return _use_page_colours(_prefix_ids(_strip_svg(drawn, name=name, alt=words), name))


def to_csv(data: Mapping[str, ArrayLike]) -> str:
    """Return the columns of `data` as CSV, rounded by :func:`round_values`; shorter columns end in empty cells.

    Raises ValueError where there is no column, or one with more than two dimensions.
    """
    if not data:
        raise ValueError("a figure needs the data that it draws; give data={'column': array, …}")
    columns: dict[str, list[str]] = {}
    for label, values in data.items():
        array = np.asarray(values)
        if array.ndim > 2:
            raise ValueError(f"column {label!r} has {array.ndim} dimensions; give 1 or 2")
        if array.ndim == 2:
            columns.update({f"{label}[{j}]": _format_cells(array[:, j]) for j in range(array.shape[1])})
        else:
            columns[label] = _format_cells(np.atleast_1d(array))
    length = max(len(cells) for cells in columns.values())
    with io.StringIO() as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in range(length):
            writer.writerow([cells[row] if row < len(cells) else "" for cells in columns.values()])
        return file.getvalue()


def round_values(values: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return `values` with at most 6 significant digits, none finer than 1e-10 of the largest, and no negative zero.

    Values that are noise at the column's scale become 0, so that machines that differ in the last bits print alike.
    """
    array = np.asarray(values, dtype=np.float64)
    finite = np.abs(array[np.isfinite(array)])
    scale = float(finite.max()) if finite.size else 0.0
    return np.vectorize(lambda value: _round(float(value), scale), otypes=[np.float64])(array) if array.size else array


def _round(value: float, scale: float) -> float:
    if not math.isfinite(value) or scale == 0.0:
        return value if not math.isfinite(value) else 0.0
    finest = math.floor(math.log10(scale) + math.log10(_FLOOR))
    digits = _DIGITS - 1 - math.floor(math.log10(abs(value))) if value else 0
    return round(value, min(digits, -finest)) + 0.0


def _format_cells(column: np.ndarray[Any, Any]) -> list[str]:
    if column.dtype.kind in "iub":
        return [str(int(value)) for value in column]
    if column.dtype.kind == "f":
        return ["" if math.isnan(value) else f"{value:.{_DIGITS}g}" for value in round_values(column)]
    return [str(value) for value in column]


def _join_words(text: str) -> str:
    return " ".join(text.split())


class _PlainLog(LogFormatterSciNotation):
    """Label the ticks of a logarithmic axis in Unicode (10⁻³, 2·10⁴), where matplotlib would set mathtext."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        if not super().__call__(x, pos):
            return ""
        if x == 0.0:
            return "0"
        power = math.floor(math.log10(abs(x)) + 1e-9)
        factor = round(x / 10.0**power, 3)
        if -2 <= power <= 3:
            return f"{x:g}".replace("-", "−")
        tens = "10" + str(power).translate(_SUPERSCRIPT)
        return {1.0: tens, -1.0: f"−{tens}"}.get(factor, f"{factor:g}·{tens}".replace("-", "−"))


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _set_plain_log_labels(figure: Figure) -> None:
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatterSciNotation):
                axis.set_major_formatter(_PlainLog())
            if isinstance(axis.get_minor_formatter(), LogFormatterSciNotation):
                axis.set_minor_formatter(_PlainLog())


def _require_plain_text(figure: Figure, name: str) -> None:
    for text in figure.findobj(Text):
        words = text.get_text()
        if words.count("$") - words.count(r"\$") >= 2:
            raise ValueError(
                f"figure {name!r} sets {words!r} as mathtext, which a page cannot restyle; write it in Unicode, such as 'ξ − η' or 'm*'"
            )


_OPENING = re.compile(r'<svg[^>]*?viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"[^>]*>')


def _strip_svg(drawn: str, *, name: str, alt: str) -> str:
    """Cut the parts of a file of its own: prolog, metadata, and a style sheet that would reach the whole page."""
    body = drawn[drawn.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    # A page sets its own font; metrics were taken with a wide one, so nothing grows.
    body = re.sub(r"font-family: [^;\"]*; ?", "", body)
    opening = _OPENING.search(body)
    if opening is None:
        raise ValueError(f"figure {name!r}: matplotlib wrote an svg element without a viewBox")
    words = escape(alt)
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'data-figure="{name}" aria-labelledby="title desc" '
        f'viewBox="0 0 {opening["width"]} {opening["height"]}" width="{opening["width"]}" height="{opening["height"]}" '
        'fill="currentColor" stroke-linejoin="round" stroke-linecap="butt">\n'
        f' <title id="title">{escape(name.replace("-", " "))}</title>\n <desc id="desc">{words}</desc>\n'
        # Only where the svg is the document (a notebook viewer's image), not where a page holds it.
        " <style>svg:root{color:#1b1c1d;background:#fff;font-family:sans-serif}</style>"
    )
    return root + body[opening.end() :].rstrip()


def _prefix_ids(svg: str, name: str) -> str:
    """Prefix every id and each reference to one by the figure's name: a page holds several figures."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    return svg.replace('aria-labelledby="title desc"', f'aria-labelledby="{name}-title {name}-desc"')


def _use_page_colours(svg: str) -> str:
    head, style_end, body = svg.partition("</style>")
    body = body.replace(INK, "currentColor").replace(PAPER, "var(--cl-paper, #ffffff)")
    for number, colour in enumerate(PALETTE, start=1):
        body = body.replace(colour, f"var(--cl-{number}, {colour})")
    return head + style_end + body
