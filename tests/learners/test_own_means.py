"""What a researcher brings along: layers, heads, losses, optimizers and inputs of any kind give the right value or one line."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from cl_core.learners.arrival import arrive, fit_head
from cl_core.learners.evaluation import evaluate
from cl_core.learners.networks import Network, block_parameters
from cl_core.learners.part_way import refit_head
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task
from cl_core.strategies import Update
from cl_core.torch import Movable


class Layer(nn.Sequential):
    def __init__(self, inputs, outputs, *more):
        super().__init__(nn.Flatten(), nn.Linear(inputs, outputs), *more, nn.ReLU())


class Cosine(nn.Linear):
    """A head without bias that scores by angles."""

    def forward(self, x):
        return 10 * functional.linear(functional.normalize(x), functional.normalize(self.weight))


HEADS = {
    "linear": lambda: nn.Linear(6, 2),
    "no bias": lambda: nn.Linear(6, 2, bias=False),
    "cosine": lambda: Cosine(6, 2, bias=False),
    "mlp": lambda: nn.Sequential(nn.Linear(6, 5), nn.Dropout(0.2), nn.Tanh(), nn.Linear(5, 2)),
    "more classes": lambda: nn.Linear(6, 4),
}


def build(*layers, head="linear", tasks=2):
    torch.manual_seed(0)
    blocks = layers or [Layer(a, b) for a, b in pairwise((8, 6, 6, 6))]
    return Network(blocks, [HEADS[head]() for _ in range(tasks)])


def data(seed=0, count=24):
    draws = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 8, generator=draws)
    y = (x[:, 0] + 0.1 * torch.randn(count, generator=draws) > 0).long()
    return TaskData(x, y, x, y)


@pytest.fixture
def recipe(recipe):
    return recipe.replace(precision="float32", batch=8, learning_rate=0.05)


def flat(network):
    return torch.cat([one.detach().reshape(-1) for one in network.parameters()])


@pytest.mark.parametrize("head", HEADS)
def test_a_head_of_any_kind_is_fitted_and_trained(recipe, head):
    network, task = build(head=head), data()
    losses = []
    for _ in range(4):
        losses.append(functional.cross_entropy(network.eval()(task.x_train, 0), task.y_train).item())
        fit_head(network, task.x_train, task.y_train, 0, steps=10, precision="float32")
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.95 * losses[0]
    old = flat(network.blocks)
    told = arrive(network, task, 0, recipe, 0)
    assert torch.equal(flat(network.blocks), old)
    assert told.gradient.any()
    before = flat(network.heads[0])
    report = train_task(network, task, 0, 1, recipe, 0)
    assert [norm > 0 for norm in report.update_norms] == [False, False, True]
    assert not torch.equal(flat(network.heads[0]), before)
    train_task(network, task, 1, Update(3, fraction=0.5), recipe, 0)
    assert evaluate(network, task.x_eval, task.y_eval, 1) > 12


def test_a_head_without_bias_is_fitted_as_one_whose_bias_is_zero_would_be_without():
    """Nesterov's method on the weights alone: after many steps the gradient is gone."""
    network, task = build(head="no bias"), data()
    fit_head(network, task.x_train, task.y_train, 0, steps=500, precision="float32")
    loss = functional.cross_entropy(network(task.x_train, 0), task.y_train)
    assert torch.autograd.grad(loss, network.heads[0].weight)[0].norm() < 1e-3


def test_dropout_is_drawn_from_the_seed_and_torch_s_stream_goes_on(recipe):
    def trained(outer, seed, task=0):
        network = build(*(Layer(8 if number == 0 else 6, 6, nn.Dropout(0.5)) for number in range(2)))
        torch.manual_seed(outer)
        train_task(network, data(), task, 2, recipe, seed)
        return flat(network.blocks), torch.rand(1)

    torch.manual_seed(3)
    plain = torch.rand(1)
    (first, after), (again, _), (other, _) = trained(3, 1), trained(4, 1), trained(3, 2)
    assert torch.equal(first, again)
    assert torch.equal(after, plain)
    assert not torch.equal(first, other)


