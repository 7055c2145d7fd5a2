"""The table of strategies: each moves the right coordinates, as far as allowed, and the first task whole."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from cl_core.averaging import Averaged, fractions, read_fractions
from cl_core.experiments import run
from cl_core.experiments.plan import make_plan
from cl_core.experiments.strategy_table import STRATEGIES, fixed_magnitudes
from cl_core.learners import training
from cl_core.learners.networks import Network

TINY = {"tasks": 3, "width": 8, "batch": 256, "epochs": 2, "head_warmup_steps": 3, "gradient_samples": 32}


def done(strategy, source=None, **settings):
    return run("digits-permuted", strategy, 100, "smoke", overrides={**TINY, **settings}, source=source)


@pytest.fixture
def traces(monkeypatch):
    """Record every block's parameters before and after each task's training."""
    found = []

    def traced(network, *args, **kwargs):
        before = flat(network)
        report = training.train_task(network, *args, **kwargs)
        found.append((before, flat(network)))
        return report

    monkeypatch.setattr("cl_core.experiments.sequential.train_task", traced)
    return found


def flat(network: Network):
    return torch.cat([parameter.detach().reshape(-1).clone() for parameter in network.blocks.parameters()]).numpy()


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5])
@pytest.mark.parametrize("place", ["trailing", "leading", "random"])
def test_exactly_the_share_of_the_parameters_may_move_and_they_are_where_they_should_be(traces, place, share):
    result = done("masked", share=share, place=place)
    total = sum(result.block_parameters)
    count = round(share * total)
    assert result.moved_share == (1.0, count / total, count / total)
    changed = [before != after for before, after in traces]
    assert changed[0].mean() > 0.5
    ever = changed[1] | changed[2]
    assert ever.sum() <= count
    assert ever.sum() > 0.5 * count  # dead units and pixels that are always black leave some where they are
    if place == "trailing":
        assert not ever[: total - count].any()
    if place == "leading":
        assert not ever[count:].any()
    norms = [math.hypot(*row) for row in result.update_norms]
    assert norms == pytest.approx([np.linalg.norm(after - before) for before, after in traces])


@pytest.mark.parametrize("place", ["trailing", "leading"])
def test_statistics_of_a_block_without_a_moving_parameter_stand_still(monkeypatch, place):
    statistics = []

    def traced(network, *args, **kwargs):
        report = training.train_task(network, *args, **kwargs)
        means = [[v.clone() for k, v in block.named_buffers() if "running" in k] for block in network.blocks]
        statistics.append(means)
        return report

    monkeypatch.setattr("cl_core.experiments.sequential.train_task", traced)
    small = {"tasks": 5, "width": 2, "batch": 64, "epochs": 1, "head_warmup_steps": 2, "gradient_samples": 16}
    settings = {"share": 0.2, "place": place}
    run("digits-split", "masked", 100, "smoke", overrides={**small, **settings})
    still = [
        all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        for before, after in zip(statistics[0], statistics[1], strict=True)
    ]
    assert any(still)
    assert not all(still)
    assert still == sorted(still, reverse=place == "trailing")


def test_a_mask_over_whole_trailing_blocks_is_frozen_to_the_bit():
    frozen = done("frozen", trained=2)
    sizes = frozen.block_parameters
    masked = done("masked", share=sum(sizes[1:]) / sum(sizes))
    for field in ("correct", "train_losses", "update_norms", "moved_share", "magnitudes", "scores"):
        assert getattr(masked, field) == getattr(frozen, field), field


@pytest.mark.parametrize(
    ("strategy", "neutral"),
    [
        ("masked", {}),
        ("slower", {}),
        ("shorter", {}),
        ("pulled", {}),
        ("fixed", {"moves": "mm"}),
        ("averaged", {"fractions": "constant", "fraction": 1.0}),
    ],
)
def test_a_limit_that_limits_nothing_is_initialized_to_the_bit(strategy, neutral):
    free, limited = done("initialized"), done(strategy, **neutral)
    for field in ("correct", "train_losses", "update_norms", "moved_share", "steps", "scores"):
        assert getattr(limited, field) == getattr(free, field), field


def test_within_goes_as_far_as_frozen_and_no_farther():
    free, frozen = done("initialized"), done("frozen")
    within = done("within", source=frozen)
    lengths = [[math.hypot(*row) for row in result.update_norms] for result in (within, frozen, free)]
    for task in (1, 2):
        assert lengths[0][task] <= lengths[1][task] * (1 + 1e-9)
        assert lengths[1][task] < lengths[2][task], "frozen's update must be the shorter one for this to say anything"
        assert lengths[0][task] == pytest.approx(lengths[1][task])
    assert within.magnitudes == free.magnitudes
    assert within.moved_share == (1.0, 1.0, 1.0)
    assert (
        within.source["name"]
        == "smoke/digits-permuted/"
        + make_plan("digits-permuted", "frozen", 100, "smoke", overrides=TINY).stem
        + ".json"
    )
    assert within.source["outcome"] == frozen.outcome


def test_within_follows_the_frozen_run_of_the_same_depth():
    one = done("frozen")
    with pytest.raises(ValueError, match="the run given is digits-permuted · frozen"):
        done("within", source=one, trained=2)


def test_within_averaged_goes_as_far_as_averaged_by_a_path_of_its_own():
    averaged = done("averaged", fractions="constant", fraction=0.3)
    within = done("within-averaged", source=averaged, fractions="constant", fraction=0.3)
    lengths = [[math.hypot(*row) for row in result.update_norms] for result in (within, averaged)]
    assert lengths[0][1:] == pytest.approx(lengths[1][1:])
    assert within.correct != averaged.correct
    with pytest.raises(ValueError, match="the run given is digits-permuted · averaged"):
        done("within-averaged", source=averaged)


@pytest.mark.parametrize(
    ("strategy", "setting", "values"),
    [
        ("slower", "rate_factor", (1.0, 0.3, 0.1)),
        ("shorter", "step_share", (1.0, 0.5, 0.1)),
        ("pulled", "pull", (0.0, 0.03, 0.1, 0.3, 1.0, 10.0, 1000.0)),
    ],
)
def test_a_stronger_limit_makes_a_shorter_update_and_leaves_the_first_task_alone(strategy, setting, values):
    results = [done(strategy, **{setting: value}) for value in values]
    lengths = [[math.hypot(*row) for row in result.update_norms] for result in results]
    for task in (1, 2):
        assert all(longer[task] > shorter[task] for longer, shorter in itertools.pairwise(lengths))
    assert len({tuple(length[0] for length in lengths)}) == 1
    assert len({(result.correct[0], result.train_losses[0], result.steps[0]) for result in results}) == 1


def test_shorter_makes_its_share_of_the_steps_and_settles():
    whole, shorter = done("initialized"), done("shorter", step_share=0.3)
    assert whole.steps == (10, 10, 10)
    assert shorter.steps == (10, 3, 3)
    assert done("shorter", step_share=0.001).steps == (10, 1, 1)


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5])
def test_a_share_of_the_steps_that_cannot_be_is_an_error(share):
    with pytest.raises(ValueError, match="above 0 to 1"):
        training.descend(None, [], [], None, size=1, draws=None, device=None, share=share)


def test_averaged_goes_a_part_of_the_way_that_the_next_task_is_trained_from():
    """The second task's training is initialized's to the bit, so its update is that part of initialized's update."""
    free, half, third = done("initialized"), done("averaged"), done("averaged", fractions="reversed")
    constant = done("averaged", fractions="constant", fraction=0.25)
    for averaged, part in ((half, 1 / 2), (third, 1 / 3), (constant, 1 / 4)):
        assert averaged.correct[0] == free.correct[0]
        assert averaged.magnitudes == free.magnitudes
        assert averaged.update_norms[1] == pytest.approx([part * norm for norm in free.update_norms[1]])


