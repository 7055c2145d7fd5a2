"""The recursion: against simulation, against a known closed form, at its edges, and on what it refuses."""

import re
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.linear import expected_losses, forgetting, generalization, simulate_losses
from cl_core.linear.closed_form import forgetting_of_initialized
from cl_core.linear.simulate import draw_losses

CASES = 200
QUICK_CASES = 40
"""So many tell a variance that is two percent too large, as `tests/faults/test_theory.py` tries."""

DRAWS = 1_000
LARGEST_Z = 5.0
LARGEST_BIAS = 4.0
Z_DEVIATION = (0.8, 1.2)


@dataclass(frozen=True)
class Case:
    targets: np.ndarray
    samples: np.ndarray
    mask: np.ndarray
    noise: np.ndarray
    start: np.ndarray


def random_case(seed: int) -> Case:
    """T ≤ 5 tasks, P ≤ 60, random masks, both regimes, |m − n| ≥ 8 or m = 0 at every task."""
    rng = np.random.default_rng(seed)
    tasks, parameters = int(rng.integers(1, 6)), int(rng.integers(12, 61))
    mask = rng.random((tasks, parameters)) < rng.choice([0.0, 0.2, 0.5, 0.8, 1.0], size=(tasks, 1))
    trained = mask.sum(axis=1)
    samples = np.array([rng.choice([n for n in range(69) if m == 0 or abs(m - n) >= 8]) for m in trained])
    return Case(
        targets=rng.standard_normal((tasks, parameters)),
        samples=samples,
        mask=mask,
        noise=rng.choice([0.0, 0.3, 1.0], size=tasks),
        start=rng.standard_normal(parameters),
    )


def z_scores(case: Case, *, draws: int, seed: int) -> np.ndarray:
    arguments = (case.targets, case.samples, case.mask, case.noise, case.start)
    exact = expected_losses(*arguments)
    mean, error = simulate_losses(*arguments, draws=draws, seed=seed)
    certain = error <= 1e-12 * (1 + exact)
    np.testing.assert_allclose(mean[certain], exact[certain], rtol=1e-9, atol=1e-12)
    return (mean[~certain] - exact[~certain]) / error[~certain]


@pytest.mark.parametrize("count", [QUICK_CASES, pytest.param(CASES, marks=pytest.mark.slow)])
def test_exact_values_agree_with_simulation_over_random_cases(count: int):
    """Each entry by itself, and all together: a small fault of one sign hides in every entry, but not in their mean."""
    cases = [z_scores(random_case(seed), draws=DRAWS, seed=seed) for seed in range(count)]
    z, means = np.concatenate(cases), np.array([case.mean() for case in cases if len(case)])
    bias = means.mean() / (means.std(ddof=1) / np.sqrt(len(means)))
    print(f"{len(z)} entries, largest |z| {np.abs(z).max():.2f}, deviation {z.std():.3f}, bias {bias:.2f}")
    assert len(z) > 5 * count
    assert np.abs(z).max() < LARGEST_Z
    assert Z_DEVIATION[0] < z.std() < Z_DEVIATION[1]
    assert abs(bias) < LARGEST_BIAS


def test_the_random_cases_cover_both_regimes_and_idle_tasks():
    cases = [random_case(seed) for seed in range(CASES)]
    trained = np.concatenate([case.mask.sum(axis=1) for case in cases])
    samples = np.concatenate([case.samples for case in cases])
    assert (trained > samples).sum() > 100
    assert ((trained < samples) & (trained > 0)).sum() > 100
    assert (trained == 0).sum() > 20
    assert ((np.abs(trained - samples) >= 8) | (trained == 0)).all()


@pytest.mark.parametrize("gap", [2, 3, 5])
def test_near_the_peak_the_exact_value_lies_above_the_simulated_median(gap: int):
    """There the mean is carried by rare draws: the median is the steadier witness, and must lie well below the mean."""
    targets = np.ones((1, 20))
    samples = 20 - gap
    exact = expected_losses(targets, samples, 20, 1.0)[0, 0]
    median = float(np.median(draw_losses(targets, samples, 20, 1.0, draws=4_000, seed=gap)))
    assert 0.2 * exact < median < exact


@given(st.integers(0, 10_000))
def test_initialized_forgetting_is_the_known_closed_form(seed: int):
    rng = np.random.default_rng(seed)
    tasks, parameters = int(rng.integers(2, 8)), int(rng.integers(4, 60))
    samples = int(rng.integers(0, parameters - 1))
    targets, noise = rng.standard_normal((tasks, parameters)), float(rng.random())
    exact = forgetting(expected_losses(targets, samples, parameters, noise))
    assert exact == pytest.approx(forgetting_of_initialized(targets, samples=samples, noise=noise), abs=1e-10)