def test_own_loss_and_optimizer_and_augmentation(recipe):
    task = data()
    smooth = lambda outputs, y: functional.cross_entropy(outputs, y, label_smoothing=0.3)  # noqa: E731
    results = {}
    for name, means in {
        "plain": {},
        "loss": {"loss": smooth},
        "adamw": {"optimizer": lambda ps: torch.optim.AdamW(ps, lr=0.01)},
        "augmented": {"augment": lambda x: x + 0.5 * torch.randn_like(x)},
    }.items():
        network = build()
        report = train_task(network, task, 0, 1, recipe, 0, **means)
        assert [norm > 0 for norm in report.update_norms] == [False, False, True], name
        results[name] = flat(network)
    assert len({value.sum().item() for value in results.values()}) == 4
    network = build()
    train_task(network, task, 0, 1, recipe, 0, augment=lambda x: x + 0.5 * torch.randn_like(x))
    assert torch.equal(flat(network), results["augmented"])


def test_own_sgd_is_the_learner_s_sgd_and_a_factor_works_on_it_too(recipe):
    task = data()
    make = lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=recipe.momentum, weight_decay=recipe.weight_decay)  # noqa: E731
    for update in (Update(2), Update(3, rate_factor=0.5), Update(3, step_share=0.5)):
        mine, own = build(), build()
        train_task(mine, task, 0, update, recipe, 0)
        train_task(own, task, 0, update, recipe, 0, optimizer=make)
        torch.testing.assert_close(flat(mine), flat(own), rtol=1e-5, atol=1e-6)


def test_the_gradient_at_arrival_is_the_same_whatever_goes_through_at_once_and_follows_the_loss(recipe):
    task, still = data(), recipe.replace(head_warmup_steps=0, gradient_samples=24)
    whole = arrive(build(), task, 0, still, 0)
    seen = []
    network = build()
    network.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    parts = arrive(network, task, 0, still, 0, batch=5)
    # The head's own fit looks at all features once.
    assert max(seen[1:]) == 5
    np.testing.assert_allclose(parts.gradient, whole.gradient, rtol=1e-4, atol=1e-7)
    mean = arrive(build(), task, 0, still, 0, loss=functional.cross_entropy)
    np.testing.assert_allclose(mean.gradient, whole.gradient, rtol=1e-4, atol=1e-7)
    double = arrive(build(), task, 0, still, 0, loss=lambda o, y: 2 * functional.cross_entropy(o, y))
    np.testing.assert_allclose(double.gradient, 2 * whole.gradient, rtol=1e-4, atol=1e-7)


class Embedded(nn.Module):
    def __init__(self, pooled):
        super().__init__()
        self.embedding, self.pooled = nn.Embedding(11, 6), pooled

    def forward(self, tokens):
        features = self.embedding(tokens)
        return features.mean(dim=1) if self.pooled else features


def test_tokens_train_and_features_that_no_block_pools_are_told_in_one_line(recipe):
    tokens = torch.randint(11, (24, 5), generator=torch.Generator().manual_seed(0))
    large = (tokens.sum(dim=1) > 25).long()
    task = TaskData(tokens, large, tokens, large)
    network = build(Embedded(True), Layer(6, 6))
    arrive(network, task, 0, recipe, 0)
    report = train_task(network, task, 0, 2, recipe.replace(epochs=20), 0)
    assert report.train_correct == evaluate(network, tokens, task.y_eval, 0) > 18
    with pytest.raises(ValueError, match=r"features of shape \(12, 5, 6\) leave the last block; let it pool"):
        arrive(build(Embedded(False)), task, 0, recipe.replace(head_warmup_steps=0, gradient_at="arrival"), 0)
    with pytest.raises(ValueError, match="let it pool"):
        fit_head(build(Embedded(False)), tokens, task.y_train, 0, steps=1, precision="float32")


def test_a_weight_tied_between_two_blocks_counts_once_and_is_held_with_either(recipe):
    network, task = build(), data()
    network.blocks[2][1].weight = network.blocks[1][1].weight
    assert block_parameters(network) == (54, 42, 6)
    assert arrive(network, task, 0, recipe, 0).gradient.shape == (102,)
    before = network.blocks[2][1].weight.detach().clone()
    report = train_task(network, task, 0, 1, recipe, 0)
    assert torch.equal(network.blocks[2][1].weight, before)
    assert [norm > 0 for norm in report.update_norms] == [False, False, True]
    assert report.moved_share == pytest.approx(6 / 102)


