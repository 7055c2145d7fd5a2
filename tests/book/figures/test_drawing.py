"""Figures as text: described, deterministic, coloured by the page, with the data beside them."""

import csv
import io
import itertools
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from cl_book.figures.drawing import (
    INK,
    LINES,
    MARKERS,
    PALETTE,
    PAPER,
    SEQUENTIAL,
    WIDTH,
    round_values,
    show,
    style,
    to_csv,
    to_svg,
)
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure


def drawn():
    figure = Figure()
    axes = figure.subplots()
    for number, marker in enumerate(MARKERS):
        axes.plot([1, 2, 3], [number, 2, 1], label=f"series {number}", marker=marker, markeredgecolor=PAPER)
    axes.legend()
    axes.set_xlabel("trained coordinates m")
    return figure


@pytest.fixture
def figure():
    with mpl.rc_context():
        style()
        yield drawn()


def test_svg_is_described(figure):
    svg = ElementTree.fromstring(to_svg(figure, name="valley", alt="forgetting is least\n at m = 42 & rises"))
    namespace = "{http://www.w3.org/2000/svg}"
    assert (svg.tag, svg.get("role"), svg.get("data-figure")) == (f"{namespace}svg", "img", "valley")
    assert svg.find(f"{namespace}desc").text == "forgetting is least at m = 42 & rises"
    assert svg.get("aria-labelledby") == "valley-title valley-desc"


def test_same_figure_same_bytes(figure):
    first = to_svg(figure, name="valley", alt="a valley")
    assert first == to_svg(drawn(), name="valley", alt="a valley")
    assert "metadata" not in first
    assert "Matplotlib" not in first


def test_the_style_sheet_holds_the_constants_of_the_module(figure):
    cycle = mpl.rcParams["axes.prop_cycle"].by_key()
    assert tuple(cycle["color"]) == PALETTE
    assert tuple(cycle["linestyle"]) == LINES
    inks = [key for key in mpl.rcParams if mpl.rcParams[key] == INK]
    assert {"text.color", "axes.edgecolor", "xtick.color", "ytick.color", "hatch.color"} <= set(inks)
    assert mpl.rcParams["figure.figsize"][0] == WIDTH
    assert mpl.rcParams["image.cmap"] == SEQUENTIAL


def test_a_readers_matplotlibrc_changes_nothing(figure):
    own = to_svg(figure, name="valley", alt="a valley")
    hostile = {"lines.marker": "x", "axes.xmargin": 0.4, "xtick.direction": "in", "legend.edgecolor": "red"}
    with mpl.rc_context({**hostile, "text.usetex": True, "axes.formatter.limits": (-1, 1), "svg.image_inline": False}):
        style()
        assert to_svg(drawn(), name="valley", alt="a valley") == own


def test_page_decides_colours_and_font(figure):
    svg = to_svg(figure, name="valley", alt="a valley").partition("</style>")[2]
    assert INK not in svg
    assert PAPER not in svg
    left = re.sub(r"var\(--cl-[a-z0-9]+, #[0-9a-f]{6}\)", "", svg)
    assert not re.findall(r"#[0-9a-f]{6}\b", left)
    assert all(f"var(--cl-{number}, {colour})" in svg for number, colour in enumerate(PALETTE, start=1))
    assert "currentColor" in svg
    assert "font-family" not in svg


def test_style_sheet_reaches_no_other_svg_on_the_page(figure):
    svg = to_svg(figure, name="valley", alt="a valley")
    assert re.findall(r"<style[^>]*>([^{]*)", svg) == ["svg:root"]


def test_ids_are_the_figures_own(figure):
    one, two = to_svg(figure, name="one", alt="a"), to_svg(figure, name="two", alt="a")
    ids = set(re.findall(r'\bid="([^"]+)"', one))
    assert ids
    assert not ids & set(re.findall(r'\bid="([^"]+)"', two))
    referred = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', one)
    assert referred
    assert {a or b for a, b in referred} <= ids


def test_text_stays_text_and_log_axes_are_unicode(figure):
    figure.axes[0].set_xscale("log")
    figure.axes[0].set_xlim(1e-6, 1e6)
    svg = to_svg(figure, name="valley", alt="a valley")
    assert ">trained coordinates m</text>" in svg
    assert "10⁻" in svg
    assert "mathdefault" not in svg


def test_mathtext_is_refused(figure):
    figure.axes[0].set_title(r"$\xi > \eta$")
    with pytest.raises(ValueError, match="mathtext"):
        to_svg(figure, name="valley", alt="a valley")


@pytest.mark.parametrize(("name", "alt"), [("Valley", "a"), ("a_b", "a"), ("", "a"), ("valley", " \n")])
def test_bad_name_or_no_alt(figure, name, alt):
    with pytest.raises(ValueError, match="figure"):
        to_svg(figure, name=name, alt=alt)


def test_show_is_one_output_with_words_and_data(figure, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: shown.append((bundle, metadata, raw)))
    show(figure, name="valley", alt="least at m = 42", data={"m": [1, 2], "F": [0.1, -0.0]})
    ((bundle, metadata, raw),) = shown
    assert raw
    assert 'data-figure="valley-narrow"' in "\n".join(metadata["image/svg+xml"]["narrow"])
    assert set(bundle) == {"image/svg+xml", "text/csv", "text/plain"}
    assert bundle["text/plain"] == "figure valley: least at m = 42"
    assert bundle["text/csv"] == "m,F\n1,0.1\n2,0\n"


def test_csv_pads_and_splits_columns():
    data = {"name": ["a", "b"], "x": [1], "A": np.array([[1.0, np.nan], [np.inf, 0.5]])}
    assert list(csv.reader(io.StringIO(to_csv(data)))) == [
        ["name", "x", "A[0]", "A[1]"],
        ["a", "1", "1", ""],
        ["b", "", "inf", "0.5"],
    ]


@pytest.mark.parametrize("data", [{}, {"x": np.zeros((2, 2, 2))}])
def test_csv_refuses(data):
    with pytest.raises(ValueError, match=r"data|dimensions"):
        to_csv(data)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8))
def test_rounding_keeps_six_digits_and_forgets_noise(values):
    array = np.array(values)
    scale = np.abs(array).max()
    result = round_values(array)
    assert np.all(np.abs(result - array) <= 5.01e-6 * np.abs(array) + 1e-10 * scale)
    assert not np.any(np.signbit(result) & (result == 0))
    assert all(len(f"{abs(v):.5e}".rstrip("0")) <= 12 and float(f"{v:.6g}") == v for v in result)


def test_last_bits_do_not_show():
    assert np.array_equal(round_values([1.0, 3e-17, 0.1 + 0.2]), [1.0, 0.0, 0.3])


# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear_rgb(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / [0.95047, 1.0, 1.08883])
    f = np.where(f > 6 / 29, f, (f**3) / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_palette_is_told_apart(deficiency):
    seen = [lab(np.array(DEFICIENCIES[deficiency]) @ linear_rgb(colour)) for colour in PALETTE]
    distance = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert distance > 15


def test_palette_stands_out_on_white():
    luminance = [np.array([0.2126, 0.7152, 0.0722]) @ linear_rgb(colour) for colour in PALETTE]
    assert min(1.05 / (value + 0.05) for value in luminance) > 4
