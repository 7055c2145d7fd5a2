"""The panels of a phase map: which kind a point is, where a word stands, and that no region is told by colour alone."""

import numpy as np
import pytest
from cl_book.figures.drawing import style, to_svg
from cl_book.figures.phase_regions import IDLE, LETTERS, classify_gains, draw_panel, find_innermost
from matplotlib import pyplot as plt


def test_a_kind_is_told_by_the_signs_of_the_two_gains() -> None:
    codes = classify_gains([-1.0, 1.0, -1.0, 1.0, 0.0, np.nan], [-1.0, -1.0, 1.0, 1.0, 0.0, 1.0])
    assert codes.tolist() == [0, 1, 2, 3, 0, -1]
    assert [LETTERS[code] for code in codes[:4]] == ["neither", "F", "G", "F G"]


def test_the_innermost_point_is_the_middle_of_a_rectangle() -> None:
    region = np.zeros((20, 30), dtype=bool)
    region[4:9, 10:25] = True
    row, column = find_innermost(region)
    assert row == 6
    assert column in (16, 17, 18)


def test_a_band_along_the_rim_is_written_into_away_from_the_rim() -> None:
    region = np.zeros((21, 21), dtype=bool)
    region[:, :7] = True
    row, column = find_innermost(region)
    assert column == 3
    assert 5 <= row <= 15


def test_the_innermost_point_of_a_ring_lies_on_the_ring() -> None:
    y, x = np.mgrid[-10:11, -10:11]
    ring = (np.hypot(x, y) > 4) & (np.hypot(x, y) < 9)
    assert ring[find_innermost(ring)]


def test_an_empty_region_is_refused() -> None:
    with pytest.raises(ValueError, match="no point"):
        find_innermost(np.zeros((3, 3), dtype=bool))


def test_every_region_carries_its_letters_and_hatching() -> None:
    style()
    x, y = np.linspace(-1, 1, 41), np.linspace(-1, 1, 41)
    across, up = np.meshgrid(x, y)
    figure, axes = plt.subplots()
    draw_panel(axes, x, y, forgetting=across, mean_loss=up, idle=across + up - 1)
    words = [text.get_text() for text in axes.texts]
    assert sorted(words) == sorted([*LETTERS, f"F G {IDLE}"])
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places["F"][0] > 0 > places["F"][1]
    assert places["G"][0] < 0 < places["G"][1]
    assert sum(places[f"F G {IDLE}"]) > 1
    assert to_svg(figure, name="test", alt="four regions").count("<pattern") == 2
    plt.close(figure)


def test_where_nothing_is_gained_the_panel_says_so() -> None:
    figure, axes = plt.subplots()
    draw_panel(
        axes, [0, 1, 2], [0, 1, 2], forgetting=-np.ones((3, 3)), mean_loss=-np.ones((3, 3)), idle=-np.ones((3, 3))
    )
    assert [text.get_text() for text in axes.texts] == ["neither"]
    plt.close(figure)


def test_values_that_are_not_finite_are_left_blank() -> None:
    figure, axes = plt.subplots()
    draw_panel(
        axes,
        [0, 1, 2],
        [0, 1, 2],
        forgetting=np.full((3, 3), np.nan),
        mean_loss=np.ones((3, 3)),
        idle=np.full((3, 3), np.inf),
    )
    assert len(axes.texts) == 0
    plt.close(figure)
