"""Verdict lines and values: what is displayed, and what is refused."""

import sys

import numpy as np
import pytest
from cl_book.notebooks.record import VALUE_MIME, VERDICT_LINE, VERDICT_MIME, format_value, record, verdict


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle) if raw else None)
    return bundles


@pytest.mark.parametrize(
    ("claim", "holds", "word"),
    [
        ("T04", True, "holds"),
        ("T04", np.bool_(True), "holds"),
        ("T04", False, "fails"),
        ("T04", None, "inconclusive"),
        ("P01", True, "holds as printed"),
        ("P01", False, "fails"),
        ("P01", None, "inconclusive"),
        ("C04", True, "reproduced"),
        ("C04", False, "not reproduced"),
        ("C04", None, "inconclusive"),
    ],
)
def test_a_verdict_has_the_words_of_its_kind_of_claim(shown, claim, holds, word):
    verdict(claim, holds=holds, evidence="largest |z| 2.31,\n limit < 5")
    (bundle,) = shown
    assert bundle["text/plain"] == f"{claim} · {word} · largest |z| 2.31, limit < 5"
    line = VERDICT_LINE.fullmatch(bundle["text/plain"])
    assert (line["verdict"], line["condition"]) == (word, None)
    assert bundle[VERDICT_MIME] == {"claim": claim, "verdict": word, "evidence": "largest |z| 2.31, limit < 5"}
    assert "limit &lt; 5" in bundle["text/html"]


def test_an_item_of_the_paper_may_hold_under_a_condition(shown):
    verdict("P02", holds=True, when="p_2 <\n n_2 − 1", evidence="300 of 300")
    (bundle,) = shown
    assert bundle["text/plain"] == "P02 · holds when p_2 < n_2 − 1 · 300 of 300"
    entry = {"claim": "P02", "verdict": "holds when", "condition": "p_2 < n_2 − 1", "evidence": "300 of 300"}
    assert VERDICT_LINE.fullmatch(bundle["text/plain"]).groupdict() == bundle[VERDICT_MIME] == entry
    assert "<strong>holds when p_2 &lt; n_2 − 1</strong>" in bundle["text/html"]


@pytest.mark.parametrize(("holds", "word"), [(False, "fails"), (None, "inconclusive")])
def test_the_condition_is_left_out_of_what_does_not_hold(shown, holds, word):
    verdict("P02", holds=holds, when="the energy is spread evenly", evidence="z 7")
    assert shown[0]["text/plain"] == f"P02 · {word} · z 7"
    assert "condition" not in shown[0][VERDICT_MIME]


def test_verdict_refuses(shown):
    with pytest.raises(ValueError, match="'X1'"):
        verdict("X1", holds=True, evidence="a")
    with pytest.raises(ValueError, match="no evidence"):
        verdict("T04", holds=True, evidence=" ")
    with pytest.raises(TypeError, match=r"0\.3"):
        verdict("T04", holds=0.3, evidence="a")
    with pytest.raises(ValueError, match="only items of the paper"):
        verdict("T04", holds=True, when="m > n", evidence="a")
    with pytest.raises(ValueError, match="'·'"):
        verdict("P04", holds=True, when="m > n · σ", evidence="a")
    assert shown == []


def test_value(shown):
    record("largest_z", np.float64(2.3149), "{:.2f}")
    record("best_rule", "cosine")
    assert [bundle["text/plain"] for bundle in shown] == ["largest_z = 2.31", "best_rule = cosine"]
    assert shown[0][VALUE_MIME] == {"name": "largest_z", "text": "2.31"}


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (-0.001, "{:.2f}", "0.00"),
        (-1.5, "{:.2f}", "-1.50"),
        (3, "{:d}", "3"),
        (np.int64(20_000_000), "{:d}", "20000000"),
        (np.float64(7.0), "{:d}", "7"),
        (1.5e-9, "{:.1e}", "1.5e-09"),
    ],
)
def test_written(value, form, text):
    assert format_value(value, form) == text


@pytest.mark.parametrize(("value", "form"), [(np.nan, "{:.2f}"), (np.inf, "{:.2f}"), (1.23456789, "{:.7f}")])
def test_written_refuses(value, form):
    with pytest.raises(ValueError, match=r"not finite|digits"):
        format_value(value, form)


@pytest.mark.parametrize("name", ["Largest", "a-b", "", "2z"])
def test_value_name_refused(name):
    with pytest.raises(ValueError, match="identifier"):
        record(name, 1.0)


def test_a_chapter_run_as_a_program_prints_its_lines(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    record("share", 0.5)
    verdict("T04", holds=True, evidence="z 2, limit 5")
    assert capsys.readouterr().out == "share = 0.50\nT04 · holds · z 2, limit 5\n"
