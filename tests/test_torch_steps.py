"""Every strategy and every control in a loop of one's own: what it does there, and how few lines that takes."""

import inspect
import math
from itertools import chain, islice, repeat

import numpy as np
import pytest
import torch
from support.own_models import build, fit, images, loss_of, state
from torch.nn.functional import cross_entropy
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from cl_core.draws import Purpose, generator
from cl_core.experiments import controls
from cl_core.learners.constraints import Within
from cl_core.learners.ewc import ElasticConsolidation
from cl_core.learners.limits import AsFar, mask_parameters, pull_back
from cl_core.learners.lwf import Distillation
from cl_core.learners.rehearsal import Rehearsal
from cl_core.strategies import Adaptive, Frozen, Initialized, Limited, Replay, Update, score
from cl_core.threshold_rules import Residual, TwoLevel
from cl_core.torch import EWC, ExperienceReplay, LwF
from cl_core.torch.baselines import add_quadratic, sum_quadratic

TASKS = 4


@pytest.fixture(autouse=True)
def one_seed_and_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)


def learn(model, movable, rule, tasks, record):
    """Somebody's loop; the lines that are there for a rule say so."""
    arrival = None  # rule
    for task, loader in enumerate(tasks):
        arrival = movable.arrival(task, loss_of(model), loader, arrival)  # rule
        update, steps = rule.update(arrival), 2 * len(loader)  # rule
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=0.01)
        with movable.only(update, steps=steps):  # rule
            for x, y in islice(chain.from_iterable(repeat(loader)), update.steps(steps)):  # rule
                model.train()
                loss = cross_entropy(model(x), y)
                loss = loss + movable.penalty((x, y))  # rule
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        record(arrival, update, movable.moved())  # rule
        if update.fraction < 1:  # rule
            with movable.only(0):  # rule
                fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.02))  # rule
        rule.learned(task, model, loader)  # rule


def run(kind, make, rule_of=None):
    """Train a stream; return the model and what was recorded: arrivals, updates, distances."""
    torch.manual_seed(1)
    model, movable = build(kind)
    log = []
    learn(model, movable, make(movable), [images(task) for task in range(TASKS)], lambda *row: log.append(row))
    return model, *map(list, zip(*log, strict=True))


def scores_of(arrivals):
    last = score("cosine", arrivals[-1])
    return [*arrivals[-1].scores, last]


def follow(name, kind, free_from):
    """The yoked control `name` of a rule that has been run: two-level or Algorithm 1."""
    most = len(build(kind)[1].blocks)
    rule = TwoLevel(0.9, 1, most) if free_from == 2 else Adaptive(0.9, 1, most)
    _, arrivals, _, _ = run(kind, lambda movable: rule)
    # A schedule with something to rearrange, whatever so short a run has chosen.
    magnitudes = [most, *([most] * (free_from - 1)), *((1, most) * TASKS)[: TASKS - free_from]]
    if name == "random":
        return Replay(controls.random(magnitudes, 7, free_from))
    if name == "inverted":
        return Replay(controls.inverted(magnitudes, scores_of(arrivals), free_from))
    return Replay(controls.constant(magnitudes, build(kind)[1].sizes, free_from))


def outputs(model, batch, task):
    return model(batch[0])


