"""The callback, held against Movable in a plain loop, in Lightning's own trainer."""

import copy
import math

import numpy as np
import pytest
import torch
from support.plain_loop import (
    BATCH,
    BLOCKS,
    EPOCHS,
    TASKS,
    Network,
    blocks_changed,
    make_optimizer,
    run_plain_loop,
    state,
)
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from cl_core.strategies import Frozen, Initialized

pytestmark = pytest.mark.slow
INNER = [f"net.{block}" for block in BLOCKS]


@pytest.fixture
def module(operators):
    """A module that logs in each step, as most do, and keeps its optimizer."""
    from lightning.pytorch import LightningModule

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.net = Network()
            self.optimizer, self.told = make_optimizer(self.net), "tensor"

        def training_step(self, batch, index):
            loss = cross_entropy(self.net(batch[0]), batch[1])
            self.log("loss", loss, on_step=True, on_epoch=True)
            if self.told == "fault":
                raise KeyError("a fault of the user's")
            return loss if self.told == "tensor" else {"loss": loss}

        def validation_step(self, batch, index):
            self.log("accuracy", (self.net(batch[0]).argmax(dim=1) == batch[1]).double().mean())

        def test_step(self, batch, index):
            self.validation_step(batch, index)

        def configure_optimizers(self):
            return self.optimizer

    return Module()


def make_trainer(callbacks, **given):
    from lightning.pytorch import Trainer

    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        devices=1,
        callbacks=callbacks,
        enable_model_summary=False,
        **quiet,
        **given,
    )


def whole(held_out):
    return DataLoader(held_out, len(held_out))


@pytest.mark.parametrize("told", ["tensor", "dict"])
def test_it_gives_the_accuracy_matrix_of_movable_in_a_plain_loop(module, data, strategy, told):
    from cl_core.integrations.lightning import MovableCallback

    expected, updates, moved = run_plain_loop(copy.deepcopy(module.net), strategy, data)
    held, module.told = MovableCallback(strategy, INNER), told
    matrix = np.full((TASKS, TASKS), math.nan)
    for task, (train, held_out) in enumerate(data):
        trainer = make_trainer([held])
        trainer.fit(module, DataLoader(train, BATCH), whole(held_out))
        assert trainer.callback_metrics["loss"] > 0
        for old in range(task + 1):
            (result,) = trainer.test(module, whole(data[old][1]), verbose=False)
            matrix[task, old] = result["accuracy"]
    assert np.array_equal(matrix, expected, equal_nan=True)
    assert len(np.unique(matrix[~np.isnan(matrix)])) > 3
    assert (held.updates, held.moved) == (updates, moved)


def test_what_is_held_stays_to_the_bit_and_what_you_froze_stays_frozen(module, data):
    from cl_core.integrations.lightning import MovableCallback

    module.net.body[0][0].bias.requires_grad_(False)
    held = MovableCallback(Frozen(1), INNER)
    for task, (train, held_out) in enumerate(data[:2]):
        before = state(module)
        make_trainer([held]).fit(module, DataLoader(train, BATCH, shuffle=True), whole(held_out))
        expected = [True] * 3 if task == 0 else [False, False, True]
        assert blocks_changed(module, before, INNER) == [norm > 0 for norm in held.moved[task]] == expected
        assert [name for name, one in module.named_parameters() if not one.requires_grad] == ["net.body.0.0.bias"]


def test_where_everything_may_move_the_callback_changes_nothing(module, data):
    from cl_core.integrations.lightning import MovableCallback

    trained = []
    for callbacks in ([], [MovableCallback(Initialized(), INNER)]):
        torch.manual_seed(0)
        trained.append(copy.deepcopy(module))
        trained[-1].optimizer = make_optimizer(trained[-1].net)
        make_trainer(callbacks).fit(trained[-1], DataLoader(data[0][0], BATCH, shuffle=True))
    alone, watched = map(state, trained)
    assert all(torch.equal(value, alone[name]) for name, value in watched.items())
    assert not all(torch.equal(value, alone[name]) for name, value in state(module).items())


def test_a_task_that_broke_off_is_let_go_and_begins_again(module, data):
    from cl_core.integrations.lightning import MovableCallback

    held, loaders = MovableCallback(Frozen(0), INNER), [DataLoader(train, BATCH) for train, _ in data]
    make_trainer([held]).fit(module, loaders[0])
    begin = held.begin_task

    def begin_and_fail(*given):
        begin(*given)
        module.told = "fault"

    held.begin_task = begin_and_fail
    with pytest.raises(KeyError, match="a fault of the user's"):
        make_trainer([held]).fit(module, loaders[1])
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert (len(held.moved), [update.blocks for update in held.updates]) == (1, [3, 0])
    held.begin_task, module.told = begin, "tensor"
    make_trainer([held]).fit(module, loaders[2])
    assert [norms[0] > 0 for norms in held.moved] == [True, False]
    assert [update.blocks for update in held.updates] == [3, 0]


def test_several_processes_are_refused_in_one_line():
    from types import SimpleNamespace

    from cl_core.integrations.lightning import MovableCallback

    with pytest.raises(ValueError, match=r"^2 processes do not fit; give Trainer\(devices=1\)$"):
        MovableCallback(Frozen(0), INNER).on_train_start(SimpleNamespace(world_size=2), None)
