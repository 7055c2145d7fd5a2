import re
from pathlib import Path

import pytest
from cl_book.figures.drawing import PALETTE

CSS = Path(__file__).resolve().parents[2] / "book/_static/palette.css"
ON_ITS_WASH = ("yes", "when", "no", "open", "none", "alarm")
LEAST = 4.5


def palette(theme):
    block = re.search(rf'html\[data-theme="{theme}"\]\s*\{{(.*?)\}}', CSS.read_text(encoding="utf-8"), re.DOTALL)
    return dict(re.findall(r"--cl-([\w-]+):\s*(#[0-9a-f]{6})", block[1]))


def contrast(one, other):
    """The contrast ratio of two colours, as WCAG defines it."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_series_and_quiet_text_is_readable_on_the_page(theme):
    colours = palette(theme)
    names = [str(number) for number in range(1, len(PALETTE) + 1)] + ["quiet"]
    faint = {name: contrast(colours[name], colours["paper"]) for name in names}
    assert {name: ratio for name, ratio in faint.items() if ratio < LEAST} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ON_ITS_WASH)
def test_badges_and_banner_are_readable_on_their_ground(theme, name):
    colours = palette(theme)
    assert contrast(colours[name], colours[f"{name}-wash"]) >= LEAST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_quiet_text_is_readable_in_the_verdict_box(theme):
    colours = palette(theme)
    assert contrast(colours["quiet"], colours["wash"]) >= LEAST


def test_both_themes_name_the_same_colours():
    assert palette("light").keys() == palette("dark").keys()