RULES = {
    "initialized": lambda m: Initialized(),
    "frozen": lambda m: Frozen(1),
    "frozen-0": lambda m: Frozen(0),
    "adaptive": lambda m: Adaptive(0.1, 1, len(m.blocks)),
    "literal": lambda m: Adaptive(0.1, 1, len(m.blocks), counts="trained"),
    "clock": lambda m: Replay(controls.clock(TASKS, len(m.blocks), step=1, modules=len(m.blocks), start=0)),
    "walk": lambda m: Replay(controls.walk(TASKS, len(m.blocks), 3, step=1, modules=len(m.blocks), start=1)),
    "two-level": lambda m: TwoLevel(0.1, 1, len(m.blocks)),
    "residual": lambda m: Residual(0.7, 1, len(m.blocks)),
    "fixed": lambda m: Replay((len(m.blocks), 1, 0, 2)),
    "leading": lambda m: Limited(Update(1, leading=True)),
    "within": lambda m: AsFar((0.0, 0.05, 0.05, 0.05)),
    "masked": lambda m: mask_parameters(m.sizes, 0.3, "random", 5),
    "masked trailing": lambda m: mask_parameters(m.sizes, 0.3, "trailing", 5),
    "masked leading": lambda m: mask_parameters(m.sizes, 0.3, "leading", 5),
    "slower": lambda m: Limited(Update(len(m.blocks), rate_factor=0.1)),
    "shorter": lambda m: Limited(Update(len(m.blocks), step_share=0.25)),
    "pulled": lambda m: pull_back(len(m.blocks), 50.0),
    "part of the way": lambda m: Limited(Update(len(m.blocks), fraction=0.5)),
    "all limits": lambda m: Limited(Update(2, constraint=Within(0.05), rate_factor=0.5, step_share=0.5, fraction=0.5)),
    "ewc": lambda m: EWC(m, outputs, 10.0, seed=0, samples=6),
    "lwf": lambda m: LwF(m.model, outputs, 1.0),
    "replay": lambda m: ExperienceReplay(lambda batch, task: loss_of(m.model)(batch), 1, seed=0),
}
YOKED = [(name, free_from) for free_from in (1, 2) for name in ("random", "inverted", "constant")]


def test_a_rule_takes_at_most_15_lines_beyond_the_loop():
    assert sum("# rule" in line for line in inspect.getsource(learn).splitlines()) <= 15


def check(kind, make):
    model, arrivals, updates, distances = run(kind, make)
    assert [one.task for one in arrivals] == list(range(TASKS))
    assert all(len(one.scores) == one.task for one in arrivals)
    for update, moved in zip(updates, distances, strict=True):
        count = len(moved)
        expected = [number >= count - update.blocks for number in range(count)]
        assert [norm > 0 for norm in moved] == (expected[::-1] if update.leading else expected)
        if isinstance(update.constraint, Within):
            assert math.hypot(*moved) <= update.constraint.radius * (1 + 1e-5)
    assert all(torch.isfinite(value).all() for value in state(model).values())


@pytest.mark.parametrize("rule", RULES)
def test_every_strategy_trains_a_perceptron(rule):
    check("mlp", RULES[rule])


@pytest.mark.parametrize(("name", "free_from"), YOKED)
def test_every_yoked_control_trains_a_perceptron(name, free_from):
    check("mlp", lambda movable: follow(name, "mlp", free_from))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["resnet", "vit"])
@pytest.mark.parametrize("rule", RULES)
def test_every_strategy_trains_a_resnet_and_a_vit(kind, rule):
    check(kind, RULES[rule])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["resnet", "vit"])
@pytest.mark.parametrize(("name", "free_from"), YOKED)
def test_every_yoked_control_trains_a_resnet_and_a_vit(kind, name, free_from):
    check(kind, lambda movable: follow(name, kind, free_from))


def one_task(update, optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.1), **loop):
    """Train an MLP on a task within `update`; return the model, its movable, and its state before."""
    torch.manual_seed(1)
    model, movable = build("mlp")
    before = state(model)
    with movable.only(update, steps=4):
        fit(model, images(1), optimizer(model), **loop)
    return model, movable, before


