import csv
import io
from pathlib import Path

import numpy as np
import pytest
from cl_book.cover import render

from cl_core.experiments import store

BOOK = Path(__file__).resolve().parents[2] / "book"


@pytest.fixture(scope="module")
def drawn():
    return render()


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


def test_the_network_s_points_are_the_means_of_the_stored_runs(drawn):
    head, table = numbers(drawn["cover.csv"])
    columns = {name: column[np.isfinite(column)] for name, column in zip(head, table.T, strict=True)}
    for blocks, strategy in ((0, "frozen-0"), (1, "frozen"), (9, "initialized")):
        place = list(columns["blocks"]).index(blocks)
        runs = list(store.find("split-cifar100", strategy, "cpu"))
        assert columns["seeds"][place] == len(runs) >= 10
        for name in ("forgetting", "avg_acc"):
            mean = 100 * np.mean([store.metric(run, name) for run in runs])
            assert columns[f"network_{name}"][place] == pytest.approx(mean, rel=1e-5, abs=1e-8)
