"""Fractions of an update: exact against drawn, the closed form against a minimum by search, the gain's course, the search."""

import numpy as np
import pytest

from cl_core.linear import (
    best_fraction,
    best_fractions,
    best_joint_schedule,
    draw_losses,
    expected_losses,
    gain,
    gains,
    price,
    read_gains,
    run_fractions,
    simulate_losses,
)
from cl_core.linear.schedule import best_fixed_schedule

CASES = 200
LARGEST_Z = 5.0


def random_case(seed: int) -> dict[str, np.ndarray]:
    """T ≤ 4 tasks, P ≤ 30, random masks and fractions, both regimes, |m − n| ≥ 8 or m = 0 at every task."""
    rng = np.random.default_rng(seed)
    tasks, parameters = int(rng.integers(1, 5)), int(rng.integers(10, 31))
    mask = rng.random((tasks, parameters)) < rng.choice([0.0, 0.4, 0.8, 1.0], size=(tasks, 1))
    samples = [rng.choice([n for n in range(45) if m == 0 or abs(m - n) >= 8]) for m in mask.sum(axis=1)]
    return {
        "targets": rng.standard_normal((tasks, parameters)),
        "samples": np.array(samples),
        "trainable": mask,
        "noise": rng.choice([0.0, 0.3, 1.0], size=tasks),
        "start": rng.standard_normal(parameters),
        "fraction": rng.choice([0.0, 0.1, 0.5, 0.9, 1.0], size=tasks),
    }


def z_scores(case: dict[str, np.ndarray], *, draws: int, seed: int) -> np.ndarray:
    exact = expected_losses(**case)
    mean, error = simulate_losses(**case, draws=draws, seed=seed)
    certain = error <= 1e-12 * (1 + exact)
    np.testing.assert_allclose(mean[certain], exact[certain], rtol=1e-9, atol=1e-12)
    return (mean[~certain] - exact[~certain]) / error[~certain]


@pytest.mark.parametrize("cases", [20, pytest.param(CASES, marks=pytest.mark.slow)])
def test_exact_and_simulated_fractions_agree_over_random_cases(cases):
    z = np.concatenate([z_scores(random_case(seed), draws=300, seed=seed) for seed in range(cases)])
    print(f"{len(z)} entries, largest |z| {np.abs(z).max():.2f}, deviation {z.std():.3f}")
    assert len(z) > 3 * cases
    assert np.abs(z).max() < LARGEST_Z
    assert 0.7 < z.std() < 1.3


def test_the_whole_of_the_way_is_the_update_of_before_to_the_last_byte():
    for seed in range(20):
        case = random_case(seed)
        whole = case | {"fraction": 1.0}
        del case["fraction"]
        np.testing.assert_array_equal(expected_losses(**whole), expected_losses(**case))
        np.testing.assert_array_equal(draw_losses(**whole, draws=3, seed=seed), draw_losses(**case, draws=3, seed=seed))


def test_no_part_of_the_way_changes_nothing_even_at_the_peak():
    losses = expected_losses(np.ones((2, 10)), 10, 10, 1.0, np.zeros(10), [0.0, 0.0])
    np.testing.assert_array_equal(losses, np.full((2, 2), 10.0))


def test_what_is_infinite_stays_so_where_a_later_task_goes_a_part_of_the_way():
    targets = np.ones((2, 10))
    part, whole = (expected_losses(targets, [10, 30], 10, 1.0, fraction=[1.0, a])[1] for a in (0.5, 1.0))
    assert np.isinf(part).all()
    assert np.isfinite(whole).all()


def test_a_part_of_an_update_on_spare_samples_carries_no_infinity_to_other_coordinates():
    """The last five are infinite after the first task, kept so by half of the second, and overwritten by the third."""
    losses = expected_losses(np.ones((3, 10)), [5, 30, 30], [5, 10, 5], 1.0, fraction=[1.0, 0.5, 1.0])
    assert np.isinf(losses[:2]).all()
    assert np.isfinite(losses[2]).all()


@pytest.mark.parametrize(("fraction", "named"), [(1.5, "1.5"), ([0.5, -0.1], "-0.1"), ([1.0], "shape")])
def test_a_fraction_that_does_not_fit_is_named(fraction, named):
    with pytest.raises(ValueError, match=named):
        expected_losses(np.ones((2, 4)), 8, 4, 0.0, fraction=fraction)


def lowest_by_search(case: dict[str, np.ndarray]) -> float:
    """Return the last task's best fraction from eleven values of the exact mean loss, which lie on a parabola."""
    parts = np.linspace(0, 1, 11)
    losses = [expected_losses(**(case | {"fraction": np.append(case["fraction"][:-1], part)}))[-1] for part in parts]
    values = np.mean(losses, axis=1)
    parabola = np.polyfit(parts, values, 2)
    assert np.abs(np.polyval(parabola, parts) - values).max() < 1e-12 * values.max()
    return float(np.clip(-parabola[1] / (2 * parabola[0]), 0, 1))


def test_the_closed_form_is_the_numerical_minimum_within_1e_8():
    """Any trained set, both sides of the peak, any spread of the energy, an uncertain start."""
    inside = 0
    for seed in range(CASES):
        case = random_case(seed)
        arguments = {name: value for name, value in case.items() if name != "fraction"}
        case["fraction"] = best_fractions(**arguments)
        told = case["fraction"][-1]
        if not case["trainable"][-1].any() or case["samples"][-1] == 0:
            assert told == 0
            continue
        assert told == pytest.approx(lowest_by_search(case), abs=1e-8)
        inside += 0 < told < 1
    assert inside > 80


