"""How large the letters of a drawing are on a phone."""

import re

LEAST = 11
"""Pixels below which no letter may be."""

_WIDTH = 350
"""Pixels that a figure has at least on a phone 390 wide."""


def measure_letters(svg: str) -> float:
    """The height in pixels of the smallest letters of an SVG as a phone shows it; without letters none is too small."""
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg, re.IGNORECASE)[1])
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: ?(?:\w+ )*([\d.]+)px", svg)]
    assert len(sizes) == svg.count("<text"), "a letter's size is written in another way"
    return min(sizes, default=width) * _WIDTH / width
