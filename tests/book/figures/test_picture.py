"""A picture is shown in a notebook in its two forms, with its own words and numbers."""

from cl_book.figures import picture
from matplotlib import pyplot as plt


def test_a_notebook_is_handed_both_figures(monkeypatch):
    shown = []
    monkeypatch.setattr(picture, "show", lambda figure, **words: shown.append((figure, words)))
    wide, narrow = plt.figure(), plt.figure()
    picture.Picture(wide, "two lines", {"x": [1.0]}, "One rises.", narrow=narrow).show("a-name")
    assert shown == [(wide, {"name": "a-name", "alt": "two lines", "data": {"x": [1.0]}, "narrow": narrow})]
    plt.close("all")
