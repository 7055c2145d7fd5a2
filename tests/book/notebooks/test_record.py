"""Verdict lines and values: what is displayed, and what is refused."""

import numpy as np
import pytest
from cl_book.notebooks.record import VALUE_MIME, VERDICT_LINE, VERDICT_MIME, format_value, record, verdict


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle) if raw else None)
    return bundles


@pytest.mark.parametrize(
    ("holds", "word"),
    [(True, "reproduced"), (False, "not reproduced"), (None, "inconclusive"), (np.bool_(True), "reproduced")],
)
def test_verdict_line(shown, holds, word):
    verdict("T04", holds=holds, evidence="largest |z| 2.31,\n limit < 5")
    (bundle,) = shown
    assert bundle["text/plain"] == f"T04 · {word} · largest |z| 2.31, limit < 5"
    assert VERDICT_LINE.fullmatch(bundle["text/plain"])["verdict"] == word
    assert bundle[VERDICT_MIME] == {"claim": "T04", "verdict": word, "evidence": "largest |z| 2.31, limit < 5"}
    assert "limit &lt; 5" in bundle["text/html"]


def test_verdict_refuses(shown):
    with pytest.raises(ValueError, match="'X1'"):
        verdict("X1", holds=True, evidence="a")
    with pytest.raises(ValueError, match="no evidence"):
        verdict("T04", holds=True, evidence=" ")
    with pytest.raises(TypeError, match=r"0\.3"):
        verdict("T04", holds=0.3, evidence="a")
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
