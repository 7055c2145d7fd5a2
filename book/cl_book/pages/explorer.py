"""``:::{explorer}``: an interactive curve of forgetting, and a static picture for pages without scripts."""

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_book.figures import drawing
from cl_book.pages import interactive
from cl_book.pages.interactive import Slider
from cl_book.pages.tradeoff import Tradeoff, compute_tradeoff

SCRIPT = "explorer.js"
SLIDERS = (
    Slider("parameters", "parameters P", 20, 200, 1, 100),
    Slider("specific", "size of the block q", 1, 199, 1, 10),
    Slider("samples", "samples n", 2, 150, 1, 20),
    Slider("noise", "noise σ", 0, 2, 0.05, 0.5),
    Slider("distance", "distance of the tasks", 0, 3, 0.05, 0.5),
    Slider("own_error", "error of the block q", 0, 3, 0.05, 1.5),
    Slider("shared_error", "error of the shared part", 0, 3, 0.05, 0),
)
ROWS = ("no update", "● frozen: q alone", "■ initialized: everything", "▲ least, of all sizes but zero")
COLUMNS = ("m", "forgetting", "loss on the new task", "squared length of the update")


class Explorer(SphinxDirective):
    """``:::{explorer}``: sliders, a drawing and a table; all of it stands in the page, and the script makes it move."""

    def run(self) -> list[nodes.Node]:
        """Return the explorer as it stands before a reader touches it."""
        interactive.require_script(self.env, SCRIPT)
        return [nodes.raw("", write_markup(), format="html")]


def write_markup() -> str:
    """Return the explorer's HTML, with the static picture and the table of the first settings."""
    settings = interactive.read_first_settings(SLIDERS)
    curve = compute_tradeoff(**settings)
    sizes = (0, settings["specific"], settings["parameters"], find_best_size(curve))
    rows = [
        (name, [str(m), *(interactive.format_number(column[m]) for column in curve)])
        for name, m in zip(ROWS, sizes, strict=True)
    ]
    return (
        f'<div class="cl-explorer">\n{interactive.make_form(SLIDERS, prefix="cl", name="Settings", reset=True)}'
        f"{interactive.wrap_drawing(*_draw_picture(curve, sizes))}"
        f'<p class="cl-said" role="status">{describe_valley(curve, settings["samples"])}</p>\n{interactive.make_table(COLUMNS, rows)}</div>\n'
    )


def find_best_size(curve: Tradeoff) -> int:
    """Return the size of one or more at which forgetting is least, the smallest if there are several."""
    return 1 + int(np.argmin(curve.forgetting[1:]))


def find_valley(curve: Tradeoff, samples: int) -> int | None:
    """Return the size beyond the peak at which forgetting is least, None where that is at an end: then there is no valley."""
    beyond = curve.forgetting[samples + 2 :]
    place = int(np.argmin(beyond)) if len(beyond) else 0
    return samples + 2 + place if 0 < place < len(beyond) - 1 else None


def describe_valley(curve: Tradeoff, samples: int) -> str:
    """Return a sentence on the valley beyond the peak."""
    valley = find_valley(curve, samples)
    if valley is None:
        return "Beyond the peak there is no valley."
    return f"Beyond the peak the valley is at m = {valley}: {interactive.format_number(curve.forgetting[valley])}."


def _draw_picture(curve: Tradeoff, sizes: tuple[int, ...]) -> tuple[str, str]:
    from matplotlib import pyplot as plt

    drawing.style()
    figure, axes = plt.subplots(figsize=(6.4, 4.0))
    shown = curve.forgetting[list(sizes)]
    axes.plot(np.where(np.isfinite(curve.forgetting), curve.forgetting, np.nan), color=drawing.PALETTE[0])
    for m, marker, colour in zip(sizes[1:], "os^", (2, 1, 3), strict=True):
        axes.plot(m, curve.forgetting[m], marker=marker, color=drawing.PALETTE[colour], markersize=8)
    axes.set(
        xlabel="trained parameters m",
        title="forgetting",
        ylim=(1.3 * curve.forgetting.min(), max(1.35 * float(shown.max()), -1.2 * curve.forgetting.min(), 0.05)),
    )
    alt = "Forgetting against the number of trained parameters: " + ", ".join(
        f"{name} {interactive.format_number(curve.forgetting[m])} at m = {m}"
        for name, m in zip(("frozen", "initialized", "least"), sizes[1:], strict=True)
    )
    drawn = drawing.to_svgs(figure, name="explorer", alt=f"{alt}.")
    plt.close(figure)
    return drawn


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("explorer", Explorer)