@pytest.mark.parametrize(("order", "surprise"), [("gain", "lowers"), ("raised", "raises")])
def test_the_gain_is_read_from_the_losses_at_arrival_that_a_run_stores(order, surprise, monkeypatch):
    """Its fractions, given out beforehand, lead to the same run."""
    read = done("averaged", fractions=order, epochs=1)
    told = read_fractions(read.arrival_losses, surprise)
    assert told != fractions("harmonic", 3)
    name = f"as-told-{surprise}"
    entry = replace(STRATEGIES["averaged"], name=name, make=lambda run: Averaged(told), reads=())
    monkeypatch.setitem(STRATEGIES, name, entry)
    assert done(name, epochs=1).update_norms == read.update_norms


def test_fixed_moves_what_its_letters_say():
    result = done("fixed", moves="fm", few=1, many=3)
    assert result.magnitudes == (3, 1, 3)
    assert done("fixed", moves="f", few=0, many=3).magnitudes == (3, 0, 0)
    assert fixed_magnitudes(make_plan("split-cifar10", "fixed", 0, "cpu", overrides={"moves": "mffm"}).settings) == (
        9,
        1,
        1,
        9,
    )


@pytest.mark.parametrize(
    ("strategy", "settings", "says"),
    [
        ("fixed", {"moves": "mf"}, "moves = 'mf' does not fit 5 tasks; give 4 letters"),
        ("fixed", {"moves": "mmxf"}, "moves = 'mmxf' does not fit; allowed: letters m and f"),
        ("fixed", {"few": 9, "many": 1}, "few = 9 is above many = 1"),
        ("masked", {"share": 0.0}, "share = 0.0 does not fit"),
        ("masked", {"place": "middle"}, "place = 'middle' does not fit; allowed: one of trailing, leading, random"),
        ("slower", {"pull": 1.0}, "pull = 1.0 has no effect on slower"),
        ("initialized", {"share": 0.5}, "share = 0.5 has no effect on initialized"),
    ],
)
def test_a_wrong_setting_is_an_error_before_anything_runs(strategy, settings, says):
    with pytest.raises(ValueError, match=says):
        make_plan("split-cifar10", strategy, 0, "cpu", overrides=settings)
