"""The callback, held against Movable in a plain loop, in the Trainer of Transformers; models from their configurations."""

import copy
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from support.plain_loop import BATCH, EPOCHS, TASKS, blocks_changed, make_optimizer, run_plain_loop, state
from torch.utils.data import Dataset

from cl_core.strategies import Frozen, Initialized

pytestmark = pytest.mark.slow
BLOCKS = {
    "vit": ["vit.embeddings", "vit.layers.0", "vit.layers.1"],
    "resnet": ["resnet.embedder", "resnet.encoder.stages.0", "resnet.encoder.stages.1"],
}


def make_model(kind):
    from transformers import ResNetConfig, ResNetForImageClassification, ViTConfig, ViTForImageClassification

    torch.manual_seed(1)
    if kind == "vit":
        return ViTForImageClassification(
            ViTConfig(
                image_size=8,
                patch_size=4,
                num_channels=1,
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=32,
                num_labels=2,
            )
        )
    sizes = {"embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1]}
    return ResNetForImageClassification(ResNetConfig(num_channels=1, layer_type="basic", num_labels=2, **sizes))


class Named(Dataset):
    """Images and labels under the names that the models take."""

    def __init__(self, tensors):
        self.x, self.y = tensors

    def __len__(self):
        return len(self.y)

    def __getitem__(self, place):
        return {"pixel_values": self.x[place], "labels": self.y[place]}


def make_trainer(model, optimizer, train, callbacks, *, sampling="sequential"):
    from transformers import Trainer, TrainingArguments

    arguments = TrainingArguments(
        output_dir="out",
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=512,
        max_grad_norm=0,
        lr_scheduler_type="constant",
        train_sampling_strategy=sampling,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    return Trainer(
        model,
        arguments,
        train_dataset=Named(train.tensors),
        callbacks=callbacks,
        optimizers=(optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)),
        compute_metrics=lambda told: {"accuracy": float(np.mean(told.predictions.argmax(axis=1) == told.label_ids))},
    )


@pytest.mark.parametrize("kind", BLOCKS)
def test_it_gives_the_accuracy_matrix_of_movable_in_a_plain_loop(operators, data, strategy, kind):
    from cl_core.integrations.transformers import MovableCallback

    model = make_model(kind)
    plain = copy.deepcopy(model)
    expected, updates, moved = run_plain_loop(
        plain, strategy, data, blocks=BLOCKS[kind], logits_of=lambda x, task: plain(x).logits
    )
    held, optimizer = MovableCallback(strategy, BLOCKS[kind]), make_optimizer(model)
    matrix = np.full((TASKS, TASKS), math.nan)
    for task, (train, _) in enumerate(data):
        trainer = make_trainer(model, optimizer, train, [held])
        trainer.train()
        for old in range(task + 1):
            matrix[task, old] = trainer.evaluate(Named(data[old][1].tensors))["eval_accuracy"]
    assert np.array_equal(matrix, expected, equal_nan=True)
    assert len(np.unique(matrix[~np.isnan(matrix)])) > 3
    assert (held.updates, held.moved) == (updates, moved)


@pytest.mark.parametrize("kind", BLOCKS)
def test_what_is_held_stays_to_the_bit_and_what_you_froze_stays_frozen(operators, data, kind):
    from cl_core.integrations.transformers import MovableCallback

    model = make_model(kind)
    mine = f"{BLOCKS[kind][0]}."
    frozen = next(name for name, _ in model.named_parameters() if name.startswith(mine))
    model.get_parameter(frozen).requires_grad_(False)
    held, optimizer = MovableCallback(Frozen(1), BLOCKS[kind]), make_optimizer(model)
    for task, (train, _) in enumerate(data[:2]):
        before = state(model)
        make_trainer(model, optimizer, train, [held]).train()
        expected = [True] * 3 if task == 0 else [False, False, True]
        assert blocks_changed(model, before, BLOCKS[kind]) == [norm > 0 for norm in held.moved[task]] == expected
        assert [name for name, one in model.named_parameters() if not one.requires_grad] == [frozen]


def test_where_everything_may_move_the_callback_changes_nothing(operators, data):
    from cl_core.integrations.transformers import MovableCallback

    trained = []
    for callbacks in ([], [MovableCallback(Initialized(), BLOCKS["vit"])]):
        model = make_model("vit")
        make_trainer(model, make_optimizer(model), data[0][0], callbacks, sampling="random").train()
        trained.append(state(model))
    assert all(torch.equal(value, trained[0][name]) for name, value in trained[1].items())
    assert not all(torch.equal(value, trained[0][name]) for name, value in state(make_model("vit")).items())


def test_a_loss_of_your_own_decides_the_arrival_and_several_processes_are_refused(operators, data):
    from cl_core.integrations.transformers import MovableCallback

    asked, model = [], make_model("vit")

    def loss(model, batch):
        asked.append(len(batch["labels"]))
        return model(**batch).loss

    held = MovableCallback(Initialized(), BLOCKS["vit"], loss=loss)
    make_trainer(model, make_optimizer(model), data[0][0], [held]).train()
    assert sum(asked) == len(data[0][0])
    with pytest.raises(ValueError, match=r"^2 processes do not fit; start one$"):
        held.on_train_begin(SimpleNamespace(world_size=2), model=model, train_dataloader=[])