OPTIMIZERS = {
    "sgd fused": lambda model: torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True),
    "adamw": lambda model: torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1),
    "adamw fused": lambda model: torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1, fused=True),
    "adamw, a tensor as rate": lambda model: torch.optim.AdamW(model.parameters(), lr=torch.tensor(0.1)),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_smaller_rate_is_a_smaller_rate_and_the_optimizer_has_its_own_again(optimizer):
    made = []

    def make(model):
        made.append(OPTIMIZERS[optimizer](model))
        return made[-1]

    model, *_ = one_task(Update(3, rate_factor=0.25), make)
    assert float(made[0].param_groups[0]["lr"]) == pytest.approx(0.1)

    def quarter(model):
        plain = OPTIMIZERS[optimizer](model)
        plain.param_groups[0]["lr"] = plain.param_groups[0]["lr"] * 0.25
        return plain

    expected, *_ = one_task(3, quarter)
    for name, value in state(model).items():
        assert torch.equal(value, state(expected)[name]), name
    assert not _global_optimizer_pre_hooks
    assert not _global_optimizer_post_hooks


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_mask_and_a_radius_hold_after_every_step_of_any_optimizer(optimizer):
    rule = mask_parameters(build("mlp")[1].sizes, 0.3, "random", 5)
    model, movable, before = one_task(rule.limit, OPTIMIZERS[optimizer])
    flat = torch.cat([(now - before[name]).reshape(-1) for name, now in model.body.named_parameters(prefix="body")])
    assert torch.equal(flat != 0, rule.limit.constraint.mask & (flat != 0))
    assert (flat != 0).sum() > 0.2 * len(flat)
    _, movable, _ = one_task(Update(3, constraint=Within(0.01)), OPTIMIZERS[optimizer])
    assert math.hypot(*movable.moved()) == pytest.approx(0.01, rel=1e-4)


def test_a_constraint_is_told_the_rate_of_the_step_and_of_the_blocks():
    told = []

    def constraint(parameters, start, rate):
        told.append(
            (rate, len(parameters), all(one.shape == begun.shape for one, begun in zip(parameters, start, strict=True)))
        )

    def groups(model):
        rest = [*model.body[1].parameters(), *model.body[0].parameters()]
        return torch.optim.SGD(
            [{"params": model.body[2].parameters(), "lr": 0.1}, {"params": rest}, {"params": model.head.parameters()}],
            lr=7.0,
        )

    one_task(Update(1, constraint=constraint, rate_factor=0.5), groups)
    assert told == [(0.05, 4, True)] * 4


def test_what_the_user_froze_in_a_block_that_moves_stays_to_the_bit_and_a_mask_still_fits():
    model, movable = build("mlp")
    model.body[2][0].bias.requires_grad_(False).data.fill_(-0.0)
    mask = mask_parameters(movable.sizes, 0.5, "random", 1).limit
    for update in (mask, Update(3, constraint=Within(1e-3))):
        with movable.only(update):
            fit(model, images(0), torch.optim.SGD(model.parameters(), lr=0.1))
        assert bool(model.body[2][0].bias.signbit().all())
    assert math.hypot(*movable.moved()) == pytest.approx(1e-3, rel=1e-4)


def test_steps_beyond_the_share_are_refused():
    with pytest.raises(RuntimeError, match="step 3 is past the 2 of 4 that the update allows"):
        one_task(Update(3, step_share=0.5))
    model, movable = build("mlp")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.param_groups[0]["lr"] = None
    with movable.only(Update(3, rate_factor=0.5)), pytest.raises(ValueError, match="no learning rate"):
        fit(model, images(0), optimizer)


def test_other_models_and_optimizers_inside_optimizers_are_left_alone():
    model, movable = build("mlp")
    other, _ = build("mlp")
    with movable.only(Update(3, rate_factor=0.5)):
        theirs = torch.optim.SGD(other.parameters(), lr=0.1)
        fit(other, images(0), theirs, epochs=1)
    assert theirs.param_groups[0]["lr"] == 0.1

    class Outer(torch.optim.Optimizer):
        def __init__(self, inner):
            super().__init__(inner.param_groups, {})
            self.inner, self.seen = inner, []

        def step(self):
            self.seen.append(self.param_groups[0]["lr"])
            self.inner.step()
            self.seen.append(self.inner.param_groups[0]["lr"])

    outer = Outer(torch.optim.SGD(model.parameters(), lr=0.1))
    outer.param_groups = outer.inner.param_groups
    with movable.only(Update(3, rate_factor=0.5)):
        loss_of(model)(next(iter(images(0)))).backward()
        outer.step()
    assert outer.seen == [0.05, 0.05]
    assert outer.param_groups[0]["lr"] == 0.1


