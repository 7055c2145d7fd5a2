"""The paper's setting: its abbreviations by hand, its map to the linear stream, and what it refuses."""

import numpy as np
import pytest

from cl_core.linear import Setting, expected_losses
from cl_core.linear.paper import exact_forgetting_frozen, exact_forgetting_initialized
from cl_core.linear.setting import resize


def setting(**changes) -> Setting:
    given = {
        "p": 3, "p1": 9, "p2": 9, "n1": 4, "n2": 6, "sigma1": 2.0, "sigma2": 0.5,
        "u1": [1.0, 0.0, 0.0], "u2": [0.0, 2.0, 0.0], "q1": np.full(9, 0.5), "q2": np.full(9, -0.5),
    }  # fmt: skip
    return Setting(**{**given, **changes})


def test_every_abbreviation_by_hand():
    s = setting()
    assert (s.D, s.K, s.v_4, s.v_5, s.v_6) == (12, 12, 2, 7, 14)
    assert (s.r, s.r_A, s.r_B) == pytest.approx((1 - 4 / 12, 1 - 6 / 9, 1 - 6 / 12))
    assert s.v_1 == pytest.approx(1 + 3 * 6 / (12 * 2) - 9 * 6 / (12 * 9))
    assert s.v_2 == pytest.approx(3 / 12 * 4 / 7)
    assert s.v_3 == pytest.approx(7.0)
    assert s.v_3 == pytest.approx(s.v_6 / s.v_4)
    assert (s.N, s.b) == pytest.approx((4 * 4 / 7, 4 * 8 / (12 * 11 * 14)))
    assert s.epsilon == pytest.approx(s.b * (3 * 2.25 - 9 * 1.0))
    assert (s.u1_squared, s.u2_squared, s.q1_squared, s.q2_squared) == pytest.approx((1.0, 4.0, 2.25, 2.25))
    assert (s.delta_squared, s.delta, s.delta_q_squared) == pytest.approx((5.0, np.sqrt(5.0), 9.0))


def test_the_map_to_the_linear_stream_puts_the_q_block_last():
    s = setting()
    np.testing.assert_array_equal(s.targets, [[1, 0, 0, *[0.5] * 9], [0, 2, 0, *[-0.5] * 9]])
    assert (s.samples, s.noise, s.frozen, s.initialized) == ((4, 6), (2.0, 0.5), (12, 9), (12, 12))


def test_blocks_of_two_sizes_are_refused_where_delta_q_is_read_and_only_there():
    s = setting(p2=8, q2=np.ones(8))
    assert (s.r_A, s.v_4, s.K, s.D) == (1 - 6 / 8, 1, 11, 12)
    for read in (
        lambda: s.delta_q_squared,
        lambda: s.targets,
        lambda: resize(s, 4),
        lambda: exact_forgetting_frozen(s),
    ):
        with pytest.raises(ValueError, match="p1 = 9 and p2 = 8"):
            read()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p": 0}, "p = 0; give an integer, 1 or more"),
        ({"n2": 2.5}, "n2 = 2.5"),
        ({"n1": True}, "n1 = True"),
        ({"u1": [1.0]}, r"u1 has shape \(1,\); give \(3,\)"),
        ({"q2": np.full(9, np.nan)}, "q2 holds a value that is not finite"),
        ({"sigma1": -1.0}, "sigma1 = -1.0"),
        ({"sigma2": np.inf}, "sigma2 = inf"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict, message: str):
    with pytest.raises(ValueError, match=message):
        setting(**changes)


def test_vectors_are_copied_and_cannot_be_changed():
    u1 = np.array([1.0, 0.0, 0.0])
    s = setting(u1=u1)
    u1[0] = 9.0
    assert s.u1_squared == 1.0
    with pytest.raises(ValueError, match="read-only"):
        s.u1[0] = 2.0


def test_resizing_to_the_same_size_changes_no_expected_loss():
    rng = np.random.default_rng(1)
    for _ in range(50):
        s = setting(
            u1=rng.standard_normal(3), u2=rng.standard_normal(3), q1=rng.standard_normal(9), q2=rng.standard_normal(9)
        )
        for hold in ("length", "density"):
            turned = resize(s, 9, hold=hold)
            for sizes in (s.frozen, s.initialized):
                np.testing.assert_allclose(
                    expected_losses(turned.targets, s.samples, sizes, s.noise),
                    expected_losses(s.targets, s.samples, sizes, s.noise),
                    rtol=1e-12,
                )


def test_resizing_holds_lengths_or_their_density():
    s = setting()
    by_length, by_density = resize(s, 4), resize(s, 4, hold="density")
    assert (by_length.p, by_length.p1, by_length.p2, by_length.K) == (8, 4, 4, 12)
    for name in ("u1_squared", "u2_squared", "delta_squared"):
        assert getattr(by_length, name) == pytest.approx(getattr(s, name))
        assert getattr(by_density, name) == pytest.approx(getattr(s, name) * 8 / 3)
    for name in ("q1_squared", "q2_squared", "delta_q_squared"):
        assert getattr(by_length, name) == pytest.approx(getattr(s, name))
        assert getattr(by_density, name) == pytest.approx(getattr(s, name) * 4 / 9)


def test_resizing_keeps_a_truth_of_zero():
    s = resize(setting(u1=np.zeros(3)), 5)
    assert (s.u1_squared, s.u2_squared, s.delta_squared) == pytest.approx((0.0, 4.0, 4.0))


@pytest.mark.parametrize(
    ("p2", "hold", "message"), [(1, "length", "p2 = 1"), (11, "length", "leaves p = 1"), (4, "norm", "norm")]
)
def test_a_resize_that_does_not_fit_is_refused(p2: int, hold: str, message: str):
    with pytest.raises(ValueError, match=message):
        resize(setting(), p2, hold=hold)


def test_initialized_forgetting_does_not_depend_on_how_capacity_is_split():
    s = setting()
    values = [exact_forgetting_initialized(resize(s, p2)) for p2 in range(2, 11)]
    assert values == pytest.approx([values[0]] * len(values))