def test_what_the_user_froze_and_what_nothing_uses_stays_and_has_no_gradient(recipe):
    network, task = build(), data()
    network.blocks[0].unused = nn.Parameter(torch.ones(3))
    network.blocks[1][1].requires_grad_(False)
    before = [one.clone() for one in network.blocks[1].state_dict().values()]
    gradient = arrive(network, task, 0, recipe, 0).gradient
    sizes = np.cumsum([0, *block_parameters(network)])
    assert not gradient[sizes[1] : sizes[2]].any()
    assert np.flatnonzero(gradient[: sizes[1]] == 0).size >= 3
    for update in (3, Update(3, fraction=0.5), Update(1)):
        report = train_task(network, task, 0, update, recipe, 0)
        assert report.update_norms[1] == 0
    assert all(torch.equal(a, b) for a, b in zip(before, network.blocks[1].state_dict().values(), strict=True))
    frozen = {name for name, one in network.named_parameters() if not one.requires_grad}
    assert frozen == {"blocks.1.1.weight", "blocks.1.1.bias"}


def test_regression_and_several_outputs_train_in_a_loop_of_one_s_own_and_are_told_of_here(recipe):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.value, self.kind = Layer(8, 6), nn.Linear(6, 1), nn.Linear(6, 3)

        def forward(self, x):
            features = self.body(x)
            return {"value": self.value(features)[:, 0], "kind": self.kind(features)}

    torch.manual_seed(0)
    model, task = Two(), data()
    target = torch.stack([task.x_train[:, 0], task.x_train[:, 1]], dim=1)

    def loss(batch):
        out = model(batch[0])
        bits = torch.nn.functional.one_hot(batch[1], 3).float()
        return functional.mse_loss(out["value"], batch[0][:, 0]) + functional.binary_cross_entropy_with_logits(
            out["kind"], bits
        )

    movable = Movable(model, ["body"])
    loader = DataLoader(TensorDataset(task.x_train, task.y_train), batch_size=8)
    first = movable.arrival(0, loss, loader)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    for batch in [*loader] * 5:
        with movable.only(1):
            optimizer.zero_grad()
            loss(batch).backward()
            optimizer.step()
    assert movable.arrival(1, loss, loader, first).loss < 0.7 * first.loss
    for run in (arrive, lambda *given: train_task(*given[:3], 1, *given[3:])):
        with pytest.raises(ValueError, match=r"targets \(24, 2\) in torch.float32 are no labels, \(n,\) in int64"):
            run(build(), replace(task, y_train=target), 0, recipe, 0)
        with pytest.raises(TypeError, match="DataLoader is no TaskData; a loader's batches train with"):
            run(build(), loader, 0, recipe, 0)
        with pytest.raises(TypeError, match="Two is no Network; a model of your own trains with"):
            run(model, task, 0, recipe, 0)
    with pytest.raises(TypeError, match="Two is no Network"):
        evaluate(model, task.x_eval, task.y_eval, 0)


def test_all_classes_at_once_in_a_loop_of_one_s_own():
    """Class-incremental: one head over all classes, which is no block, and answers over all of them."""
    torch.manual_seed(0)
    model = nn.Sequential(Layer(8, 12), Layer(12, 12), nn.Linear(12, 4))
    movable, x = Movable(model, ["0", "1"]), data(count=64).x_train
    labels = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    for task, magnitude in enumerate((2, 0)):
        chosen = labels // 2 == task
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
        before = flat(model[:2])
        with movable.only(magnitude):
            for _ in range(30):
                optimizer.zero_grad()
                functional.cross_entropy(model(x[chosen]), labels[chosen]).backward()
                optimizer.step()
        assert torch.equal(before, flat(model[:2])) == (magnitude == 0)
        answers = model(x).argmax(dim=1)
        assert (answers[chosen] == labels[chosen]).float().mean() > (0.8 if task == 0 else 0.55)


def test_a_head_is_fitted_anew_under_the_own_loss(recipe):
    network, task = build(head="mlp"), data()
    focal = lambda outputs, y: (functional.cross_entropy(outputs, y, reduction="none") ** 2).mean()  # noqa: E731
    network.eval()
    before = focal(network(task.x_train, 0), task.y_train).item()
    refit_head(network, task, 0, recipe, focal)
    assert focal(network(task.x_train, 0), task.y_train).item() < before
    assert all(one.grad is None for one in network.parameters())
    assert math.isfinite(flat(network).sum().item())
