"""A figure with its words and numbers, before it is known whether a notebook or the book shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cl_book.figures.drawing import show


@dataclass(frozen=True)
class Picture:
    """A figure with its alt text, the numbers that it draws, and what it found, in a sentence computed from them.

    `narrow` is what a phone shows in its place, where it has to be drawn anew for that and not only laid out anew.
    """

    figure: Figure
    alt: str
    data: Mapping[str, ArrayLike]
    finding: str = ""
    narrow: Figure | None = None

    def show(self, name: str) -> None:
        """Display the picture in a notebook under `name`."""
        show(self.figure, name=name, alt=self.alt, data=self.data, narrow=self.narrow)
