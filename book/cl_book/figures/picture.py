"""A figure with its words and numbers, before it is known whether a notebook or the book shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cl_book.figures.drawing import show

NARROW = 4.6
"""Width in inches of a figure for a phone: its letters are as large there as those of the text."""


@dataclass(frozen=True)
class Picture:
    """A figure with its alt text, the numbers that it draws, and what it found, in a sentence computed from them.

    `narrow` is the same with its panels below one another, NARROW inches wide, which a phone shows in its place.
    """

    figure: Figure
    alt: str
    data: Mapping[str, ArrayLike]
    finding: str = ""
    narrow: Figure | None = None

    def show(self, name: str) -> None:
        """Display the picture in a notebook under `name`."""
        if self.narrow is not None:
            plt.close(self.narrow)
        show(self.figure, name=name, alt=self.alt, data=self.data)
