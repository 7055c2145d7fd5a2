"""Frozen, initialized and no update on a pair of tasks: against the recursion, and against the three lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cl_core.linear import expected_losses
from cl_core.linear.blocks import TwoBlocks
from cl_core.linear.laws import student
from cl_core.linear.phase import compare, draw_by_size, draw_outcomes, gain_lines, old_error, realise
from cl_core.linear.simulate import draw_losses

lengths = st.floats(0, 4)
shares = st.floats(0, 1)


@st.composite
def situations(draw: st.DrawFn) -> tuple[TwoBlocks, int, dict[str, float]]:
    blocks = TwoBlocks(shared=draw(st.integers(2, 30)), specific=draw(st.integers(2, 30)))
    samples = draw(st.integers(1, 80).filter(lambda n: min(abs(n - blocks.specific), abs(n - blocks.parameters)) > 1))
    lengths_of = {
        name: draw(strategy)
        for name, strategy in (
            ("placed", shares),
            ("error_shared", lengths),
            ("error_specific", lengths),
            ("noise", lengths),
        )
    }
    return blocks, samples, lengths_of


@given(situations(), lengths, st.integers(0, 1000))
def test_the_measures_are_those_of_the_recursion(
    situation: tuple[TwoBlocks, int, dict[str, float]], distance: float, seed: int
) -> None:
    blocks, samples, lengths_of = situation
    outcomes = compare(blocks, samples, distance=distance, **lengths_of)
    noise = lengths_of.pop("noise")
    targets, start = realise(blocks, distance=distance, seed=seed, **lengths_of)
    for measures, size in zip(outcomes, (blocks.specific, blocks.parameters, 0), strict=True):
        losses = expected_losses(targets, [0, samples], [0, size], noise, start)
        expected = losses[1, 0] - losses[0, 0], losses[1, 1], losses[1].mean()
        np.testing.assert_allclose(measures, expected, rtol=1e-9, atol=1e-9)


@given(situations(), lengths)
def test_the_gains_are_three_lines_through_one_point(
    situation: tuple[TwoBlocks, int, dict[str, float]], distance: float
) -> None:
    blocks, samples, lengths_of = situation
    lines = gain_lines(blocks, samples, **lengths_of)
    gain = compare(blocks, samples, distance=distance, **lengths_of).gain()
    scale = 1 + float(np.abs(compare(blocks, samples, distance=distance, **lengths_of).frozen.new_loss))
    for value, slope in zip(gain, lines[1:], strict=True):
        assert abs(float(value) - float(lines.at_zero + distance * slope)) < 1e-10 * scale * 100
    assert lines.mean_loss <= 0


def test_a_gain_worked_by_hand() -> None:
    # P = 6, m = 2, n = 14: r = 1 for both, V = 2/11 B and 6/7 σ².
    blocks = TwoBlocks(shared=4, specific=2)
    gain = compare(blocks, 14, distance=3.0, placed=1 / 3, error_shared=0.5, error_specific=0.25, noise=2.0).gain()
    frozen = 1.0 - 0.25 + 2 / 11 * (2.0 + 0.5 + 4.0)
    initialized = 3.0 - 0.75 + 6 / 7 * 4.0
    assert float(gain.forgetting) == pytest.approx(initialized - frozen, rel=1e-12)


def test_no_update_is_named_the_best_where_it_is() -> None:
    # Nothing to repair: an update only costs variance. With an error in q it pays.
    outcomes = compare(
        TwoBlocks(shared=4, specific=2),
        14,
        distance=0.0,
        placed=1.0,
        error_shared=0.0,
        error_specific=[0.0, 9.0],
        noise=1,
    )
    # The tasks are one: initialized pays 6/7, frozen 2/11, and repairs the error of 9 in q.
    np.testing.assert_allclose(outcomes.idle_gain(), [2 / 11, 2 / 11 - 9])


def test_realised_lengths_are_exact_and_orthogonal() -> None:
    blocks = TwoBlocks(shared=5, specific=3)
    targets, start = realise(blocks, distance=2.0, placed=0.25, error_shared=0.5, error_specific=0.125, seed=3)
    step, error = targets[1] - targets[0], start - targets[0]
    for block, far, wrong in ((slice(0, 5), 1.5, 0.5), (slice(5, 8), 0.5, 0.125)):
        assert step[block] @ step[block] == pytest.approx(far)
        assert error[block] @ error[block] == pytest.approx(wrong)
        assert step[block] @ error[block] == pytest.approx(0.0, abs=1e-12)


def test_the_old_error_is_spread_evenly_until_the_shared_part_is_learned() -> None:
    shared, specific = old_error(TwoBlocks(shared=30, specific=10), [0.0, 0.5, 1.0])
    np.testing.assert_allclose(shared, [0.75, 0.375, 0.0])
    np.testing.assert_allclose(specific, 0.25)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("placed", 1.5, "give 0 to 1"), ("distance", -1.0, "give 0 or more"), ("noise", float("nan"), "give 0 or more")],
)
def test_what_does_not_fit_is_named(name: str, value: float, message: str) -> None:
    arguments = {"distance": 1.0, "placed": 0.5, "error_shared": 0.0, "error_specific": 0.0, "noise": 1.0, name: value}
    with pytest.raises(ValueError, match=f"{name} has the entry .*{message}"):
        compare(TwoBlocks(shared=4, specific=4), 20, **arguments)


def test_shares_and_blocks_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="learned = 2"):
        old_error(TwoBlocks(shared=4, specific=4), 2)
    with pytest.raises(ValueError, match="2 coordinates or more"):
        realise(TwoBlocks(shared=1, specific=4), distance=1, placed=1, error_shared=1, error_specific=1, seed=0)


@pytest.mark.parametrize("specific", [6, 40])
def test_simulated_measures_agree_with_the_exact_ones(specific: int) -> None:
    blocks = TwoBlocks(shared=60 - specific, specific=specific)
    lengths_of = {"distance": 1.5, "placed": 0.4, "error_shared": 0.3, "error_specific": 0.6}
    targets, start = realise(blocks, seed=1, **lengths_of)
    drawn = draw_outcomes(targets, start, blocks, 24, noise=0.5, draws=2000, seed=specific)
    exact = compare(blocks, 24, noise=0.5, **lengths_of)
    for answer, expected in zip(drawn[:2], exact[:2], strict=True):
        for values, value in zip(answer, expected, strict=True):
            assert abs(values.mean() - value) < 5 * values.std(ddof=1) / np.sqrt(2000)
    for values, value in zip(drawn.unchanged, exact.unchanged, strict=True):
        np.testing.assert_allclose(values, value, rtol=1e-12, atol=1e-12)


def test_every_answer_sees_the_same_draws() -> None:
    blocks = TwoBlocks(shared=4, specific=30)
    targets, start = realise(blocks, distance=1, placed=1, error_shared=0, error_specific=0, seed=0)
    drawn = draw_outcomes(targets, start, blocks, 10, noise=0.0, draws=50, seed=0)
    # Nothing but the distance in q is to be learned: both project the same gap on rows that differ by u's four columns.
    assert np.corrcoef(drawn.frozen.new_loss, drawn.initialized.new_loss)[0, 1] > 0.5


def test_the_sizes_share_their_draws_and_give_what_one_size_alone_gives() -> None:
    blocks = TwoBlocks(shared=6, specific=4)
    targets, start = realise(blocks, distance=1, placed=0.5, error_shared=1, error_specific=1, seed=0)
    arguments = {"noise": 0.3, "draws": 40, "seed": 2, "law": student(5.0)}
    together = draw_by_size(targets, start, 20, [4, 10, 0], **arguments)
    alone = draw_losses(targets, [0, 20], [0, 4], [0.0, 0.3], start, draws=40, seed=2, law=student(5.0))
    assert together.shape == (40, 3, 2)
    np.testing.assert_allclose(together[:, 0], alone[:, 1], rtol=1e-12)
    with pytest.raises(ValueError, match="11 coordinates of 10"):
        draw_by_size(targets, start, 20, [11], **arguments)
