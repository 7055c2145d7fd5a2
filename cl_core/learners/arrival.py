"""What is done, and what can be known, when a task arrives: the same work under every strategy.

The network stands in eval mode throughout, so no block and no running statistic changes; only the new task's head is
fitted to the features as they are. The gradient of the new task's training loss is then compared with the one that
the task before had at its own arrival (paper, Algorithm 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.learners.evaluation import BATCH, features_of
from cl_core.learners.networks import Network, pool, require_network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData, choose_arithmetic, require_labels, select_rows
from cl_core.strategies import Arrival, Vector, score
from cl_core.torch.holding import flatten, sum_gradients

if TYPE_CHECKING:
    from cl_core.learners.own_means import Loss


@dataclass(frozen=True, eq=False)
class ArrivalReport:
    """What a strategy may look at, and how far it can be trusted.

    `score` compares the arriving task's gradient with the one before, NaN at the first task. `split_half` is the same
    comparison between the gradients of two halves of the task's own sample: what the metric would say of one task met
    twice. `score_halves` are the scores that either half alone would have given. `gradient` is flat, shared
    parameters only, (P,) float64: the next task's `previous_gradient`.
    """

    arrival: Arrival
    score: float
    split_half: float
    score_halves: tuple[float, float]
    gradient: Vector


def arrive(
    network: Network,
    data: TaskData,
    task: int,
    recipe: Recipe,
    seed: int,
    previous_gradient: Vector | None = None,
    scores: tuple[float | None, ...] = (),
    *,
    losses: tuple[float, ...] = (),
    loss: "Loss | None" = None,
    batch: int = BATCH,
) -> ArrivalReport:
    """Fit the head of `task`, counted from 0, alone for a moment, and take the gradient over all shared parameters.

    Both use one sample of the task's training images, drawn by `seed` and `task` alone; the gradient its first
    `score_images` where the recipe has them. The fitted head is kept: the task's training starts from it. `scores` and
    `losses` are those of the tasks before, handed on to the strategy.
    `loss(outputs, labels)` is a mean, by default the cross-entropy; `batch` images are in memory at once. Blocks are
    left bitwise as they were. With a head that all tasks share, fitting it moves the old tasks' outputs too. Raises
    ValueError for a task of fewer than two training images.
    """
    require_network(network)
    require_labels(data, recipe.precision, loss)
    x, y = draw_sample(data, task, recipe, seed)
    network.eval()
    if recipe.gradient_at == "warm":
        fit_head(network, x, y, task, steps=recipe.head_warmup_steps, precision=recipe.precision, loss=loss)
    images = count_scored(recipe)
    own, labels = x[:images], y[:images]
    middle = len(labels) // 2
    first, first_loss = take_gradient(network, own[:middle], labels[:middle], task, recipe, loss, batch)
    second, second_loss = take_gradient(network, own[middle:], labels[middle:], task, recipe, loss, batch)
    if recipe.gradient_at == "arrival":
        fit_head(network, x, y, task, steps=recipe.head_warmup_steps, precision=recipe.precision, loss=loss)
    share = middle / len(labels)
    arrival = Arrival(
        task=task,
        blocks=len(network.blocks),
        gradient=share * first + (1 - share) * second,
        previous_gradient=previous_gradient,
        loss=share * first_loss + (1 - share) * second_loss,
        scores=scores,
        losses=losses,
        metric=recipe.metric,
    )
    assert arrival.gradient is not None
    return ArrivalReport(
        arrival=arrival,
        score=score(recipe.metric, arrival),
        split_half=score(recipe.metric, replace(arrival, gradient=first, previous_gradient=second)),
        score_halves=(
            score(recipe.metric, replace(arrival, gradient=first)),
            score(recipe.metric, replace(arrival, gradient=second)),
        ),
        gradient=arrival.gradient,
    )


def fit_head(
    network: Network, x: Tensor, y: Tensor, task: int, *, steps: int, precision: str, loss: "Loss | None" = None
) -> None:
    """Fit the head of `task` to labels `y` on the features of images `x` as they are: `steps` of Nesterov's method.

    A head that is not plainly linear, or another `loss`, is fitted by :func:`cl_core.learners.own_means.fit_any_head`.
    The step length is 1/L, L an upper bound of the curvature of the mean cross-entropy (half the largest eigenvalue
    of the features' second moment), so it needs no tuning and cannot diverge. Raises FloatingPointError where the
    features are not finite, or too large to be squared, ValueError for labels that the head does not have.
    """
    head = network.head(task)
    if type(head) is not nn.Linear or loss is not None:
        from cl_core.learners.own_means import fit_any_head

        fit_any_head(network, x, y, task, steps=steps, precision=precision, loss=loss or functional.cross_entropy)
        return
    with torch.no_grad():
        with choose_arithmetic(precision, x.device):
            features = features_of(network, x)
        features = pool(features).to(head.weight.dtype)
        weights = head.weight
        if head.bias is not None:
            features = functional.pad(features, (0, 1), value=1.0)
            weights = torch.cat([head.weight, head.bias[:, None]], dim=1)
        moment = features.T @ features
        if not bool(torch.isfinite(moment).all()):
            raise FloatingPointError("the features of its images are not finite, or too large, at its arrival")
        if len(y) and int(y.max()) >= head.out_features:
            raise ValueError(f"label {int(y.max())} does not fit the {head.out_features} outputs of task {task}'s head")
        targets = functional.one_hot(y, head.out_features).to(features.dtype)
        smoothness = (0.5 * _largest_eigenvalue(moment) / len(y)).clamp_min(torch.finfo(moment.dtype).tiny)
        ahead = weights
        for step in range(steps):
            wrong = torch.softmax(features @ ahead.T, dim=1) - targets
            moved = ahead - (wrong.T @ features) / (len(y) * smoothness)
            ahead = moved + step / (step + 3) * (moved - weights)
            weights = moved
        head.weight.copy_(weights[:, : head.in_features])
        if head.bias is not None:
            head.bias.copy_(weights[:, -1])


def _largest_eigenvalue(moment: Tensor) -> Tensor:
    """Return the largest eigenvalue of a symmetric matrix, in its own precision."""
    try:
        values: Tensor = torch.linalg.eigvalsh(moment)
    except RuntimeError:
        # In float32, LAPACK gives up on some finite matrices, which it solves in float64.
        values = torch.linalg.eigvalsh(moment.double()).to(moment.dtype)
    return values[-1]


def draw_sample(data: TaskData, task: int, recipe: Recipe, seed: int) -> tuple[Tensor, Tensor]:
    """Return the training images and labels that `task` is looked at by; raises ValueError where there are fewer than two."""
    total = len(data.y_train)
    if total < 2:
        raise ValueError(f"task {task} has {total} training images; its gradient is halved, so give 2 or more")
    draws = generator(seed, task, Purpose.ARRIVAL_SAMPLE)
    chosen = torch.from_numpy(draws.permutation(total)[: recipe.gradient_samples]).to(data.y_train.device)
    return select_rows(data.x_train, chosen), data.y_train[chosen]


def count_scored(recipe: Recipe) -> int | None:
    """Return how many images of the sample the gradients are averaged over, None for all."""
    return max(2, recipe.score_images) if recipe.score_images else None


def take_gradient(
    network: Network, x: Tensor, y: Tensor, task: int, recipe: Recipe, loss: "Loss | None", batch: int
) -> tuple[Vector, float]:
    """Return the gradient of the mean loss, flat, float64, and that loss: over the blocks, or the task's head too."""
    parameters = list(network.blocks.parameters())
    if recipe.gradient_over == "whole":
        parameters += list(network.head(task).parameters())

    def losses() -> Iterator[Tensor]:
        for images, labels in zip(torch.split(x, batch), torch.split(y, batch), strict=True):
            with choose_arithmetic(recipe.precision, x.device):
                outputs = network(images, task)
                if loss is None:
                    value = functional.cross_entropy(outputs, labels, reduction="sum")
                else:
                    value = loss(outputs, labels) * len(labels)
            yield value

    sums, loss_sum, *_ = sum_gradients(losses(), parameters)
    return flatten(sums) / len(y), loss_sum / len(y)
