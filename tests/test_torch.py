"""Any model under a strategy, in an ordinary loop: a ResNet-18, a ViT and an MLP that know nothing of this project."""

import copy
import math
from collections import UserList

import numpy as np
import pytest
import torch
from support.own_models import MLP, MODELS, belongs, build, changed, fit, images, loss_of, state
from torch import nn
from torch.nn.functional import batch_norm, cross_entropy, relu

from cl_core.averaging import AveragedByGain
from cl_core.draws import Purpose, generator
from cl_core.learners.constraints import Pulled, Within
from cl_core.learners.limits import mask_parameters
from cl_core.learners.networks import block_parameters, build_network
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task
from cl_core.strategies import Adaptive, Arrival, Frozen, Initialized, Limited, Replay, Update, score
from cl_core.threshold_rules import Residual, TwoLevel
from cl_core.torch import Movable

OPTIMIZERS = {
    "sgd": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "sgd fused": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=0.1, fused=True),
    "adamw": lambda ps: torch.optim.AdamW(ps, lr=0.01, weight_decay=0.1),
    "adamw foreach": lambda ps: torch.optim.AdamW(ps, lr=0.01, weight_decay=0.1, foreach=True),
    "adamw fused": lambda ps: torch.optim.AdamW(ps, lr=0.01, weight_decay=0.1, fused=True),
}


@pytest.fixture(autouse=True)
def one_seed_and_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("extra", [{}, {"bf16": True, "accumulate": 2}], ids=["plain", "bf16 accumulated"])
def test_what_is_held_stays_to_the_bit_and_all_else_moves(kind, optimizer, extra):
    model, movable = build(kind)
    step = OPTIMIZERS[optimizer](model.parameters())
    fit(model, images(0), step, epochs=1)
    modes = {module: module.training for module in model.modules()}
    before = state(model)
    with movable.only(1):
        fit(model, images(1), step, **extra)
    moved = changed(model, before)
    for number, block in enumerate(movable.blocks):
        names = {name for name in before if belongs(name, block)}
        assert names
        assert names & moved == (names if number == len(movable.blocks) - 1 else set())
    assert {name for name in before if not any(belongs(name, block) for block in movable.blocks)} <= moved
    assert [norm > 0 for norm in movable.moved()] == [False] * (len(movable.blocks) - 1) + [True]
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert {module: module.training for module in model.modules()} == modes
    fit(model, images(1), step, epochs=1)
    assert len(changed(model, before)) == len(before)


def test_frozen_is_not_frozen_where_gradients_alone_are_off():
    model, movable = build("resnet")
    usual = copy.deepcopy(model)
    fit(usual.requires_grad_(False), images(1), OPTIMIZERS["sgd"](usual.fc.requires_grad_(True).parameters()))
    statistics = {name for name in state(model) if "running" in name or "tracked" in name}
    assert changed(usual, state(model)) == statistics | {"fc.weight", "fc.bias"}
    before = state(model)
    with movable.only(0):
        fit(model, images(1), OPTIMIZERS["sgd"](model.parameters()))
    assert changed(model, before) == {"fc.weight", "fc.bias"}


def test_a_stem_that_the_user_froze_stays_frozen_and_keeps_its_mode():
    model, movable = build("resnet")
    model.conv1.requires_grad_(False)
    model.train()
    model.bn1.eval()
    with movable.only(1):
        pass
    with movable.only(5):
        fit(model, images(0), OPTIMIZERS["sgd"](model.parameters()), epochs=1)
    assert [name for name, one in model.named_parameters() if not one.requires_grad] == ["conv1.weight"]
    model.bn1.eval()
    arrival = movable.arrival(0, loss_of(model), images(0))
    assert [name for name, module in model.named_modules() if not module.training] == ["bn1"]
    assert not arrival.gradient[: model.conv1.weight.numel()].any()
    assert arrival.gradient.shape == (sum(movable.sizes),)