def test_the_two_branches_and_the_peak():
    numbers = {"inner": 2.0, "gap_trained": 3.0, "gap_frozen": 1.0, "noise": 1.0}
    assert best_fraction(**numbers, trained=20, samples=10) == pytest.approx(2 / (3 + 20 * 2 / 9))
    assert best_fraction(**numbers, trained=10, samples=20) == pytest.approx(2 / (3 + 10 * 2 / 9))
    assert best_fraction(**numbers, trained=10, samples=10) == 0
    assert best_fraction(**numbers, trained=0, samples=10) == 0
    assert price(10, 10, 1.0) == np.inf


def test_one_over_t_is_best_with_samples_to_spare_and_no_noise():
    targets = np.random.default_rng(0).standard_normal((6, 12))
    np.testing.assert_allclose(best_fractions(targets, 30, 12, 0.0), 1 / np.arange(1, 7), atol=1e-14)
    np.testing.assert_allclose(gains(1.0, 1.0, share=1.0, cost=0.0, tasks=6), 1 / np.arange(2, 8), atol=1e-14)


def test_the_gain_is_the_best_fraction_on_average_over_tasks_around_a_centre():
    """All sign flips of one task's offset: a cross term with w cancels exactly, so G of the mean has its least at the gain."""
    rng = np.random.default_rng(1)
    parameters, samples, noise = 12, 20, 0.5
    error, offset = rng.standard_normal((2, parameters))
    cost = price(parameters, samples, noise**2)
    told = gain(error @ error, offset @ offset, cost)
    after = [
        np.mean([
            expected_losses([sign * offset, np.zeros(parameters)], [samples, 0], parameters, noise, error, a)[0, 1]
            for sign in (1, -1)
        ])
        for a in (told - 0.1, told, told + 0.1)
    ]  # fmt: skip
    assert after[0] == pytest.approx(after[2], rel=1e-12)
    assert after[1] < after[0]
    assert after[1] == pytest.approx((1 - told) * (error @ error), rel=1e-12)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_the_gain_falls_as_one_over_rt_and_as_one_over_1_plus_r_t_less_1_only_where_r_is_1(share):
    course = gains(1.0, 1.0, share=share, cost=0.0, tasks=20_000)
    task = np.arange(1, 20_001)
    assert course[-1] * share * task[-1] == pytest.approx(1, abs=0.02)
    lead = 1 / (1 + share * task)
    assert np.allclose(course, lead, atol=1e-12) == (share == 1.0)


def test_gains_read_from_expected_losses_are_the_gains_of_the_recursion():
    parameters, samples, noise, centre, distance = 40, 20, 0.5, 9.0, 2.0
    share, cost = samples / parameters, float(price(parameters, samples, noise**2))
    error, alpha, arrivals, told = centre, 1.0, [], []
    for _ in range(6):
        arrivals.append(error + distance + noise**2)
        told.append(alpha)
        error = (1 - 2 * alpha * share) * error + alpha**2 * share * (error + distance + cost)
        alpha = float(gain(error, distance, cost))
    np.testing.assert_allclose(
        read_gains(arrivals, parameters=parameters, samples=samples, noise=noise), told, rtol=1e-12
    )
    surprised = [*arrivals[:-1], 3 * arrivals[-1]]
    assert read_gains(surprised, parameters=parameters, samples=samples, noise=noise)[-1] < told[-1]
    # A second loss far above the first would leave e below what the first update itself must have left.
    gap, v = 50.0, share * cost
    least = (share * gap + v) / (1 + share)
    far = read_gains([1.0 + noise**2, gap + noise**2], parameters=parameters, samples=samples, noise=noise)
    assert far[1] == pytest.approx(least / (gap + cost), rel=1e-12)
    with pytest.raises(ValueError, match="peak"):
        read_gains(arrivals, parameters=20, samples=20, noise=noise)


def test_a_rule_s_runs_are_the_draws_of_the_same_fractions():
    targets = np.random.default_rng(2).standard_normal((3, 10))
    run = run_fractions(
        lambda arrivals: 1 / np.full(len(arrivals), arrivals.shape[1]), targets, 20, 0.3, draws=5, seed=1
    )
    np.testing.assert_allclose(
        run.losses, draw_losses(targets, 20, 10, 0.3, None, 1 / np.arange(1, 4), draws=5, seed=1), rtol=1e-12
    )
    np.testing.assert_array_equal(run.fractions[0], 1 / np.arange(1, 4))
    with pytest.raises(ValueError, match="clip"):
        run_fractions(lambda arrivals: 2 * np.ones(len(arrivals)), targets, 20, 0.3, draws=2, seed=1)


def test_the_joint_search_is_no_worse_than_either_alone_and_no_single_change_helps():
    rng = np.random.default_rng(3)
    targets = 0.5 * rng.standard_normal((4, 16)) + rng.standard_normal(16)
    sizes = (4, 16)
    joint = best_joint_schedule(targets, 8, 0.5, sizes)
    count = best_fixed_schedule(targets, 8, 0.5, sizes)
    part = best_joint_schedule(targets, 8, 0.5, (16,))
    assert joint.generalization <= min(count.generalization, part.generalization)
    assert joint.generalization < count.generalization - 0.1

    def value(fractions: np.ndarray) -> float:
        return float(expected_losses(targets, 8, list(joint.sizes), 0.5, None, fractions)[-1].mean())

    assert value(np.array(joint.fractions)) == pytest.approx(joint.generalization, rel=1e-12)
    for task in range(1, 4):
        for step in (-0.01, 0.01):
            changed = np.array(joint.fractions)
            changed[task] = np.clip(changed[task] + step, 0, 1)
            assert value(changed) >= joint.generalization - 1e-12
    with pytest.raises(ValueError, match="too many"):
        best_joint_schedule(np.ones((30, 4)), 8, 0.5, (2, 4))
