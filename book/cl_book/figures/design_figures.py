"""A specification curve: an effect under every protocol, sorted, and beneath it the choices of each."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from cl_book.figures.drawing import INK, PALETTE, WIDTH, style
from cl_book.figures.picture import Picture
from cl_core.runs.design_axes import Axis


def draw_curve(
    d: NDArray[np.float64], levels: Sequence[Mapping[str, str]], axes: Sequence[Axis], *, what: str
) -> Picture | None:
    """Draw the effects `d`, one a protocol, from the lowest to the highest, and for `axes` which level each has.

    `what` names the effect, in points. Protocols without one (NaN) are left out. Returns None where none has one.
    """
    known = np.flatnonzero(np.isfinite(d))
    if not len(known):
        return None
    order = known[np.argsort(d[known], kind="stable")]
    heights, place = d[order], np.arange(len(order))
    rows = [(axis.name, level) for axis in axes for level in axis.different]
    style()
    figure, (above, below) = plt.subplots(
        2, 1, sharex=True, figsize=(WIDTH, 2.4 + 0.22 * len(rows)), height_ratios=[2.2, 0.22 * len(rows)]
    )
    above.axhline(0, color=INK, linewidth=0.8)
    up = heights > 0
    for chosen, colour, marker in ((up, PALETTE[0], "o"), (~up, PALETTE[1], "s")):
        above.plot(place[chosen], heights[chosen], marker, markersize=2.5, color=colour)
    above.set_ylabel("points")
    above.set_title(what)
    for row, (axis, level) in enumerate(rows):
        own = np.array([levels[number][axis] == level for number in order])
        for chosen, colour in ((own & up, PALETTE[0]), (own & ~up, PALETTE[1])):
            below.plot(place[chosen], np.full(int(chosen.sum()), row), "|", markersize=5, color=colour)
    below.set_yticks(range(len(rows)), [f"{axis} {level}" for axis, level in rows], fontsize=8.5)
    below.set_ylim(len(rows) - 0.5, -0.5)
    below.grid(visible=False)
    below.set_xlabel("protocols, sorted by the effect")
    middle = float(np.median(heights))
    alt = (
        f"{what} under {len(order)} protocols, sorted: from {heights[0]:.1f} to {heights[-1]:.1f} points, median {middle:.1f}, "
        f"above zero in {int(up.sum())}; beneath, a mark for the level of each protocol on {len(axes)} choices."
    )
    columns = {axis.name: [levels[number][axis.name] for number in order] for axis in axes}
    return Picture(figure, alt, {"protocol": order, "difference": heights, **columns})
