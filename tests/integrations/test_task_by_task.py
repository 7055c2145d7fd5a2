"""Between the begin and the end of a task: what is counted, and what is given back."""

import pytest
import torch
from support.plain_loop import BLOCKS, Network
from torch.nn.functional import cross_entropy

from cl_core.integrations.task_by_task import TaskByTask
from cl_core.strategies import Adaptive, Frozen, Limited, Update, score


@pytest.fixture
def model():
    return Network()


def batches(task):
    draws = torch.Generator().manual_seed(task)
    return [(torch.randn(8, 64, generator=draws), torch.arange(8) % 2) for _ in range(2)]


def loss_of(model):
    return lambda batch: cross_entropy(model(batch[0]), batch[1])


def trainable(model):
    return [any(one.requires_grad for one in block.parameters()) for block in model.body]


def test_a_task_is_counted_at_its_end_and_only_once(model):
    course = TaskByTask(Frozen(1), BLOCKS)
    course.end_task()
    for task in range(2):
        course.begin_task(model, loss_of(model), batches(task))
        assert trainable(model) == [task == 0, task == 0, True]
        course.end_task()
        course.end_task()
    assert [update.blocks for update in course.updates] == [3, 1]
    assert course.moved == [(0.0, 0.0, 0.0)] * 2
    assert trainable(model) == [True] * 3


def test_a_task_that_broke_off_is_compared_with_the_last_that_ended(model):
    seen = []

    class Watch(Frozen):
        metric = "sign"

        def update(self, arrival):
            seen.append(arrival)
            return super().update(arrival)

    course = TaskByTask(Watch(1), BLOCKS)
    course.begin_task(model, loss_of(model), batches(0))
    course.end_task()
    course.begin_task(model, loss_of(model), batches(1))
    course.begin_task(model, loss_of(model), batches(2))
    course.end_task()
    course.begin_task(model, loss_of(model), batches(3))
    assert [arrival.task for arrival in seen] == [0, 1, 1, 2]
    first, broken, again, last = seen
    assert broken.previous_gradient is again.previous_gradient is first.gradient
    assert last.previous_gradient is again.gradient
    assert all(arrival.gradient[: 64 * 12].any() for arrival in seen)
    assert last.scores == (None, score("sign", again))
    course.let_go()
    assert len(course.updates) == 3
    assert len(course.moved) == 2


def test_an_answer_that_does_not_fit_holds_nothing(model):
    course = TaskByTask(Limited(Update(9)), BLOCKS)
    course.begin_task(model, loss_of(model), batches(0))
    course.end_task()
    with pytest.raises(ValueError, match="magnitude 9 exceeds the 3 blocks"):
        course.begin_task(model, loss_of(model), batches(1))
    course.strategy = Limited(Update(3, fraction=0.5))
    with pytest.raises(ValueError, match=r"^fraction = 0\.5 does not fit; nobody fits the head anew here, so give 1$"):
        course.begin_task(model, loss_of(model), batches(1))
    assert trainable(model) == [True] * 3
    course.end_task()
    assert len(course.moved) == 1


def test_a_slower_task_takes_shorter_steps(model):
    course, optimizer = (
        TaskByTask(Limited(Update(3, rate_factor=0.25)), BLOCKS),
        torch.optim.SGD(model.parameters(), 0.1),
    )
    for task in range(2):
        loss = loss_of(model)(batches(0)[0])
        optimizer.zero_grad()
        loss.backward()
        course.begin_task(model, loss_of(model), batches(task))
        expected = [0.1 * (0.25 if task else 1) * float(one.grad.norm()) for one in model.body[0][0].parameters()]
        before = [one.detach().clone() for one in model.body[0][0].parameters()]
        optimizer.step()
        went = [float((now - old).norm()) for now, old in zip(model.body[0][0].parameters(), before, strict=True)]
        assert went == pytest.approx(expected, rel=1e-4, abs=1e-6)
        course.end_task()
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert all(norm > 0 for norm in course.moved[1])


def test_the_arrival_leaves_the_random_stream_where_it_was(model):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)

    def draw_too(batch):
        torch.rand(1)
        return loss_of(model)(batch)

    TaskByTask(Adaptive(0.0, 1, 3), BLOCKS).begin_task(model, draw_too, batches(0))
    assert torch.equal(torch.rand(4), expected)
