"""A panel of a phase map: where frozen training gains in forgetting (F), in mean loss (G), or in both.

Colour, hatching and letters mark the regions.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from cl_book.figures.drawing import INK, PALETTE, PAPER

Region = NDArray[np.bool_]

LETTERS = ("neither", "F", "G", "F G")
"""What is written into the four kinds of region, in the order of :func:`classify_gains`."""

IDLE = "∅"
"""Written beside the letters where no update at all is better than both."""

_LEAST_PART = 0.03
_COLOURS = (PALETTE[0], PALETTE[1])
_HATCHES = ("///", "\\\\\\")


def classify_gains(forgetting: ArrayLike, mean_loss: ArrayLike) -> NDArray[np.int64]:
    """Return for each point 0 … 3: which of the two gains is positive (see `LETTERS`); −1 where a gain is not finite."""
    first, second = np.asarray(forgetting, dtype=np.float64), np.asarray(mean_loss, dtype=np.float64)
    codes = (first > 0).astype(np.int64) + 2 * (second > 0)
    return np.where(np.isfinite(first) & np.isfinite(second), codes, -1)


def draw_panel(
    axes: Axes, x: ArrayLike, y: ArrayLike, *, forgetting: ArrayLike, mean_loss: ArrayLike, idle: ArrayLike
) -> None:
    """Draw one panel: x (X,), y (Y,), frozen training's two gains (Y, X), and what no update gains over both (Y, X).

    A gain in forgetting is hatched one way, a gain in mean loss the other way, both cross. A dotted line bounds the part
    where no update is best. Each region that covers more than a thirtieth of the panel carries its letters.
    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    for gain, colour, hatch in zip((forgetting, mean_loss), _COLOURS, _HATCHES, strict=True):
        values = np.ma.masked_invalid(np.asarray(gain, dtype=np.float64))
        if values.count() and values.max() > 0:
            within = [0.0, float(values.max()) * 2]
            axes.contourf(across, up, values, levels=within, colors=[colour], alpha=0.28)
            axes.contourf(across, up, values, levels=within, colors="none", hatches=[hatch])
        _draw_boundary(axes, across, up, values, colour, "-")
    idle_gain = np.ma.masked_invalid(np.asarray(idle, dtype=np.float64))
    _draw_boundary(axes, across, up, idle_gain, INK, ":")
    unmoved = np.asarray(idle_gain.filled(0.0) > 0, dtype=np.bool_)
    codes = classify_gains(forgetting, mean_loss)
    for code, letters in enumerate(LETTERS):
        for part, words in (((codes == code) & ~unmoved, letters), ((codes == code) & unmoved, f"{letters} {IDLE}")):
            if part.mean() > _LEAST_PART:
                row, column = find_innermost(part)
                _write(axes, across[column], up[row], words)
    axes.set(xlim=(across.min(), across.max()))
    axes.grid(visible=False)


def find_innermost(region: Region) -> tuple[int, int]:
    """Return (row, column) of the point of `region` (rows, columns) that lies furthest inside; raises ValueError if it is empty.

    Of several such points the one nearest to their centre, so that a word stands in the middle of a band.
    """
    inside = np.asarray(region, dtype=np.bool_)
    if not inside.any():
        raise ValueError("region has no point; there is nothing to write into")
    while (smaller := _erode(inside)).any():
        inside = smaller
    places = np.argwhere(inside)
    row, column = places[np.argmin(np.square(places - places.mean(axis=0)).sum(axis=1))]
    return int(row), int(column)


def _erode(inside: Region) -> Region:
    rim = np.pad(inside, 1)
    return np.asarray(rim[1:-1, 1:-1] & rim[:-2, 1:-1] & rim[2:, 1:-1] & rim[1:-1, :-2] & rim[1:-1, 2:], dtype=np.bool_)


def _draw_boundary(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], values: Any, colour: str, line: str
) -> None:
    if values.count() and values.min() < 0 < values.max():
        axes.contour(x, y, values, levels=[0.0], colors=[colour], linewidths=1.8, linestyles=[line])


def _write(axes: Axes, x: float, y: float, words: str) -> None:
    box = {"facecolor": PAPER, "edgecolor": "none", "boxstyle": "round,pad=0.15"}
    axes.text(x, y, words, ha="center", va="center", fontsize=11, bbox=box)
