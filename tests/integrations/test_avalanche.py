"""The plugin, held against Movable in a plain loop, in Avalanche's own training strategies."""

import copy
import math

import numpy as np
import pytest
import torch
from support.plain_loop import BATCH, EPOCHS, TASKS, Network, blocks_changed, make_optimizer, run_plain_loop, state

from cl_core.strategies import Frozen, Initialized

pytestmark = pytest.mark.slow
BLOCKS = ["model.body.0", "model.body.1", "model.body.2"]


@pytest.fixture
def benchmark(operators, data):
    from avalanche.benchmarks import tensors_benchmark

    train, test = ([task[part].tensors for task in data] for part in (0, 1))
    return tensors_benchmark(train_tensors=train, test_tensors=test, task_labels=list(range(TASKS)))


@pytest.fixture
def model(operators):
    """A network with a head for each task, which Avalanche adds as they arrive."""
    from avalanche.models import as_multitask

    return as_multitask(Network(), "head")


def make_loop(model, plugins, *, eval_every=-1):
    from avalanche.evaluation.metrics import accuracy_metrics
    from avalanche.training.plugins import EvaluationPlugin
    from avalanche.training.supervised import Naive

    return Naive(
        model=model,
        optimizer=make_optimizer(model),
        criterion=torch.nn.CrossEntropyLoss(),
        train_mb_size=BATCH,
        train_epochs=EPOCHS,
        eval_mb_size=256,
        plugins=plugins,
        evaluator=EvaluationPlugin(accuracy_metrics(experience=True), loggers=[]),
        eval_every=eval_every,
    )


def accuracies(loop, stream):
    told = loop.eval(stream)
    key = "Top1_Acc_Exp/eval_phase/test_stream/Task{0:03d}/Exp{0:03d}"
    return [told[key.format(experience.current_experience)] for experience in stream]


def test_it_gives_the_accuracy_matrix_of_movable_in_a_plain_loop(benchmark, model, data, strategy):
    from avalanche.models.utils import avalanche_model_adaptation

    from cl_core.integrations.avalanche import MovablePlugin

    for experience in benchmark.train_stream:
        avalanche_model_adaptation(model, experience)
    plain = copy.deepcopy(model)
    expected, updates, moved = run_plain_loop(
        plain, strategy, data, blocks=BLOCKS, logits_of=lambda x, task: plain(x, torch.full((len(x),), task))
    )

    plugin = MovablePlugin(strategy, BLOCKS)
    loop = make_loop(model, [plugin], eval_every=1)
    matrix = np.full((TASKS, TASKS), math.nan)
    for task, experience in enumerate(benchmark.train_stream):
        loop.train(experience, eval_streams=[benchmark.test_stream[: task + 1]], shuffle=False)
        matrix[task, : task + 1] = accuracies(loop, benchmark.test_stream[: task + 1])
    assert np.array_equal(matrix, expected, equal_nan=True)
    assert len(np.unique(matrix[~np.isnan(matrix)])) > 3
    assert (plugin.updates, plugin.moved) == (updates, moved)
    assert all(torch.equal(value, state(plain)[name]) for name, value in state(model).items())


def test_what_is_held_stays_to_the_bit_while_heads_are_added_and_what_you_froze_stays_frozen(benchmark, model):
    from cl_core.integrations.avalanche import MovablePlugin

    model.model.body[0][0].bias.requires_grad_(False)
    plugin = MovablePlugin(Frozen(1), BLOCKS)
    loop = make_loop(model, [plugin], eval_every=0)
    for task, experience in enumerate(benchmark.train_stream):
        before = state(model)
        loop.train(experience)
        expected = [True] * 3 if task == 0 else [False, False, True]
        assert blocks_changed(model, before, BLOCKS) == [norm > 0 for norm in plugin.moved[task]] == expected
        assert [name for name, one in model.named_parameters() if not one.requires_grad] == ["model.body.0.0.bias"]
    assert len(model.head.classifiers) == TASKS


def test_where_everything_may_move_the_plugin_changes_nothing(benchmark, model):
    from cl_core.integrations.avalanche import MovablePlugin

    trained = []
    for plugins in ([], [MovablePlugin(Initialized(), BLOCKS)]):
        torch.manual_seed(0)
        trained.append(copy.deepcopy(model))
        make_loop(trained[-1], plugins).train(benchmark.train_stream[:2], shuffle=True)
    alone, watched = map(state, trained)
    assert all(torch.equal(value, alone[name]) for name, value in watched.items())
    assert not all(torch.equal(value, alone[name]) for name, value in state(model).items())