def test_a_step_without_the_penalty_is_refused_and_none_adds_nothing():
    model, movable = build("mlp")
    assert movable.penalty(None) == 0
    update = Update(3, penalty=lambda batch: sum(one.square().sum() for one in model.head.parameters()) * batch)
    with pytest.raises(RuntimeError, match="the loss of each step"), movable.only(update):
        fit(model, images(0), torch.optim.SGD(model.parameters(), lr=0.1))
    before = model.head.weight.detach().clone()
    model.zero_grad()
    with movable.only(update):
        movable.penalty(0.5).backward()
        torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert not model.head.weight.any()
    assert before.any()


def penalised():
    """A model, and an update of all its blocks with a penalty on the head's weights."""
    model, movable = build("mlp")
    return model, movable, Update(3, rate_factor=0.5, penalty=lambda batch: model.head.weight.square().sum() * batch)


def test_two_optimizers_may_step_after_one_penalty_each_once():
    model, movable, update = penalised()
    body = torch.optim.SGD(model.body.parameters(), lr=0.1)
    head = torch.optim.SGD(model.head.parameters(), lr=0.1)
    with movable.only(update):
        for _ in range(2):
            loss = loss_of(model)(next(iter(images(0)))) + movable.penalty(1.0)
            loss.backward()
            body.step()
            head.step()
    with movable.only(update):
        movable.penalty(1.0).backward()
        head.step()
        with pytest.raises(RuntimeError, match="the loss of each step"):
            head.step()


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.LBFGS])
def test_a_closure_may_ask_for_the_penalty_within_the_step(kind):
    model, movable, update = penalised()
    optimizer = kind(model.parameters(), lr=0.1)

    def close(*, asks):
        def closure():
            optimizer.zero_grad()
            loss = loss_of(model)(next(iter(images(0)))) + (movable.penalty(1.0) if asks else 0)
            loss.backward()
            return loss

        return closure

    with movable.only(update):
        optimizer.step(close(asks=True))
        with pytest.raises(RuntimeError, match="the loss of each step"):
            optimizer.step(close(asks=False))
        assert [group["lr"] for group in optimizer.param_groups] == [0.1]


def test_baselines_begin_anew_with_a_first_task():
    def penalties(*, used):
        torch.manual_seed(1)
        model, movable = build("mlp")
        rules = (
            EWC(movable, outputs, 2.0, seed=3),
            ExperienceReplay(lambda b, _: loss_of(model)(b), 2, seed=0),
            LwF(model, outputs, 1.0),
        )
        if used:
            for rule in rules:
                rule.learned(0, model, list(images(2)))
        first = movable.arrival(0, loss_of(model), images(0))
        second = movable.arrival(1, loss_of(model), images(1), first)
        for rule in rules:
            rule.update(first)
            rule.learned(0, model, list(images(0)))
            rule.update(second)
        with torch.no_grad():
            movable.parameters()[0].add_(0.1)
        batch = next(iter(images(1)))
        return [rule.update(second).penalty(batch).item() for rule in rules]

    assert penalties(used=True) == penalties(used=False)


def test_a_teacher_of_the_run_before_teaches_nothing():
    model, movable = build("mlp")
    rule = LwF(model, outputs, 1.0)
    rule.learned(0, model, [])
    first = movable.arrival(0, loss_of(model), images(0))
    rule.update(first)
    with pytest.raises(RuntimeError, match="nothing of an earlier task is kept"):
        rule.update(movable.arrival(1, loss_of(model), images(1), first)).penalty(next(iter(images(1))))


def test_baselines_say_that_a_task_was_not_noted():
    model, movable = build("mlp")
    for rule in (
        EWC(movable, outputs, 1.0, seed=0),
        LwF(model, outputs, 1.0),
        ExperienceReplay(lambda b, _: loss_of(model)(b), 2, seed=0),
    ):
        with pytest.raises(RuntimeError, match=r"nothing of an earlier task is kept; call strategy\.learned"):
            rule.update(movable.arrival(1, loss_of(model), images(1))).penalty(next(iter(images(1))))


def test_the_penalties_of_the_learners_say_that_they_need_a_network():
    model, movable = build("mlp")
    for rule in (ElasticConsolidation(1.0, 0), Distillation(1.0), Rehearsal(1, 0)):
        movable.arrival(0, loss_of(model), images(0))
        update = rule.update(movable.arrival(1, loss_of(model), images(1)))
        with movable.only(update), pytest.raises(TypeError, match=r"cl_core\.torch\.baselines") as told:
            movable.penalty(next(iter(images(1))))
        assert "\n" not in str(told.value)