def test_an_exception_lets_everything_go_as_it_was():
    model, movable = build("vit")
    model.train()
    with pytest.raises(KeyError), movable.only(0):
        raise KeyError
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(module.training and not module._forward_pre_hooks for module in model.modules())
    with movable.only(1), pytest.raises(RuntimeError, match="in force already"), movable.only(2):
        pass
    with movable.only(2):
        assert sum(parameter.requires_grad for parameter in model.layers[0].parameters()) == 0


def test_the_arrival_is_the_gradient_of_the_mean_loss_in_eval_mode_and_changes_nothing():
    model, movable = build("vit")
    model.train()
    model.layers[1].eval()
    modes, before = {module: module.training for module in model.modules()}, state(model)
    batches = list(images(0))
    first = movable.arrival(0, loss_of(model), batches)
    assert {module: module.training for module in model.modules()} == modes
    assert not changed(model, before)
    assert all(parameter.grad is None for parameter in model.parameters())
    whole = [torch.cat(parts) for parts in zip(*batches, strict=True)]
    model.eval()
    loss = loss_of(model)(whole)
    loss.backward()
    parts = [*model.patches.parameters(), model.class_token, model.positions, *model.layers.parameters()]
    assert first.gradient.dtype == np.float64
    assert np.allclose(first.gradient, torch.cat([part.grad.reshape(-1) for part in parts]).numpy(), atol=1e-6)
    assert first.loss == pytest.approx(loss.item(), rel=1e-5)
    assert (first.task, first.blocks, first.previous_gradient) == (0, 4, None)
    second = movable.arrival(1, loss_of(model), images(1), first)
    assert second.previous_gradient is first.gradient


def test_a_chain_of_arrivals_keeps_to_one_metric():
    model, movable = build("mlp")
    first = movable.arrival(0, loss_of(model), images(0), metric="sign")
    assert movable.arrival(1, loss_of(model), images(1), first, metric="sign").metric == "sign"
    with pytest.raises(ValueError, match="previous was scored by 'sign', this would be by 'cosine'; keep to one"):
        movable.arrival(1, loss_of(model), images(1), first)


def test_the_scores_of_the_tasks_before_are_handed_on():
    model, movable = build("mlp")
    arrivals = [None]
    for task in range(4):
        arrivals.append(movable.arrival(task, loss_of(model), images(task), arrivals[-1], metric="sign"))
    *_, third, last = arrivals
    assert [len(one.scores) for one in arrivals[1:]] == [0, 1, 2, 3]
    expected = [None, *(score("sign", one) for one in arrivals[2:4])]
    assert last.scores == tuple(expected)
    assert third.scores == last.scores[:2]
    assert last.losses == tuple(one.loss for one in arrivals[1:-1])
    assert AveragedByGain().update(arrivals[2]).fraction == 0.5
    by_hand = np.mean(np.sign(arrivals[2].gradient) * np.sign(arrivals[1].gradient))
    assert last.scores[1] == pytest.approx(by_hand)
    assert last.scores[1] != pytest.approx(score("cosine", arrivals[2]))


class Words(nn.Module):
    """Tokens in, the next word out, with one matrix for both ends, and a parameter that nothing uses."""

    def __init__(self):
        super().__init__()
        self.embedding, self.mix = nn.Embedding(11, 6), nn.Linear(6, 6)
        self.out = nn.Linear(6, 11)
        self.out.weight = self.embedding.weight
        self.unused = nn.Parameter(torch.ones(3))
        self.head = nn.Linear(11, 2)

    def forward(self, tokens):
        return self.head(self.out(relu(self.mix(self.embedding(tokens)))).mean(dim=1))


def test_tokens_tied_weights_and_an_unused_parameter():
    model = Words()
    movable = Movable(model, ["embedding", ["mix", "unused"], "out"])
    assert movable.sizes == (66, 45, 11)
    assert sum(movable.sizes) + 24 == sum(parameter.numel() for parameter in model.parameters())
    batch = torch.randint(11, (8, 5)), torch.arange(8) % 2
    gradient = movable.arrival(0, loss_of(model), [batch]).gradient
    assert gradient[:66].any()
    assert gradient[66:108].any()
    assert not gradient[108:111].any()
    optimizer = OPTIMIZERS["adamw"](model.parameters())
    for update, expected in ((1, {"out.bias"}), (Update(1, leading=True), set())):
        before = state(model)
        with movable.only(update):
            loss_of(model)(batch).backward()
            optimizer.step()
        assert changed(model, before) == expected | {"head.weight", "head.bias"}


