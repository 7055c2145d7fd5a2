import csv
import io
import runpy
from pathlib import Path

import numpy as np
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"


@pytest.fixture(scope="module")
def drawn():
    return runpy.run_path(str(BOOK / "cover.py"), run_name="cover")["render"]()


def numbers(text):
    rows = list(csv.reader(io.StringIO(text)))
    return rows[0], np.array([[float(cell) if cell else np.nan for cell in row] for row in rows[1:]])


def test_the_numbers_of_the_picture_are_what_the_core_computes(drawn):
    head, now = numbers(drawn["cover.csv"])
    stored_head, stored = numbers((BOOK / "_static/cover.csv").read_text(encoding="utf-8"))
    assert stored_head == head
    np.testing.assert_allclose(stored, now, rtol=1e-5, atol=1e-8)


def test_the_alt_text_is_that_of_the_numbers(drawn):
    assert (BOOK / "_static/cover.txt").read_text(encoding="utf-8").strip() == drawn["cover.txt"]


def test_the_picture_carries_the_alt_text(drawn):
    assert drawn["cover.txt"] in (BOOK / "_static/cover.svg").read_text(encoding="utf-8")


def test_simulation_and_theory_agree_in_the_picture(drawn):
    head, table = numbers(drawn["cover.csv"])
    columns = dict(zip(head, table.T, strict=True))
    simulated = columns["simulated_magnitude"][np.isfinite(columns["simulated_magnitude"])]
    exact = dict(zip(columns["magnitude"], columns["forgetting"], strict=True))
    off = [
        abs(exact[size] - value) / (bar / 2)
        for size, value, bar in zip(
            simulated, columns["simulated_forgetting"], columns["two_standard_errors"], strict=False
        )
    ]
    assert len(off) > 10
    assert max(off) < 5
