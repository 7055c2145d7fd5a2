"""A picture shows its wide figure alone in a notebook, with its own words and numbers."""

from cl_book.figures import picture
from matplotlib import pyplot as plt


def test_a_notebook_shows_the_wide_figure_and_closes_the_narrow_one(monkeypatch):
    shown = []
    monkeypatch.setattr(picture, "show", lambda figure, **words: shown.append((figure, words)))
    wide, narrow = plt.figure(), plt.figure()
    picture.Picture(wide, "two lines", {"x": [1.0]}, "One rises.", narrow=narrow).show("a-name")
    assert shown == [(wide, {"name": "a-name", "alt": "two lines", "data": {"x": [1.0]}})]
    assert not plt.fignum_exists(narrow.number)
    assert plt.fignum_exists(wide.number)
    plt.close(wide)