def test_a_part_of_the_way():
    model, movable = build("resnet")
    model.double()
    before = state(model)
    with movable.only(2):
        fit(model, [(x.double(), y) for x, y in images(1)], OPTIMIZERS["sgd"](model.parameters()))
    there, norms = state(model), movable.moved()
    by_hand = [
        math.sqrt(
            sum(float((there[n] - before[n]).square().sum()) for n, _ in model.named_parameters() if belongs(n, b))
        )
        for b in movable.blocks
    ]
    assert norms == pytest.approx(by_hand, rel=1e-12)
    assert norms[:3] == (0, 0, 0)
    movable.go(1)
    assert not changed(model, there)
    movable.go(0.5)
    for name, value in model.state_dict().items():
        goes = name.startswith(("layer3", "layer4")) and value.is_floating_point()
        expected = (before[name] + there[name]) / 2 if goes else there[name]
        assert torch.allclose(value, expected, rtol=1e-12, atol=1e-14), name
    assert "layer4.1.bn2.running_mean" in changed(model, there)
    assert movable.moved() == pytest.approx([norm / 2 for norm in norms], rel=1e-9)
    movable.go(0)
    assert movable.moved() == (0, 0, 0, 0, 0)


def test_a_part_of_the_way_leaves_to_the_bit_what_stays():
    model, movable = build("mlp")
    held, moved = model.body[0][0].bias.data.fill_(-0.0), model.body[2][0].bias.data
    with movable.only(1):
        moved.fill_(math.inf)
    movable.go(1)
    assert bool(moved.isposinf().all())
    movable.go(0.25)
    assert bool(held.signbit().all())


@pytest.mark.parametrize(
    "strategy",
    [
        Initialized(),
        Frozen(1),
        Frozen(0),
        Adaptive(0.1, 1, 3),
        TwoLevel(0.1, 1, 3),
        TwoLevel(0.1, 0, 2, "sign"),
        Residual(0.7, 1, 3),
        Replay((3, 0, 2)),
        Limited(Update(1, leading=True)),
    ],
    ids=lambda strategy: type(strategy).__name__,
)
def test_every_strategy_that_counts_blocks_trains_a_stream(strategy):
    model, movable = build("mlp")
    optimizer, arrival = OPTIMIZERS["adamw"](model.parameters()), None
    for task in range(3):
        arrival = movable.arrival(task, loss_of(model), images(task), arrival)
        update = strategy.update(arrival)
        with movable.only(update):
            fit(model, images(task), optimizer, epochs=1)
        moved = [norm > 0 for norm in movable.moved()]
        expected = [True] * update.blocks + [False] * (3 - update.blocks)
        assert moved == (expected if update.leading else expected[::-1])


