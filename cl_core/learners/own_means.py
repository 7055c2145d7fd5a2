"""What a caller may bring to the training of a task: a head of any kind, a loss, an optimizer."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.optim import LBFGS, AdamW, Optimizer

from cl_core.learners.evaluation import features_of
from cl_core.learners.networks import Network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import choose_arithmetic

Loss = Callable[[Tensor, Tensor], Tensor]
"""The mean loss, a scalar, of outputs (n, classes) and labels (n,)."""

OptimizerMaker = Callable[[Sequence[Tensor]], Optimizer]
"""Makes an optimizer of the parameters that move, anew for each task."""


def make_step(optimizer: Optimizer, learning_rate: float) -> Callable[[float], float]:
    """Return what makes a step of `optimizer` at its own rates times rate / `learning_rate`, and returns the longest."""
    rates = [float(group["lr"]) for group in optimizer.param_groups]

    def step(rate: float) -> float:
        for group, own in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = own * rate / learning_rate
        optimizer.step()
        return max(rates) * rate / learning_rate

    return step


def make_adamw(recipe: Recipe) -> OptimizerMaker:
    """Return what makes the recipe's AdamW: its rate, its decay apart from the gradient, its momentum as the first beta."""
    return lambda parameters: AdamW(
        parameters,
        lr=recipe.learning_rate,
        betas=(recipe.momentum, 0.999),
        weight_decay=recipe.weight_decay,
        fused=True,
    )


def fit_any_head(network: Network, x: Tensor, y: Tensor, task: int, *, steps: int, precision: str, loss: Loss) -> None:
    """Fit the head of `task`, of whatever kind, to `y` on the features of images `x`: `steps` of L-BFGS.

    With a line search that keeps the strong Wolfe conditions, so that the loss falls and there is no rate to tune.
    """
    head = network.head(task)
    parameters = [parameter for parameter in head.parameters() if parameter.requires_grad]
    if not steps or not parameters:
        return
    with choose_arithmetic(precision, x.device):
        features = features_of(network, x).to(parameters[0].dtype)
    search = LBFGS(parameters, max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        value = loss(network.logits(features, task), y)
        for parameter, part in zip(parameters, torch.autograd.grad(value, parameters, allow_unused=True), strict=True):
            parameter.grad = part
        return value

    search.step(closure)  # type: ignore[no-untyped-call]
    for parameter in parameters:
        parameter.grad = None
