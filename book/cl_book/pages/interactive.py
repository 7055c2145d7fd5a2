"""Shared parts of the interactive pages: sliders, a table of numbers, and the scripts that only these pages load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

SHARED = ("step.js", "touch.js")


@dataclass(frozen=True)
class Slider:
    """One setting of the core's function: its range, the step of the slider, and where it stands at first.

    A logarithmic slider moves the power of ten.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float
    log: bool = False

    def setting(self, place: float) -> float:
        """Return what the core is given when the slider stands at `place`."""
        if self.log:
            return float(10**place)
        return int(place) if self.step == 1 else place


def read_first_settings(sliders: Sequence[Slider]) -> dict[str, Any]:
    """Return the settings as they stand before a reader touches them."""
    return {one.name: one.setting(one.value) for one in sliders}


def make_form(sliders: Sequence[Slider], *, prefix: str, name: str, reset: bool) -> str:
    """Return the sliders as a form, hidden until a script runs; `prefix` makes their ids unique in the whole book."""
    rows = "\n".join(_make_row(one, f"{prefix}-{one.name.replace('_', '-')}") for one in sliders)
    button = '<p><button type="button">Back to the first settings</button></p>\n' if reset else ""
    return f'<form class="cl-sliders" hidden aria-label="{escape(name)}">\n{rows}\n{button}</form>\n'


def wrap_drawing(wide: str, narrow: str) -> str:
    """Return the static picture in its two forms, and the place where a script draws instead."""
    static = f'<div class="cl-drawing">{wide}</div><div class="cl-drawing cl-narrow">{narrow}</div>'
    return f'<div class="cl-static">{static}</div>\n<div class="cl-drawing cl-live" hidden></div>\n'


def make_table(columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return a table of words, a name before each row."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in ("what trains", *columns))
    body = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{words}</td>" for words in cells) + "</tr>"
        for name, cells in rows
    )
    return (
        '<div class="cl-scroll" role="region" tabindex="0" aria-label="The numbers"><table class="table cl-wordy">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>\n"
    )


def format_number(value: float) -> str:
    """Return a number as the tables and the alt texts show it."""
    return f"{value:.3f}".replace("-0.000", "0.000").replace("-", "−") if np.isfinite(value) else "infinite"


def require_script(env: BuildEnvironment, script: str) -> None:
    """Have the page that is being read load `script`, after what all of them share."""
    env.metadata[env.docname]["scripts"] = (*SHARED, script)


def _make_row(one: Slider, place: str) -> str:
    log, words = (" data-log", f"{10**one.value:.2g}") if one.log else ("", f"{one.value:g}")
    return (
        f'<p><label for="{place}">{escape(one.label)}</label> <output for="{place}">{words}</output>'
        f'<input type="range" id="{place}" name="{one.name}"{log} min="{one.low:g}" max="{one.high:g}" '
        f'data-max="{one.high:g}" step="{one.step:g}" value="{one.value:g}"></p>'
    )


def _load(app: Sphinx, page: str, _template: str, _context: dict[str, Any], _doctree: Any) -> None:
    for script in app.env.metadata.get(page, {}).get("scripts", ()):
        app.add_js_file(script)


def setup(app: Sphinx) -> None:
    """Load the scripts on pages that need them, and on no other."""
    app.connect("html-page-context", _load)
