"""What the solutions of the exercises compute is right."""

import itertools
import json
from math import comb

import numpy as np
import pytest

from cl_core import files
from cl_core.linear.optimum import forgetting_curve, optimal_magnitude
from cl_core.linear.step import variance

CHAPTERS = ("01", "02", "03", "04", "05", "06", "07", "15")


def text_of(number):
    (path,) = (files.root() / "notebooks").glob(f"{number}-*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_ends_with_three_things_and_folded_solutions(number):
    text = text_of(number)
    section = text.partition("## Three things to remember\n")[2].partition("\n## ")[0]
    assert sum(line.startswith("* ") for line in section.splitlines()) == 3
    exercises, _, solutions = text.partition("## Exercises\n")[2].partition(
        ":::{admonition} Solutions\n:class: dropdown\n"
    )
    asked, solved = (
        [line[:2] for line in part.partition("\n:::")[0].splitlines() if line[1:2] == "."]
        for part in (exercises, solutions)
    )
    assert asked == solved == ["1.", "2.", "3."]


def test_the_variance_falls_from_b_to_a_third_of_it():
    """Chapter 2: one update trains twice as many coordinates as samples, the other four times."""
    n, b = 3000, 2.0
    assert variance(2 * n, n, b) == pytest.approx(b, rel=0.01)
    assert variance(4 * n, n, b) == pytest.approx(b / 3, rel=0.01)


def test_the_valley_at_four_times_the_disturbance():
    """Chapter 3, 1: m* = 2(n + 1) and F(m*) = −nη/(n + 1); 2: at n = 20, m_0 = 17 it beats training what matters."""
    n, eta = 20, 0.7
    assert optimal_magnitude(4 * eta, eta, n) == pytest.approx((2 * (n + 1), -n * eta / (n + 1)))
    valley, few = forgetting_curve(np.array([2 * (n + 1), 17]), xi=4 * eta, eta=eta, samples=n)
    assert valley == pytest.approx(-n * eta / (n + 1))
    assert few == pytest.approx(-4 * eta + 17 / 2 * eta)
    assert valley < 0 < few


def test_noise_alone_favours_at_most_nine_parameters():
    """Chapter 4: at distance zero, with P = 60 and n = 24."""
    wins = [m for m in range(1, 23) if variance(m, 24, 1.0) < variance(60, 24, 1.0)]
    assert wins == list(range(1, 10))


def test_equal_tasks_shrink_the_error_by_the_share():
    """Chapter 5: the loss after t tasks is (1 − n/P)^t of the first."""
    rng, n, size, tasks = np.random.default_rng(0), 6, 15, 4
    truth, left = np.ones(size), []
    for _ in range(3000):
        w = np.zeros(size)
        for _ in range(tasks):
            features = rng.standard_normal((n, size))
            w = w + np.linalg.lstsq(features, features @ (truth - w), rcond=None)[0]
        left.append(np.square(w - truth).sum())
    mean, error = np.mean(left), np.std(left) / np.sqrt(len(left))
    assert abs(mean - (1 - n / size) ** tasks * size) < 5 * error


def test_a_measured_cosine_is_that_of_the_truth_less_the_noise():
    """Chapter 15, 1: c · 2s/(1 + s), with s the split-half value."""
    rng, size, cosine, noise = np.random.default_rng(1), 40_000, 0.4, 0.5
    first = np.zeros(size)
    first[0] = 1.0
    second = np.zeros(size)
    second[:2] = cosine, np.sqrt(1 - cosine**2)
    halves = [[g + rng.normal(0, np.sqrt(noise / size), size) for _ in range(2)] for g in (first, second)]

    def cos(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b)

    s = np.mean([cos(*pair) for pair in halves])
    assert cos(*(np.mean(pair, axis=0) for pair in halves)) == pytest.approx(cosine * 2 * s / (1 + s), abs=0.02)


def test_a_random_order_repeats_a_choice_once_in_fifty_six():
    """Chapter 15, 2."""
    orders = set(itertools.permutations("fffmmmmm"))
    assert len(orders) == comb(8, 3) == 56


def test_two_correlated_scores_fall_on_one_side_two_times_in_three():
    """Chapter 15, 3: at a correlation of one half."""
    draws = np.random.default_rng(2).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 200_000)
    assert np.mean(draws[:, 0] * draws[:, 1] > 0) == pytest.approx(2 / 3, abs=0.01)
