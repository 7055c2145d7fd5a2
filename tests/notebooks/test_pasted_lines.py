"""The lines of "How much of the way" that a reader pastes: on a network that the package does not know, they are `averaged`."""

import math

import pytest
import torch
from cl_book.notebooks import notebook as notebooks
from torch import nn
from torch.nn.functional import cross_entropy

from cl_core.averaging import Averaged, fractions
from cl_core.draws import Purpose, generator
from cl_core.learners.arrival import arrive
from cl_core.learners.evaluation import logits
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task
from cl_core.strategies import Arrival
from cl_core.torch import Movable

CHAPTER, TASKS, CLASSES, IMAGES, SEED = "16-how-much-of-the-way", 4, 3, 48, 7
RECIPE = Recipe(
    learning_rate=0.1, epochs=2, batch=16, gradient_samples=IMAGES, head_warmup_steps=50, precision="float64"
)


@pytest.fixture(scope="module")
def pasted(pytestconfig):
    """The two pieces of code as they stand on the page: the lines, and the head's fit."""
    chapter = notebooks.load(pytestconfig.rootpath / f"notebooks/{CHAPTER}.ipynb")
    text = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    lines, head = (piece.partition("\n```")[0] for piece in text.split("```python\n")[1:])
    return lines, head


class Foreign(nn.Module):
    """A body with batch normalisation, and one head for each task in a dictionary."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.body = nn.Sequential(
            nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()),
            nn.Sequential(nn.Conv2d(4, 6, 3, stride=2), nn.BatchNorm2d(6), nn.Tanh(), nn.Flatten()),
            nn.Sequential(nn.Linear(54, 8), nn.BatchNorm1d(8, momentum=0.3), nn.ReLU()),
        )
        self.heads = nn.ModuleDict({str(task): nn.Linear(8, CLASSES) for task in range(TASKS)})
        self.double()

    def forward(self, x, task):
        return self.heads[str(task)](self.body(x))


def draw_tasks():
    draws = torch.Generator().manual_seed(1)
    labels = torch.arange(IMAGES) % CLASSES
    for task in range(TASKS):
        means = torch.randn(CLASSES, 2, 8, 8, generator=draws, dtype=torch.float64)
        yield means[labels] + torch.randn(IMAGES, 2, 8, 8, generator=draws, dtype=torch.float64) + task, labels


def train(model, x, y, task):
    """An ordinary loop: momentum that begins at zero, a step length along half a cosine, minibatches in the seed's order."""
    parameters = [*model.body.parameters(), *model.heads[str(task)].parameters()]
    momenta = [torch.zeros_like(parameter) for parameter in parameters]
    order, done, steps = generator(SEED, task, Purpose.BATCH_ORDER), 0, RECIPE.epochs * (IMAGES // RECIPE.batch)
    model.train()
    for _ in range(RECIPE.epochs):
        for chosen in torch.from_numpy(order.permutation(IMAGES)).split(RECIPE.batch):
            gradients = torch.autograd.grad(cross_entropy(model(x[chosen], task), y[chosen]), parameters)
            rate = 0.5 * RECIPE.learning_rate * (1 + math.cos(math.pi * done / steps))
            with torch.no_grad():
                for parameter, momentum, gradient in zip(parameters, momenta, gradients, strict=True):
                    momentum.mul_(RECIPE.momentum).add_(gradient + RECIPE.weight_decay * parameter)
                    parameter.sub_(rate * momentum)
            done += 1
    model.eval()


def run_pasted(pasted):
    """Return the foreign model after all tasks, by the page's lines and an ordinary loop."""
    page = {}
    for piece in pasted:
        exec(piece, page)
    model, tasks = Foreign(), list(draw_tasks())

    def refit(task):
        x, y = tasks[task]
        model.eval()
        with torch.no_grad():
            features = model.body(x)
        page["fit_head"](model.heads[str(task)], features, y, RECIPE.head_warmup_steps)

    def learn(task):
        refit(task)  # the head is fitted first, as the protocol has it
        train(model, *tasks[task], task)

    page["learn_part_of_the_way"](model.body, range(TASKS), learn, refit)
    return model, page


def run_averaged():
    """Return the same model trained by the package under `averaged`."""
    model = Foreign()
    network = Network(list(model.body), list(model.heads.values()))
    strategy = Averaged(fractions("harmonic", TASKS))
    for task, (x, y) in enumerate(draw_tasks()):
        data = TaskData(x, y, x, y)
        arrival = arrive(network, data, task, RECIPE, SEED).arrival
        train_task(network, data, task, strategy.update(arrival), RECIPE, SEED)
        assert logits(network, x, task).isfinite().all()
    return model


def gap(model, other):
    """The largest difference of any number that two models hold."""
    states = zip(model.state_dict().items(), other.state_dict().values(), strict=True)
    return max(float((one - two).abs().max()) for (name, one), two in states if "num_batches" not in name)


@pytest.fixture(scope="module")
def averaged():
    return run_averaged()


def test_the_pasted_lines_are_ten_and_need_nothing_of_the_package(pasted):
    lines, head = pasted
    assert len(lines.splitlines()) == 10
    assert "cl_core" not in lines + head
    assert "import" not in lines, "the ten lines need no import at all"


def test_the_pasted_lines_reproduce_averaged_on_a_foreign_network(pasted, averaged):
    model, _ = run_pasted(pasted)
    assert gap(model, Foreign()) > 0.1, "nothing was learned"
    assert gap(model, averaged) < 1e-10


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (
            "in body.state_dict().items():\n            if",
            "in ((n, p.detach()) for n, p in body.named_parameters()):\n            if",
        ),
        (" / t)", " / 2)"),
        ("            refit_head(task)", "            pass"),
    ],
    ids=["running statistics forgotten", "half each time", "head not fitted anew"],
)
def test_the_comparison_sees_a_fault_in_the_lines(pasted, averaged, line, fault):
    lines, head = pasted
    assert lines.count(line) == 1
    model, _ = run_pasted((lines.replace(line, fault), head))
    assert gap(model, averaged) > 1e-4


def test_the_pasted_lines_do_what_movable_does_in_the_same_loop(pasted):
    model, page = run_pasted(pasted)
    other = Foreign()
    movable, strategy = Movable(other, ["body.0", "body.1", "body.2"]), Averaged(fractions("harmonic", TASKS))
    for task, (x, y) in enumerate(draw_tasks()):

        def refit(x=x, y=y, head=other.heads[str(task)]):
            other.eval()
            with torch.no_grad():
                features = other.body(x)
            page["fit_head"](head, features, y, RECIPE.head_warmup_steps)

        refit()
        with movable.only(strategy.update(Arrival(task, 3))):
            train(other, x, y, task)
        if task:
            refit()
    assert gap(model, other) < 1e-10