def test_the_fisher_information_by_hand_and_its_pull():
    model, movable = build("mlp")
    rule = EWC(movable, outputs, 2.0, seed=3, samples=10)
    loader = list(images(0))
    rule.learned(0, model, loader)
    x = torch.cat([batch[0] for batch in loader])[:10]
    model.eval()
    draws = generator(3, 0, Purpose.FISHER)
    levels = np.concatenate([draws.random(8), draws.random(2)])
    expected = [torch.zeros_like(one) for one in movable.parameters()]
    for image, level in zip(x, levels, strict=True):
        answer = model(image[None])
        label = int(level > torch.softmax(answer, 1)[0, 0].item())
        for total, part in zip(
            expected, torch.autograd.grad(-torch.log_softmax(answer, 1)[0, label], movable.parameters()), strict=True
        ):
            total += part**2 / 10
    for total, kept in zip(expected, rule._curvature, strict=True):
        torch.testing.assert_close(total, kept, rtol=1e-4, atol=1e-8)
    penalty = rule.update(movable.arrival(1, loss_of(model), loader)).penalty
    assert penalty(None) == 0
    with torch.no_grad():
        for one in movable.parameters():
            one += 0.1
    assert penalty(None).item() == pytest.approx(0.01 * sum(float(total.sum()) for total in expected), rel=1e-3)


def test_two_quadratics_are_one():
    draws = torch.Generator().manual_seed(0)
    first, second, a, b, *points = (torch.rand(5, generator=draws, dtype=torch.float64) for _ in range(6))
    curvature, centre = [first.clone()], [a.clone()]
    add_quadratic(curvature, centre, [second], [b])
    gaps = [
        float(
            sum_quadratic([x], curvature, centre) - sum_quadratic([x], [first], [a]) - sum_quadratic([x], [second], [b])
        )
        for x in points
    ]
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-12)


def drift(rule):
    """How far the blocks moved with the second task, an old task's answers, and their loss."""
    torch.manual_seed(1)
    model, movable = build("mlp")
    x, y = next(iter(images(0)))
    kept = []

    def record(arrival, update, moved):
        model.eval()
        with torch.no_grad():
            kept.append((math.hypot(*moved), model(x)))

    learn(model, movable, rule(movable), [images(0), images(2)], record)
    (_, before), (moved, after) = kept
    return moved, float((after - before).norm()), float(cross_entropy(after, y))


def test_baselines_hold_what_they_are_to_hold():
    free = drift(RULES["initialized"])
    assert drift(lambda m: EWC(m, outputs, 300.0, seed=0))[0] < 0.95 * free[0]
    assert drift(lambda m: LwF(m.model, outputs, 5.0))[1] < 0.9 * free[1]
    assert drift(lambda m: ExperienceReplay(lambda b, t: loss_of(m.model)(b), 2, seed=0))[2] < free[2]
    for off in (lambda m: EWC(m, outputs, 0.0, seed=0), lambda m: LwF(m.model, outputs, 0.0)):
        assert drift(off) == free


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: EWC(m, outputs, -1.0, seed=0), "strength = -1.0 does not fit"),
        (lambda m: LwF(m.model, outputs, math.nan), "strength = nan does not fit"),
        (lambda m: LwF(m.model, outputs, 1.0, temperature=0), "temperature = 0 does not fit"),
        (lambda m: ExperienceReplay(None, 0, seed=0), "batches_per_task = 0 does not fit"),
        (lambda m: EWC(m, outputs, 1.0, seed=0).learned(0, m.model, []), "task 0 has no batch"),
        (lambda m: EWC(m, lambda *_: torch.ones(3), 1.0, seed=0).learned(0, m.model, [1]), r"shape \(3,\) do not fit"),
    ],
)
def test_baselines_say_what_does_not_fit(make, message):
    with pytest.raises(ValueError, match=message):
        make(build("mlp")[1])
