"""``:::{explorer}``: a curve of forgetting that a reader can bend, and a picture of it where scripts do not run."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cl_core.companion import figures
from cl_core.linear.outlook import Outlook, outlook

SCRIPT = "explorer.js"


@dataclass(frozen=True)
class Slider:
    """One setting of the core's function: its range, the step of the slider, and where it stands at first."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float


SLIDERS = (
    Slider("parameters", "parameters P", 20, 200, 1, 100),
    Slider("specific", "size of the block q", 1, 199, 1, 10),
    Slider("samples", "samples n", 2, 150, 1, 40),
    Slider("noise", "noise σ", 0, 2, 0.05, 0.5),
    Slider("distance", "distance of the tasks", 0, 3, 0.05, 1),
    Slider("shared_error", "error of the shared part", 0, 3, 0.05, 1),
)
ROWS = ("no update", "● frozen: q alone", "■ initialized: everything", "▲ least, of all sizes but zero")
COLUMNS = ("m", "forgetting", "loss on the new task", "squared length of the update")


class Explorer(SphinxDirective):
    """Sliders, a drawing and a table; all of it stands in the page, and the script makes it move."""

    def run(self) -> list[nodes.Node]:
        """Return the explorer as it stands before a reader touches it."""
        self.env.metadata[self.env.docname]["explorer"] = True
        return [nodes.raw("", markup(), format="html")]


def markup() -> str:
    """Return the explorer's HTML, with the static picture and the table of the first settings."""
    settings: dict[str, Any] = {one.name: int(one.value) if one.step == 1 else one.value for one in SLIDERS}
    curve = outlook(**settings)
    sizes = (0, settings["specific"], settings["parameters"], best_size(curve))
    controls = "\n".join(_slider(one) for one in SLIDERS)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("what trains", *COLUMNS))
    body = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{words}</td>" for words in (str(m), *(_text(column[m]) for column in curve)))
        + "</tr>"
        for name, m in zip(ROWS, sizes, strict=True)
    )
    return (
        f'<div class="cl-explorer">\n<form class="cl-sliders" hidden aria-label="Settings">\n{controls}\n'
        '<p><button type="button">Back to the first settings</button></p>\n</form>\n'
        f'<div class="cl-drawing cl-static">{_picture(curve, sizes)}</div>\n<div class="cl-drawing cl-live" hidden></div>\n'
        '<p class="cl-said" role="status"></p>\n<div class="cl-scroll" role="region" tabindex="0" aria-label="The numbers">'
        f'<table class="table cl-wordy">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>\n</div>\n'
    )


def best_size(curve: Outlook) -> int:
    """Return the size of one or more at which forgetting is least, the smallest if there are several."""
    return 1 + int(np.argmin(curve.forgetting[1:]))


def _slider(one: Slider) -> str:
    place = f"cl-{one.name.replace('_', '-')}"
    return (
        f'<p><label for="{place}">{escape(one.label)}</label> <output for="{place}">{one.value:g}</output>'
        f'<input type="range" id="{place}" name="{one.name}" min="{one.low:g}" max="{one.high:g}" '
        f'data-max="{one.high:g}" step="{one.step:g}" value="{one.value:g}"></p>'
    )


def _text(value: float) -> str:
    return f"{value:.3f}".replace("-0.000", "0.000").replace("-", "−") if np.isfinite(value) else "infinite"


def _picture(curve: Outlook, sizes: tuple[int, ...]) -> str:
    from matplotlib import pyplot as plt

    figures.style()
    figure, axes = plt.subplots(figsize=(6.4, 4.0))
    shown = curve.forgetting[list(sizes)]
    axes.plot(np.where(np.isfinite(curve.forgetting), curve.forgetting, np.nan), color=figures.PALETTE[0])
    for m, marker, colour in zip(sizes[1:], "os^", (2, 1, 3), strict=True):
        axes.plot(m, curve.forgetting[m], marker=marker, color=figures.PALETTE[colour], markersize=8)
    axes.set(
        xlabel="trained parameters m",
        title="forgetting",
        ylim=(1.3 * curve.forgetting.min(), 1.35 * float(shown.max())),
    )
    alt = "Forgetting against the number of trained parameters: " + ", ".join(
        f"{name} {_text(curve.forgetting[m])} at m = {m}"
        for name, m in zip(("frozen", "initialized", "least"), sizes[1:], strict=True)
    )
    drawn = figures.to_svg(figure, name="explorer", alt=f"{alt}.")
    plt.close(figure)
    return drawn


def _load(app: Sphinx, page: str, _template: str, _context: dict[str, Any], _doctree: Any) -> None:
    """Load the script on pages that have an explorer, and on no other."""
    if app.env.metadata.get(page, {}).get("explorer"):
        app.add_js_file(SCRIPT)


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("explorer", Explorer)
    app.connect("html-page-context", _load)
