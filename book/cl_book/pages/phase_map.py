"""``:::{phasemap}``: an interactive map of where frozen training gains, and a static picture for pages without scripts."""

from typing import Any

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.figures import drawing
from cl_book.figures.phase_regions import draw_panel
from cl_book.pages import interactive
from cl_book.pages.interactive import Slider
from cl_core.linear.blocks import TwoBlocks
from cl_core.linear.phase import Outcomes, compare, old_error
from cl_core.linear.step import Floats

SCRIPT = "phase-map.js"
SETTINGS = (
    Slider("parameters", "parameters P", 20, 200, 1, 60),
    Slider("specific", "size m of the block q", 1, 199, 1, 5),
    Slider("samples", "samples n", 2, 150, 1, 24),
    Slider("noise", "noise σ", 0, 2, 0.05, 0.3),
    Slider("placed", "part φ of the distance in q", 0, 1, 0.05, 0),
)
POINT = (
    Slider("distance", "squared distance D", -2, 1, 0.05, -1, log=True),
    Slider("left", "error left in u, λ", -3, 0, 0.05, -2, log=True),
)
SLIDERS = (*SETTINGS, *POINT)
ROWS = ("frozen: q alone", "initialized: everything", "no update")
COLUMNS = ("forgetting F", "loss on the new task", "mean loss G")


class PhaseMap(SphinxDirective):
    """``:::{phasemap}``: sliders, a map and a table; all of it stands in the page, and the script makes it move."""

    def run(self) -> list[nodes.Node]:
        """Return the map as it stands before a reader touches it."""
        interactive.require_script(self.env, SCRIPT)
        return [nodes.raw("", write_markup(), format="html")]


def compute_outcomes(
    *, parameters: int, specific: int, samples: int, noise: float, placed: float, distance: Any, left: Any
) -> Outcomes:
    """Return what the core says of these settings; `distance` and `left` broadcast."""
    blocks = TwoBlocks(parameters - specific, specific)
    shared, own = old_error(blocks, 1 - np.asarray(left))
    return compare(
        blocks, samples, distance=distance, placed=placed, error_shared=shared, error_specific=own, noise=noise
    )


def write_markup() -> str:
    """Return the HTML of the map, with the static picture and the table of the first settings."""
    settings = interactive.read_first_settings(SLIDERS)
    rows = [
        (name, [interactive.format_number(float(measure)) for measure in measures])
        for name, measures in zip(ROWS, compute_outcomes(**settings), strict=True)
    ]
    return (
        f'<div class="cl-phase-map">\n{interactive.make_form(SETTINGS, prefix="cl-map", name="Settings", reset=True)}'
        f"{interactive.wrap_drawing(*_draw_picture(settings))}{interactive.make_form(POINT, prefix='cl-map', name='The chosen point', reset=False)}"
        f'<p class="cl-said" role="status"></p>\n{interactive.make_table(COLUMNS, rows)}</div>\n'
    )


def make_axes() -> tuple[Floats, Floats]:
    """Return the distances from left to right and the errors left from bottom to top, one for each step of the sliders."""
    far, left = (np.linspace(one.low, one.high, 1 + round((one.high - one.low) / one.step)) for one in POINT)
    return 10**far, 10 ** left[::-1]


def _draw_picture(settings: dict[str, Any]) -> tuple[str, str]:
    from matplotlib import pyplot as plt

    drawing.style()
    figure, axes = plt.subplots(figsize=(6.4, 4.6))
    far, left = make_axes()
    outcomes = compute_outcomes(**{**settings, "distance": far, "left": left[:, None]})
    gain = outcomes.gain()
    draw_panel(axes, far, left, forgetting=gain.forgetting, mean_loss=gain.mean_loss, idle=outcomes.idle_gain())
    axes.plot(
        settings["distance"], settings["left"], "o", color=drawing.INK, markeredgecolor=drawing.PAPER, markersize=8
    )
    axes.set(
        xscale="log", yscale="log", ylim=(left[0], left[-1]), xlabel="squared distance D", title="error left in u, λ"
    )
    parts = ", ".join(
        f"{name} {100 * np.mean(values > 0):.0f} %"
        for name, values in (("forgetting", gain.forgetting), ("mean loss", gain.mean_loss))
    )
    alt = (
        "Map of where frozen training gains over initialized training, over the distance of the tasks and the error left in u. "
        f"Part of the map in which it gains in {parts}; in which no update is best {100 * np.mean(outcomes.idle_gain() > 0):.0f} %."
    )
    drawn = drawing.to_svgs(figure, name="touch-phase-map", alt=alt)
    plt.close(figure)
    return drawn


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("phasemap", PhaseMap)
