"""Training a network on one task while only some of its blocks may move.

Images stay in memory, normalised; a minibatch is a selection of rows. Blocks before the first that moves are never
differentiated, and without augmentation their features are computed once a task. The optimizer starts anew with
each task, and every strategy makes the same number of steps on the same minibatches. What is held is held by the
functions that :class:`cl_core.torch.movable.Movable` holds any model by.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.sgd import sgd

from cl_core.draws import Purpose, generator
from cl_core.learners.evaluation import BATCH, count_correct, features_of, fits_memory
from cl_core.learners.networks import Network, block_parameters, list_blocks, require_network
from cl_core.learners.recipe import Recipe
from cl_core.learners.tensors import TaskData, choose_arithmetic, draw_from, require_labels, select_rows
from cl_core.strategies import Update
from cl_core.torch.holding import distance, go_part_of_the_way, group_blocks, hold, length, list_constrained

if TYPE_CHECKING:
    from cl_core.learners.own_means import Loss, OptimizerMaker

Progress = Callable[[int, int], None]
"""Is told, after each step, how many steps are done and how many there are in all."""

Settle = Callable[[int, Network, dict[str, Tensor]], None]
"""Is given the task, the network as it was trained, and the state of its blocks before that, as their state_dict has it."""


@dataclass(frozen=True)
class TaskReport:
    """What training on one task did.

    `loss` is the mean training loss over the last pass, an update's penalty included; `train_correct` of `train_size` training images are classified
    correctly at the end, in eval mode. Per shared block: `update_norms` is ‖θ_t − θ_{t−1}‖ and `relative_norms` that
    over ‖θ_{t−1}‖. `moved_share` is the share of shared parameters that could move.
    """

    magnitude: int
    steps: int
    loss: float
    train_correct: int
    train_size: int
    update_norms: tuple[float, ...]
    relative_norms: tuple[float, ...]
    moved_share: float

    @property
    def train_accuracy(self) -> float:
        """Share of training images classified correctly, 0 to 1."""
        return self.train_correct / self.train_size


def train_task(
    network: Network,
    data: TaskData,
    task: int,
    update: Update | int,
    recipe: Recipe,
    seed: int,
    progress: Progress | None = None,
    *,
    settle: Settle | None = None,
    loss: "Loss | None" = None,
    optimizer: "OptimizerMaker | None" = None,
    augment: Callable[[Tensor], Tensor] | None = None,
    order: Purpose = Purpose.BATCH_ORDER,
) -> TaskReport:
    """Train `task`, counted from 0, as a strategy's `update` allows; a number is that many trailing blocks.

    A block that may not move is frozen whole, parameters and, unless the recipe has them move, running statistics. At 0 only the head moves; heads of
    other tasks never do. Minibatches come from `seed` and `task` alone; what does not fill one at the end of a pass is
    left out of that pass. With a `fraction` below 1 what moved goes that part of its way, and the task's head is fitted
    anew. `settle` may then change the shared blocks in any way, and the task's head is fitted anew.
    `loss(outputs, labels)` is a mean, by default the cross-entropy. `optimizer(parameters)` makes your own, at whose rates
    the recipe's schedule and the update's factor work. `augment` changes each minibatch's images. `seed` and `task`
    decide what they, and dropout, draw from torch; `order` names the draw of the minibatches. For a loader or targets that are no labels: :mod:`cl_core.torch`.
    Norms and the number of correct answers are those at the very end. Raises ValueError for a magnitude that does
    not fit, FloatingPointError if the loss is not finite after a pass.
    """
    require_network(network)
    require_labels(data, recipe.precision, loss)
    update = update if isinstance(update, Update) else Update(update)
    constraint, penalty = update.constraint, update.penalty
    moving = trained = moving_blocks(len(network.blocks), update.blocks, leading=update.leading)
    passing = recipe.frozen_statistics == "moving"
    entry = 0 if passing else moving.start if moving else len(network.blocks)
    blocks = list_blocks(network)
    before = [[parameter.detach().clone() for parameter in block.own] for block in blocks]
    start = [value for block in moving for value in before[block]]
    if update.fraction < 1 or settle is not None:
        from cl_core.learners.part_way import list_moving_state, refit_head
    all_before = {name: tensor.clone() for name, tensor in network.blocks.state_dict().items()} if settle else {}
    if penalty is not None:
        from cl_core.learners.penalties import Minibatch
    if recipe.augmentation != "none":
        from cl_core.learners.augmentation import flip_and_crop
    state = [] if update.fraction == 1 else list_moving_state(network, moving)
    old_state = [tensor.detach().clone() for tensor in state]
    head = network.head(task)
    mean = loss or functional.cross_entropy
    with draw_from(seed, task, data.y_train.device), only_training(network, moving, [head], passing=passing):
        constrained = list_constrained([blocks[block] for block in moving])
        changes = generator(seed, task, Purpose.AUGMENTATION) if recipe.augmentation != "none" else None
        inputs, entry = _inputs(network, data.x_train, 0 if changes or augment else entry, recipe.precision)

        def select(chosen: Tensor) -> Tensor:
            images = select_rows(inputs, chosen) if augment is None else augment(select_rows(inputs, chosen))
            return images if changes is None else flip_and_crop(images, changes)

        def loss_on(chosen: Tensor) -> Tensor:
            with choose_arithmetic(recipe.precision, inputs.device):
                features = network.features(select(chosen), entry)
                value = mean(network.logits(features, task), data.y_train[chosen])
                return value if penalty is None else value + penalty(Minibatch(network, task, data, chosen, features))

        shared = [parameter for parameter in constrained if parameter.requires_grad]
        own = [parameter for parameter in head.parameters() if parameter.requires_grad]
        own_step = None
        if optimizer is not None or recipe.optimizer == "adamw":
            from cl_core.learners.own_means import make_adamw, make_step

            optimizer = optimizer or make_adamw(recipe)
            own_step = make_step(optimizer([*shared, *own]), recipe.learning_rate)
        replayed = None
        if loss is None and penalty is None and inputs.is_cuda:
            from cl_core.learners.replay import replay_gradient

            replayed = replay_gradient(network, select, data.y_train, task, recipe.precision, entry)
        steps, final_loss = descend(
            replayed or loss_on,
            shared,
            own,
            # Not checked: a factor may lead below the least learning rate that can be set.
            recipe.model_copy(update={"learning_rate": recipe.learning_rate * update.rate_factor}),
            size=len(data.y_train),
            draws=generator(seed, task, order),
            device=data.y_train.device,
            after_step=(lambda rate: constraint(constrained, start, rate)) if constraint else None,
            progress=progress,
            share=update.step_share,
            step=own_step,
        )
    if update.fraction < 1:
        go_part_of_the_way(state, old_state, update.fraction)
    if settle is not None:
        with torch.no_grad():
            settle(task, network, all_before)
        moving, inputs, entry = range(len(network.blocks)), data.x_train, 0
    if (update.fraction < 1 or settle is not None) and len(network.heads) > 1:
        refit_head(network, data, task, recipe, loss)
    mark_moved(network, range(len(blocks)) if passing else moving, task)
    norms = [distance(block.own, old) for block, old in zip(blocks, before, strict=True)]
    sizes = block_parameters(network)
    movable = getattr(constraint, "movable", sum(sizes[block] for block in trained))
    return TaskReport(
        magnitude=update.blocks,
        steps=steps,
        loss=final_loss,
        train_correct=_correct(network, inputs, entry, data.y_train, task),
        train_size=len(data.y_train),
        update_norms=tuple(norms),
        relative_norms=tuple(norm / length(old) for norm, old in zip(norms, before, strict=True)),
        moved_share=movable / sum(sizes),
    )


def moving_blocks(blocks: int, magnitude: int, *, leading: bool = False) -> range:
    """Return the numbers of the blocks that may move: the last `magnitude` of `blocks` (`leading`: the first)."""
    if not 0 <= magnitude <= blocks:
        raise ValueError(f"magnitude {magnitude} does not fit {blocks} blocks; give 0 to {blocks}")
    return range(magnitude) if leading else range(blocks - magnitude, blocks)


@contextmanager
def only_training(
    network: Network, moving: range, heads: Iterable[nn.Module], *, passing: bool = False
) -> Iterator[None]:
    """Let gradients reach, and running statistics change in, the blocks `moving` and those `heads` alone.

    With `passing` the other blocks' running statistics change too. Afterwards the network is in eval mode, and each parameter takes gradients as it did before.
    """
    chosen = [*(network.blocks[block] for block in moving), *heads]
    blocks = [[part] for part in network.blocks if not any(part is one for one in chosen)]
    others = [[part] for part in network.heads if not any(part is one for one in chosen)]
    network.eval()
    try:
        with hold(group_blocks([*([] if passing else blocks), *others])), hold(group_blocks(blocks), modes=not passing):
            for module in (*chosen, *(part for parts in blocks for part in parts if passing)):
                module.train()
            yield
    finally:
        network.eval().zero_grad(set_to_none=True)


def descend(
    loss_on: Callable[[Tensor], Tensor],
    shared: Sequence[Tensor],
    heads: Sequence[Tensor],
    recipe: Recipe,
    *,
    size: int,
    draws: np.random.Generator,
    device: torch.device,
    after_step: Callable[[float], None] | None = None,
    progress: Progress | None = None,
    share: float = 1.0,
    step: Callable[[float], float] | None = None,
) -> tuple[int, float]:
    """Minimise `loss_on(positions)` over `shared` and `heads`, in minibatches of positions below `size`.

    Returns the number of steps and the mean loss over the last pass. `after_step` is told the step length. `share`
    (above 0 to 1) is the share of the recipe's steps that are made, one at least; the last pass then ends early.
    `step` makes a step at the recipe's rate in place of SGD, and returns its own.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share = {share!r} of the steps does not fit; allowed: above 0 to 1")
    in_pass = max(1, size // recipe.batch)
    total = max(1, round(share * recipe.epochs * in_pass))
    moving = [*shared, *heads]
    momenta: list[Tensor | None] = [None] * len(moving)
    done, mean = 0, math.nan
    while done < total:
        steps = min(in_pass, total - done)
        order = torch.from_numpy(draws.permutation(size)).to(device)
        losses = torch.zeros((), dtype=torch.float64, device=device)
        for chosen in torch.split(order, recipe.batch)[:steps]:
            rate = _rate(recipe, done, total)
            for parameter in moving:
                parameter.grad = None
            loss = loss_on(chosen)
            if loss.requires_grad:  # one that is replayed comes with its gradient
                loss.backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                if step is None:
                    _step(moving, momenta, rate, recipe)
                else:
                    rate = step(rate)
                if after_step is not None:
                    after_step(rate)
            losses += loss.detach()
            done += 1
            if progress is not None:
                progress(done, total)
        mean = losses.item() / steps
        if not math.isfinite(mean):
            raise FloatingPointError(
                f"the training loss is {mean} after {done} of {total} steps, at a learning rate of {recipe.learning_rate:g}"
            )
    return done, mean


def mark_moved(network: Network, moving: range, task: int) -> None:
    """Tell torch, whose fused step does not, that these blocks and this head changed, and note the first block."""
    for module in (network.head(task), *(network.blocks[block] for block in moving)):
        for tensor in (*module.parameters(), *module.buffers()):
            torch.autograd.graph.increment_version(tensor)
    network.first_moved = moving.start if moving else len(network.blocks)


def _inputs(network: Network, x: Tensor, entry: int, precision: str) -> tuple[Tensor, int]:
    """Return what goes into block `entry`, computed once, or the images and 0 where that would not fit into memory."""
    if entry == 0 or not fits_memory(network, x, entry):
        return x, 0
    with choose_arithmetic(precision, x.device):
        return features_of(network, x, entry), entry


def _correct(network: Network, inputs: Tensor, entry: int, y: Tensor, task: int) -> int:
    kind, correct = next(network.parameters()).dtype, 0
    with torch.no_grad():
        for piece, labels in zip(torch.split(inputs, BATCH), torch.split(y, BATCH), strict=True):
            images = piece.to(kind) if piece.is_floating_point() else piece
            correct += count_correct(network.logits(network.features(images, entry), task), labels)
    return correct


def _step(moving: list[Tensor], momenta: "list[Tensor | None]", rate: float, recipe: Recipe) -> None:
    """Make one step of SGD in place: torch's own arithmetic, without the class, which would load its compiler first."""
    sgd(
        moving,
        # A minibatch of many tasks may miss a head, which then has no gradient.
        [torch.zeros_like(one) if one.grad is None else one.grad for one in moving],
        momenta,
        fused=True,
        weight_decay=recipe.weight_decay,
        momentum=recipe.momentum,
        lr=rate,
        dampening=0.0,
        nesterov=False,
        maximize=False,
    )


def _rate(recipe: Recipe, done: int, total: int) -> float:
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if recipe.schedule == "step":
        return recipe.learning_rate * (0.1 if 3 * done >= 2 * total else 1.0)
    return 0.5 * recipe.learning_rate * (1 + math.cos(math.pi * done / total))
