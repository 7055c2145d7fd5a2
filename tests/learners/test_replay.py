"""A replayed gradient: what a recording leaves and returns, with a graph that stands in for the GPU's."""

from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch.nn import functional

from cl_core.learners import replay
from cl_core.learners.networks import Network, build_network
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task
from cl_core.strategies import Update


class Recorder:
    """In the place of torch.cuda: runs at once what it records, undoes it, and runs it again at each replay."""

    def __init__(self, network):
        self.network, self.recording = network, False

    def install(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "Stream", lambda: _Stream())
        monkeypatch.setattr(torch.cuda, "current_stream", lambda: _Stream())
        monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: self)
        monkeypatch.setattr(torch.cuda, "graph", self.record)

    @contextmanager
    def record(self, graph):
        assert graph is self
        held = [buffer.clone() for buffer in self.network.buffers()]
        assert all(parameter.grad is None for parameter in self.network.parameters())
        self.recording = True
        yield
        self.recording = False
        self.gradients = [parameter.grad for parameter in self.network.parameters()]
        for buffer, old in zip(self.network.buffers(), held, strict=True):
            buffer.copy_(old)

    def watch(self, value_of):
        def watched(images, labels):
            value = value_of(images, labels)
            if self.recording:
                self.value, self.again = value.detach(), lambda: value_of(images, labels)
            return value

        return watched

    def replay(self):
        moving = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        value = self.again()
        with torch.no_grad():
            for own, new in zip(
                [g for g in self.gradients if g is not None],
                [g for g in torch.autograd.grad(value, moving, allow_unused=True) if g is not None],
                strict=True,
            ):
                own.copy_(new)
            self.value.copy_(value)


class _Stream:
    def wait_stream(self, other):
        assert isinstance(other, _Stream)


def make(seed=0):
    return build_network(
        NetworkSpec(width=4, stem_stride=2), tasks=2, classes=3, image_shape=(8, 8, 3), seed=seed
    ).train()


def batches(count, size=6):
    draws = torch.Generator().manual_seed(0)
    for _ in range(count):
        yield torch.randn(size, 3, 8, 8, generator=draws), torch.randint(0, 3, (size,), generator=draws)


def value_in(network):
    return lambda images, labels: functional.cross_entropy(network.logits(network.features(images), 0), labels)


def test_a_replay_is_the_gradient_taken_step_by_step(monkeypatch):
    plain, replayed = make(), make()
    recorder = Recorder(replayed)
    recorder.install(monkeypatch)
    moving = [parameter for parameter in replayed.parameters() if parameter.requires_grad]
    images, labels = next(batches(1))
    before = [buffer.clone() for buffer in replayed.buffers()]
    take = replay.record_gradient(recorder.watch(value_in(replayed)), moving, list(replayed.buffers()), images, labels)
    assert all(map(torch.equal, replayed.buffers(), before)), "recording leaves running statistics as they were"
    for images, labels in batches(3):
        plain.zero_grad(set_to_none=True)
        replayed.zero_grad(set_to_none=True)
        loss = value_in(plain)(images, labels)
        loss.backward()
        assert torch.equal(take(images, labels), loss.detach())
        for own, other in zip(plain.parameters(), replayed.parameters(), strict=True):
            assert (own.grad is None) == (other.grad is None)
            assert own.grad is None or torch.equal(own.grad, other.grad)
        assert all(map(torch.equal, plain.buffers(), replayed.buffers()))


def test_a_recording_leaves_the_minibatch_that_it_was_made_with(monkeypatch):
    network = make()
    recorder = Recorder(network)
    recorder.install(monkeypatch)
    (images, labels), (others, other_labels) = batches(2)
    kept = images.clone(), labels.clone()
    value_of = recorder.watch(value_in(network))
    take = replay.record_gradient(value_of, list(network.parameters()), list(network.buffers()), images, labels)
    take(others, other_labels)
    assert torch.equal(images, kept[0])
    assert torch.equal(labels, kept[1])


def train(network, *, augmentation="none", magnitude=9):
    draws = torch.Generator().manual_seed(1)
    x, y = torch.randn(40, 3, 8, 8, generator=draws), torch.randint(0, 3, (40,), generator=draws)
    data = TaskData(x, y, x[:10], y[:10])
    recipe = Recipe(epochs=2, batch=8, learning_rate=0.05, augmentation=augmentation)
    reports = [train_task(network, data, task, 9 if task == 0 else magnitude, recipe, 3) for task in (0, 1)]
    return reports, {name: tensor.clone() for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize("case", [{}, {"magnitude": 2}, {"magnitude": 0}, {"augmentation": "flips-and-crops"}], ids=str)
def test_training_by_replays_ends_where_training_ends(monkeypatch, case):
    plain = train(make(), **case)
    recorded = []

    def record(value_of, parameters, buffers, images, labels):
        recorded.append(images.shape)

        def take(images, labels):
            for parameter in parameters:
                parameter.grad = None
            value = value_of(images, labels)
            value.backward()
            return value.detach()

        return take

    monkeypatch.setattr(replay, "record_gradient", record)
    monkeypatch.setattr(torch.Tensor, "is_cuda", True)
    replayed = train(make(), **case)
    assert len(recorded) == 2, "once a task"
    assert replayed[0] == plain[0]
    assert all(torch.equal(plain[1][name], replayed[1][name]) for name in plain[1])


def test_a_network_of_your_own_is_not_replayed_nor_a_loss_nor_a_penalty(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "is_cuda", True)
    monkeypatch.setattr(replay, "record_gradient", None)
    labels = torch.zeros(8, dtype=torch.int64)
    data = TaskData(torch.randn(8, 3, 8, 8), labels, torch.randn(2, 3, 8, 8), labels[:2])
    *blocks, last = make().blocks
    own = Network([*blocks, torch.nn.Sequential(last, torch.nn.Dropout2d(0.5))], list(make().heads))
    assert train_task(own, data, 0, 9, Recipe(epochs=1, batch=8), 0).steps == 1
    assert train_task(make(), data, 0, 9, Recipe(epochs=1, batch=8), 0, loss=functional.cross_entropy).steps == 1
    penalised = Update(9, penalty=lambda batch: 0 * batch.features.sum())
    assert train_task(make(), data, 0, penalised, Recipe(epochs=1, batch=8), 0).steps == 1
    with pytest.raises(TypeError, match="not callable"):
        train_task(make(), data, 0, 9, Recipe(epochs=1, batch=8), 0)


@pytest.mark.parametrize("spec", [{"norm": "batch"}, {"norm": "group"}, {"kind": "mlp", "depth": 2}], ids=str)
def test_every_network_of_the_book_repeats_itself(spec):
    network = build_network(NetworkSpec(**{"width": 4, **spec}), tasks=2, classes=3, image_shape=(8, 8, 3), seed=0)
    assert replay.repeats(network)
