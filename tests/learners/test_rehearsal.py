"""Experience replay: so many images of each class, drawn once, scored by their own heads, and the same after a kill."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from cl_core.learners.evaluation import evaluate
from cl_core.learners.penalties import Minibatch
from cl_core.learners.rehearsal import Rehearsal
from cl_core.learners.training import train_task
from cl_core.strategies import Arrival


def batch(network, data, size, task=1):
    positions = torch.arange(size)
    return Minibatch(network, task, data, positions, network.features(data.x_train[:size]))


def test_so_many_images_of_each_class_are_kept_and_they_are_the_tasks_own(make):
    network, data = make("mlp")
    strategy = Rehearsal(3, seed=5)
    strategy.learned(0, network, data[0])
    state = strategy.state()
    assert set(state) == {"x/0", "y/0"}
    labels, counts = np.unique(state["y/0"], return_counts=True)
    assert counts.tolist() == [3] * len(labels)
    assert len(labels) == len(data[0].y_train.unique())
    pairs = {
        (x.numpy().tobytes(), int(y))
        for x, y in zip(data[0].x_train.permute(0, 2, 3, 1).contiguous(), data[0].y_train, strict=True)
    }
    assert all((x.tobytes(), int(y)) in pairs for x, y in zip(state["x/0"], state["y/0"], strict=True))
    other = Rehearsal(3, seed=6)
    other.learned(0, network, data[0])
    assert not np.array_equal(other.state()["x/0"], state["x/0"])
    all_of_them = Rehearsal(10**6, seed=5)
    all_of_them.learned(0, network, data[0])
    assert len(all_of_them.state()["y/0"]) == len(data[0].y_train)


def test_the_added_term_is_the_mean_loss_on_kept_images_by_their_own_heads(make):
    network, data = make("mlp")
    strategy = Rehearsal(2, seed=5)
    for task in (0, 1):
        strategy.learned(task, network, data[task])
    value = strategy.update(Arrival(2, 3)).penalty(batch(network, data[2], 64, task=2)).item()
    state, losses = strategy.state(), []
    for task in (0, 1):
        x = torch.from_numpy(state[f"x/{task}"]).permute(0, 3, 1, 2)
        losses += functional.cross_entropy(network(x, task), torch.from_numpy(state[f"y/{task}"]), reduction="none")
    assert value == pytest.approx(torch.stack(losses).mean().item())


def test_kept_images_are_drawn_anew_in_each_step_and_alike_after_a_kill(make):
    network, data = make()
    strategy, other = Rehearsal(8, seed=5), Rehearsal(8, seed=5)
    strategy.learned(0, network, data[0])
    other.restore(strategy.state())
    values = []
    for one in (strategy, other):
        penalty = one.update(Arrival(1, 9)).penalty
        values.append([penalty(batch(network, data[1], 4)).item() for _ in range(3)])
    assert values[0] == values[1]
    assert len(set(values[0])) == 3


def test_a_frozen_block_keeps_its_statistics_and_the_old_head_its_weights(make, recipe, frozen_copy):
    network, data = make()
    strategy = Rehearsal(4, seed=5)
    train_task(network, data[0], 0, 9, recipe, 5)
    strategy.learned(0, network, data[0])
    penalty = strategy.update(Arrival(1, 9)).penalty
    before = [frozen_copy(module) for module in (*network.blocks, network.head(0))]
    train_task(network, data[1], 1, type(strategy.update(Arrival(1, 9)))(2, penalty=penalty), recipe, 5)
    still = [
        all(torch.equal(old[name], now) for name, now in module.state_dict().items())
        for old, module in zip(before, (*network.blocks, network.head(0)), strict=True)
    ]
    assert still == [True] * 7 + [False] * 2 + [True]


def test_what_is_replayed_is_forgotten_less(make, recipe):
    counts = []
    for kept in (None, 20):
        network, data = make("mlp")
        train_task(network, data[0], 0, 3, recipe.replace(epochs=10), 5)
        update = 3
        if kept is not None:
            strategy = Rehearsal(kept, seed=5)
            strategy.learned(0, network, data[0])
            update = strategy.update(Arrival(1, 3))
        train_task(network, data[1], 1, update, recipe.replace(epochs=40, learning_rate=0.2), 5)
        counts.append(evaluate(network, data[0].x_train, data[0].y_train, 0))
    assert counts[1] > counts[0]


def test_nothing_to_keep_is_an_error():
    with pytest.raises(ValueError, match="images_per_class = 0 does not fit; allowed: 1 or more"):
        Rehearsal(0, seed=5)


def test_a_run_that_begins_anew_keeps_no_image_of_the_one_before(make):
    network, data = make("mlp")
    strategy, other = Rehearsal(2, seed=5), Rehearsal(2, seed=5)
    strategy.learned(0, network, data[1])
    strategy.update(Arrival(0, 3))
    for one in (strategy, other):
        one.learned(0, network, data[0])
    assert set(strategy.state()) == {"x/0", "y/0"}
    assert all(np.array_equal(kept, other.state()[name]) for name, kept in strategy.state().items())


def test_a_task_that_was_not_noted_is_told(make):
    network, data = make("mlp")
    with pytest.raises(RuntimeError, match=r"nothing of an earlier task is kept; call strategy\.learned"):
        Rehearsal(2, seed=5).update(Arrival(1, 3)).penalty(batch(network, data[1], 4))