def by_pairs_of_tasks(targets, samples, mask, noise, start) -> np.ndarray:
    """The same by E[(w − w*_k)_c (w − w*_j)_c] for every pair of tasks, as the book derives it; away from the peak."""
    error = start - targets
    second, rows = error[:, None] * error[None], []
    for t, s in enumerate(mask):
        m, n = int(s.sum()), int(samples[t])
        if m and n:
            wide = m > n
            r, b = (n / m, n * (m - n) / (m * (m - 1) * (m + 2))) if wide else (1.0, 0.0)
            a = (n * n - 2 * b * m) / (m * m) if wide else 1.0
            left = second[t, t, ~s].sum() + noise[t] ** 2
            v = min(m, n) * left / (abs(m - n) - 1)
            with_task = second[:, t][:, s]
            gap = with_task[t]
            second = second.copy()
            second[:, :, s] += -r * (with_task[:, None] + with_task[None]) + (a + b) * gap + b * gap.sum() + v / m
        rows.append(np.einsum("kkc->k", second))
    return np.array(rows)


def test_mean_and_variance_carry_all_that_the_moments_of_every_pair_of_tasks_do():
    for seed in range(CASES):
        case = random_case(seed)
        arguments = (case.targets, case.samples, case.mask, case.noise, case.start)
        np.testing.assert_allclose(expected_losses(*arguments), by_pairs_of_tasks(*arguments), rtol=1e-12, atol=1e-11)