def test_a_layer_that_was_replaced_is_the_one_that_is_held():
    model, movable = build("mlp")
    model.body[0] = nn.Linear(192, 12, bias=False)
    assert movable.sizes[0] == 192 * 12
    before = state(model)
    with movable.only(2):
        fit(model, images(0), OPTIMIZERS["sgd"](model.parameters()))
    assert "body.0.weight" not in changed(model, before)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (["body.0", "bodi.1"], "no submodule or parameter 'bodi.1'; the nearest name is 'body.1'"),
        ([""], "no submodule or parameter ''"),
        (["body.0", "body"], "'body.0' and 'body' overlap"),
        ([["head", "head"]], "'head' and 'head' overlap"),
        (["body.0", "body.1.2"], "block 'body.1.2' has no parameter"),
        ([], "blocks = \\[\\] does not fit"),
        ("body", "blocks = 'body' does not fit"),
        ([UserList(["body.0", "bodi.1"])], "no submodule or parameter 'bodi.1'"),
        ([0, 2], "block 0 does not fit; give the dotted name"),
        ([nn.Linear(2, 2)], r"block Linear\(.*\) does not fit; give the dotted name"),
        ([[]], r"block \[\] does not fit"),
        ([["body.0", 1]], r"block \['body.0', 1\] does not fit"),
    ],
)
def test_blocks_that_do_not_fit_are_told_in_one_line(blocks, message):
    with pytest.raises(ValueError, match=message) as error:
        Movable(MLP(), blocks)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (4, "magnitude 4 does not fit 3 blocks; give 0 to 3"),
        (-1, "magnitude -1 does not fit"),
        (Update(5), "magnitude 5 does not fit"),
        (Update(2, step_share=0.5), "step_share = 0.5 of how many steps\\? Tell only"),
    ],
)
def test_an_update_that_does_not_fit_is_told_and_nothing_is_held(update, message):
    model, movable = build("mlp")
    with pytest.raises(ValueError, match=message), movable.only(update):
        pass
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_what_cannot_be_answered_is_told():
    model, movable = build("mlp")
    with pytest.raises(RuntimeError, match="nothing has moved yet"):
        movable.moved()
    with pytest.raises(RuntimeError, match="nothing has moved yet"):
        movable.go(0.5)
    with pytest.raises(ValueError, match="fraction = nan"):
        movable.go(math.nan)
    with pytest.raises(ValueError, match="task 2 uses no block in 0 batches"):
        movable.arrival(2, loss_of(model), [])
    with pytest.raises(ValueError, match="uses no block in 2 batches"):
        movable.arrival(0, loss_of(MLP()), images(0))
    with pytest.raises(FloatingPointError, match="task 0 is nan"):
        movable.arrival(0, lambda batch: loss_of(model)(batch) * math.nan, images(0))
    with pytest.raises(ValueError, match="previous has 3 parameters"):
        movable.arrival(1, loss_of(model), images(0), Arrival(0, 3, np.ones(3)))
    with pytest.raises(ValueError, match="previous is the arrival of task 0, not of 1, the one before"):
        movable.arrival(2, loss_of(model), images(0), Arrival(0, 3))
    with movable.only(0), pytest.raises(RuntimeError, match="inside only"):
        movable.arrival(0, loss_of(model), images(0))
    with pytest.raises(ValueError, match="metric 'angle' is unknown"):
        movable.arrival(0, loss_of(model), images(0), metric="angle")
    model.eval()
    with pytest.raises(KeyError):
        movable.arrival(0, {}.__getitem__, ["a"])
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize("fused", [False, True])
def test_a_gradient_scaler_steps_and_what_it_skips_is_no_step(fused):
    model, movable = build("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
    rates = []
    optimizer.register_step_pre_hook(lambda *_: rates.append(optimizer.param_groups[0]["lr"]))
    before = state(model)
    with movable.only(Update(1, rate_factor=0.5, step_share=0.5, constraint=Within(0.01)), steps=4):
        for number, (x, y) in enumerate([*images(0)][:2]):
            model.train()
            optimizer.zero_grad()
            loss = loss_of(model)((x, y)) * (math.inf if number == 0 and not fused else 1)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    assert rates == [0.05] * (2 if fused else 1)
    assert {name for name in changed(model, before) if name.startswith("body")} == {
        name for name in before if name.startswith("body.2")
    }
    assert math.hypot(*movable.moved()) <= 0.01 * (1 + 1e-6)


def test_what_moves_though_held_is_told_by_name():
    model, movable = build("resnet")
    with pytest.raises(RuntimeError, match=r"^conv1.weight moved though held"), movable.only(0):
        model.conv1.weight.data.mul_(2)
    with pytest.raises(RuntimeError, match=r"bn1.running_mean, bn1.running_var moved"), movable.only(1):
        batch_norm(torch.ones(4, 4, 2, 2), model.bn1.running_mean, model.bn1.running_var, training=True)
    model.bn1.running_var.fill_(math.nan)
    with movable.only(0):
        pass
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_power_iteration_is_held_too():
    model, movable = build("mlp")
    nn.utils.parametrizations.spectral_norm(model.body[0][0])
    before = state(model)
    with movable.only(2):
        fit(model, images(0), OPTIMIZERS["sgd"](model.parameters()))
    assert not any(name.startswith("body.0") for name in changed(model, before))


def parallel(rank, store, results):
    """One of two processes of a distributed loop: each has half of the batches."""
    torch.manual_seed(0)
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    model, movable = build("resnet")
    before = state(model)
    for task, magnitude in enumerate((5, 1)):
        movable.arrival(task, loss_of(model), images(task))
        with movable.only(Update(magnitude, constraint=Within(0.5))):
            wrapped = nn.parallel.DistributedDataParallel(model)
            fit(wrapped, [*images(task)][rank::2], OPTIMIZERS["adamw"](model.parameters()))
        if task == 0:
            before = state(model)
    moved = sorted(name for name in changed(model, before) if not name.startswith(("layer4", "fc")))
    held = [value for name, value in model.state_dict().items() if not name.startswith(("layer4", "fc"))]
    results.put(
        (rank, moved, *(torch.cat([*map(torch.flatten, each)]).tolist() for each in (model.parameters(), held)))
    )
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_hold_the_same_and_end_at_the_same_weights(tmp_path):
    context = torch.multiprocessing.get_context("spawn")
    results = context.Queue()
    workers = [context.Process(target=parallel, args=(rank, tmp_path / "store", results)) for rank in range(2)]
    for worker in workers:
        worker.start()
    first, second = sorted(results.get(timeout=300) for _ in workers)
    for worker in workers:
        worker.join()
    # The wrapper gives the second process the running statistics of the first.
    assert first[1] == []
    assert {name.rpartition(".")[2] for name in second[1]} <= {"running_mean", "running_var", "num_batches_tracked"}
    assert first[2:] == second[2:]


@pytest.mark.parametrize(
    "update",
    [
        Update(3),
        Update(1),
        Update(0),
        Update(1, leading=True),
        Update(3, rate_factor=0.25),
        Update(3, step_share=0.5),
        Update(3, constraint=Within(0.05)),
        Update(3, constraint=Pulled(5.0)),
        mask_parameters((65 * 6, 42, 42), 0.3, "random", 5).limit,
        Update(2, fraction=0.5),
    ],
    ids=str,
)
def test_a_loop_of_one_s_own_does_to_the_blocks_what_the_learners_do(update):
    """The same minibatches, the same SGD: the blocks end at the same weights, up to rounding."""
    recipe = Recipe(batch=8, epochs=2, precision="float64", learning_rate=0.05, schedule="constant")
    x = torch.randn(24, 1, 8, 8, dtype=torch.float64)
    data = TaskData(x, (x.mean(dim=(1, 2, 3)) > 0).long(), x, torch.zeros(24))
    spec = NetworkSpec(kind="mlp", width=6)
    learner, own = (
        build_network(spec, tasks=2, classes=2, image_shape=(8, 8), seed=0, dtype=torch.float64) for _ in range(2)
    )
    report = train_task(learner, data, 1, update, recipe, 7)
    movable = Movable(own, ["blocks.0", "blocks.1", "blocks.2"])
    parameters = [*own.blocks.parameters(), *own.heads[1].parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    draws = generator(7, 1, Purpose.BATCH_ORDER)
    batches = [part for _ in range(2) for part in torch.split(torch.from_numpy(draws.permutation(24)), 8)]
    with movable.only(update, steps=len(batches)):
        for chosen in batches[: update.steps(len(batches))]:
            own.train()
            optimizer.zero_grad()
            cross_entropy(own(x[chosen], 1), data.y_train[chosen]).backward()
            optimizer.step()
    for name, value in own.blocks.state_dict().items():
        torch.testing.assert_close(value, learner.blocks.state_dict()[name], rtol=1e-9, atol=1e-12)
    assert movable.moved() == pytest.approx(report.update_norms, rel=1e-9, abs=1e-12)
    assert movable.sizes == block_parameters(learner)