def test_ten_thousand_parameters_and_fifty_tasks_need_no_moments_of_pairs():
    tracemalloc.start()
    losses = expected_losses(np.random.default_rng(0).standard_normal((50, 10_000)), 3_000, 5_000, 0.5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.isfinite(losses).all()
    # The targets alone are 4 MB and are copied; pairs of tasks would take 200 MB.
    assert peak < 40e6


def one_task(samples: int, trained: int, noise: float, parameters: int = 10) -> float:
    return float(expected_losses(np.ones((1, parameters)), samples, trained, noise)[0, 0])


@pytest.mark.parametrize(
    ("samples", "trained", "noise", "expected"),
    [
        (5, 0, 1.0, 10.0),  # nothing may move
        (0, 10, 1.0, 10.0),  # nothing is seen
        (0, 1, 1.0, 10.0),  # nothing is seen, m = n + 1
        (5, 10, 0.0, 5.0),  # half of the gap is learned
        (5, 10, 2.0, 5.0 + 5 * 4 / 4),
        (30, 10, 2.0, 10 * 4 / 19),
        (30, 4, 0.0, 6.0 + 4 * 6 / 25),  # what is frozen acts as noise
        (10, 10, 0.0, 0.0),  # square and noiseless: learned exactly
        (9, 10, 0.0, 1.0),  # m = n + 1 and noiseless: a projection, no variance
        (11, 10, 0.0, 0.0),
        (1, 1, 0.0, np.inf),  # nine coordinates are left behind
        (10, 10, 0.1, np.inf),
        (9, 10, 0.1, np.inf),
        (11, 10, 0.1, np.inf),
        (12, 10, 0.1, 10 * 0.01 / 1),
        (8, 10, 0.1, 2.0 + 8 * 0.01 / 1),
    ],
)
def test_one_task_by_hand(samples: int, trained: int, noise: float, expected: float):
    assert one_task(samples, trained, noise) == pytest.approx(expected, rel=1e-12)


def test_a_single_coordinate_without_noise_is_learned_from_one_sample():
    assert one_task(1, 1, 0.0, parameters=1) == 0.0
    assert one_task(1, 1, 0.1, parameters=1) == np.inf


def test_an_infinite_step_heals_when_every_touched_coordinate_is_overwritten():
    losses = expected_losses(np.ones((2, 10)), (10, 60), 10, 1.0)
    assert np.isinf(losses[0]).all()
    assert losses[1] == pytest.approx(10 / (60 - 10 - 1))


def test_an_infinite_step_lasts_while_a_touched_coordinate_is_not_overwritten():
    targets = np.ones((4, 10))
    losses = expected_losses(targets, (10, 60, 5, 60), (10, 9, 10, 10), 1.0)
    assert np.isinf(losses[:3]).all()
    assert np.isfinite(losses[3]).all()


def test_an_infinite_gap_left_behind_makes_the_trained_coordinates_infinite():
    targets = np.zeros((3, 10))
    first_half, second_half = np.arange(10) < 5, np.arange(10) >= 5
    mask = np.array([first_half, second_half, second_half])
    losses = expected_losses(targets, (5, 60, 60), mask, 1.0)
    assert np.isinf(losses).all()
    healed = expected_losses(np.zeros((4, 10)), (5, 60, 60, 60), np.vstack([mask, np.ones(10, dtype=bool)]), 1.0)
    assert np.isfinite(healed[3]).all()


def test_a_block_without_the_infinite_coordinates_is_no_cure_but_a_wide_one_overparameterised_is_none_either():
    targets = np.ones((2, 40))
    losses = expected_losses(targets, (40, 10), 40, 1.0)
    assert np.isinf(losses).all()


def test_idle_tasks_change_nothing():
    targets = np.arange(12.0).reshape(3, 4)
    start = np.array([1.0, -1.0, 0.5, 2.0])
    losses = expected_losses(targets, (3, 0, 9), (0, 4, 0), 1.0, start)
    own = np.square(start - targets).sum(axis=1)
    np.testing.assert_allclose(losses, np.tile(own, (3, 1)))


def test_a_size_means_the_last_coordinates_at_every_task():
    rng = np.random.default_rng(3)
    targets = rng.standard_normal((3, 12))
    mask = np.tile(np.arange(12) >= 8, (3, 1))
    by_mask = expected_losses(targets, 30, mask, 0.5)
    np.testing.assert_array_equal(expected_losses(targets, 30, 4, 0.5), by_mask)
    np.testing.assert_array_equal(expected_losses(targets, [30] * 3, [4, 4, 4], [0.5] * 3), by_mask)


@given(st.integers(0, 10_000))
def test_losses_are_never_negative_and_never_nan(seed: int):
    rng = np.random.default_rng(seed)
    tasks, parameters = int(rng.integers(1, 6)), int(rng.integers(1, 15))
    losses = expected_losses(
        rng.choice([0.0, 1.0, 0.1], size=(tasks, parameters)),
        rng.integers(0, 18, size=tasks),
        rng.random((tasks, parameters)) < rng.random((tasks, 1)),
        rng.choice([0.0, 1.0], size=tasks),
    )
    assert not np.isnan(losses).any()
    assert (losses >= -1e-12).all()


@given(st.integers(0, 10_000))
def test_the_order_of_the_coordinates_does_not_matter(seed: int):
    rng = np.random.default_rng(seed)
    targets, order = rng.standard_normal((3, 14)), rng.permutation(14)
    mask = rng.random((3, 14)) < 0.6
    samples = [int(rng.choice([m // 3, 2 * m + 4])) for m in mask.sum(axis=1)]
    np.testing.assert_allclose(
        expected_losses(targets[:, order], samples, mask[:, order], 0.7),
        expected_losses(targets, samples, mask, 0.7),
        rtol=1e-9,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(3), 5, 2, 0.1), "targets has shape (3,)"),
        ((np.ones((0, 3)), 5, 2, 0.1), "targets has shape (0, 3)"),
        ((np.full((2, 3), np.nan), 5, 2, 0.1), "targets holds a value that is not finite"),
        (([["a"]], 5, 1, 0.1), "targets is not an array of numbers"),
        ((np.ones((2, 3)), -1, 2, 0.1), "samples has the negative entry -1"),
        ((np.ones((2, 3)), 5.0, 2, 0.1), "samples is of type float64"),
        ((np.ones((2, 3)), [5, 5, 5], 2, 0.1), "samples has shape (3,)"),
        ((np.ones((2, 3)), 5, 4, 0.1), "trainable asks for 4 coordinates of 3"),
        ((np.ones((2, 3)), 5, -1, 0.1), "trainable has the negative entry -1"),
        ((np.ones((2, 3)), 5, 1.5, 0.1), "trainable is of type float64"),
        ((np.ones((2, 3)), 5, [1, 2, 3], 0.1), "trainable has shape (3,)"),
        ((np.ones((2, 3)), 5, np.ones((3, 2), dtype=bool), 0.1), "trainable is a mask of shape (3, 2)"),
        ((np.ones((2, 3)), 5, 2, -0.1), "noise has the negative entry -0.1"),
        ((np.ones((2, 3)), 5, 2, np.inf), "noise holds a value that is not finite"),
        ((np.ones((2, 3)), 5, 2, [0.1] * 3), "noise has shape (3,)"),
        ((np.ones((2, 3)), 5, 2, 0.1, np.ones(2)), "start has shape (2,)"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments: tuple, message: str):
    with pytest.raises(ValueError, match=re.escape(message)):
        expected_losses(*arguments)


def test_forgetting_and_generalisation_by_hand():
    losses = np.array([[1.0, 9.0, 9.0], [2.0, 3.0, 9.0], [4.0, 2.0, 6.0]])
    assert forgetting(losses) == pytest.approx(((4 - 1) + (2 - 3)) / 2)
    assert generalization(losses) == pytest.approx(4.0)


def test_forgetting_is_undefined_where_it_reads_an_infinity_or_has_no_old_task():
    losses = np.array([[1.0, np.inf], [2.0, 3.0]])
    assert forgetting(losses) == 1.0
    assert np.isnan(forgetting([[1.0, 2.0], [np.inf, 3.0]]))
    assert np.isnan(forgetting([[np.inf, 2.0], [np.inf, 3.0]]))
    assert np.isnan(forgetting([[1.0]]))
    assert generalization([[1.0, 2.0], [np.inf, 3.0]]) == np.inf


@pytest.mark.parametrize("losses", [np.ones(3), np.ones((2, 3)), np.ones((0, 0))])
def test_measures_refuse_what_is_not_square(losses: np.ndarray):
    with pytest.raises(ValueError, match="give \\(T, T\\)"):
        forgetting(losses)
    with pytest.raises(ValueError, match="give \\(T, T\\)"):
        generalization(losses)
