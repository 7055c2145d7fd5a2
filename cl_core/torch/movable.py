"""Any PyTorch model under a strategy: blocks by name, with your own loop, optimizer, loss and data loader.

Three lines a task, where ``arrival`` is None before the first::

    arrival = movable.arrival(task, lambda batch: cross_entropy(model(batch[0]), batch[1]), loader, arrival)
    with movable.only(strategy.update(arrival)):
        fit(model)

The networks of :mod:`cl_core.learners` are held, measured and moved by the same functions, those of
:mod:`cl_core.torch.holding`; only their optimizer, whose stored results must not change by a bit, is not torch's class.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn

from cl_core.strategies import Arrival, Update, find_score, score
from cl_core.torch import holding
from cl_core.torch.holding import Block
from cl_core.torch.step_hooks import limit_steps


class Movable:
    """A model of which some blocks may move while the others are held, whatever the training loop does.

    `blocks` lists the shared part in order: each the dotted name of a submodule or a parameter, or a list of names.
    All else is head and always moves. A tied weight counts once, for the first block that has it, and is held with
    any of its blocks; one that a block shares with a head belongs to the block. Raises ValueError for a name that the
    model does not have, names that overlap, and a block without parameters of its own.
    """

    def __init__(self, model: nn.Module, blocks: Sequence[str | Sequence[str]]) -> None:
        if isinstance(blocks, str) or not blocks:
            raise ValueError(f"blocks = {blocks!r} does not fit; give a list of one block or more")
        self.model = model
        self.blocks = tuple(map(_list_names, blocks))
        self._start: list[Tensor] | None = None
        self._inside: Update | None = None
        self._asked = False
        self._stepped: set[int] = set()
        _find_blocks(model, self.blocks)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of parameters of each block, tied weights counted once; those that you froze yourself count too."""
        return tuple(sum(one.numel() for one in block.own) for block in _find_blocks(self.model, self.blocks))

    def parameters(self) -> list[nn.Parameter]:
        """Return the parameters of all blocks, in order, tied weights once."""
        return [parameter for block in _find_blocks(self.model, self.blocks) for parameter in block.own]

    def arrival(
        self,
        task: int,
        loss: Callable[[Any], Tensor],
        batches: Iterable[Any],
        previous: Arrival | None = None,
        *,
        metric: str = "cosine",
    ) -> Arrival:
        """Return what a strategy may look at when `task`, counted from 0, arrives; nothing is changed.

        `loss(batch)` is the mean loss of one of `batches`, a scalar; each batch counts the same, and its size is what
        memory there has to be for. `previous` is the arrival of the task before; `metric`, the strategy's own, scores
        it (Algorithm 1 refuses scores of another), and the scores and losses of all tasks so far go along. The model is in eval mode meanwhile; then each module gets its
        own mode back. The gradient (sum of `sizes`,) is float64, on the host, and zero where the loss does not use a
        parameter or you froze it. A random head says little about the features: train it alone first, inside
        ``only(0)``. Raises ValueError where no batch leads to a gradient or `previous` does not fit, RuntimeError
        inside :meth:`only`, FloatingPointError for a loss that is not finite.
        """
        if self._inside is not None:
            raise RuntimeError("arrival() inside only() would miss what is held; call it before")
        find_score(metric)
        if previous is not None and previous.task != task - 1:
            raise ValueError(f"previous is the arrival of task {previous.task}, not of {task - 1}, the one before")
        if previous is not None and previous.metric not in ("", metric):
            raise ValueError(
                f"previous was scored by {previous.metric!r}, this would be by {metric!r}; keep to one metric"
            )
        with holding.evaluating(self.model):
            sums, value, count, used = holding.sum_gradients(map(loss, batches), self.parameters())
        if not used:
            raise ValueError(f"the loss of task {task} uses no block in {count} batches; give one of this very model")
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss of task {task} is {value / count} at its arrival; it has no gradient")
        gradient = holding.flatten(sums) / count
        if previous is None:
            return Arrival(task, len(self.blocks), gradient, None, value / count, metric=metric)
        before = previous.gradient
        if before is not None and before.shape != gradient.shape:
            raise ValueError(f"previous has {before.size} parameters, this {gradient.size}; keep to the same blocks")
        own = score(metric, previous)
        scores = (*previous.scores, None if math.isnan(own) else own)
        losses = (*previous.losses, previous.loss)
        return Arrival(task, len(self.blocks), gradient, before, value / count, scores, losses, metric)

    @contextmanager
    def only(self, update: Update | int, *, steps: int | None = None) -> Iterator[None]:
        """Let, within a ``with``, the model change as `update` allows; a number is that many trailing blocks.

        - Held parameters and running statistics stay to the bit: no gradient reaches them, what is left of one is
          dropped, so that neither momentum nor weight decay goes on, and a held module goes into eval mode whenever it
          is called, whatever ``model.train()`` says. At the end they get their ``requires_grad`` and modes back.
        - At each step of any ``torch.optim.Optimizer`` over the model, fused or not, also through a ``GradScaler``, the
          step length is multiplied by the update's `rate_factor`, and afterwards its `constraint` is called with the
          blocks' longest step length. Accumulated minibatches make one step.
        - A `penalty` has to be in your loss: ``loss + movable.penalty(batch)``.
        - With a `step_share` below 1 tell the number of `steps` that your loop makes in full, and make
          ``update.steps(steps)`` of them.
        - With a `fraction` below 1 the blocks go that part of their way at the end: fit the head anew, in ``only(0)``.

        A copy of the model that is made inside stays held: copy its ``state_dict``, or copy it afterwards.
        A copy of all blocks as they begin is kept for :meth:`moved` and :meth:`go`. For DistributedDataParallel give
        Movable the bare module, take an arrival on the same batches in each process, and wrap anew inside the context,
        since the wrapper asks only once what takes gradients; it brings the first process's running statistics to all. Sharded parameters, as FullyShardedDataParallel has
        them, do not fit. Raises ValueError for blocks that do not fit or steps that are not told, RuntimeError inside
        itself, for a step without the penalty or beyond the share, and where something held has moved all the same.
        """
        if self._inside is not None:
            raise RuntimeError("only() is in force already; leave it before you enter it again")
        update = update if isinstance(update, Update) else Update(update)
        blocks, most = _find_blocks(self.model, self.blocks), len(self.blocks)
        if not 0 <= update.blocks <= most:
            raise ValueError(f"magnitude {update.blocks} does not fit {most} blocks; give 0 to {most}")
        if update.step_share < 1 and steps is None:
            raise ValueError(f"step_share = {update.step_share} of how many steps? Tell only(…, steps=…) your loop's")
        border = update.blocks if update.leading else most - update.blocks
        moving, held = (blocks[:border], blocks[border:]) if update.leading else (blocks[border:], blocks[:border])
        self._current, self._held = blocks, {id(tensor) for block in held for tensor in block.tensors()}
        self._start = [tensor.detach().clone() for block in blocks for tensor in block.tensors()]
        with ExitStack() as undo:
            undo.callback(setattr, self, "_inside", None)
            undo.enter_context(holding.hold(held))
            undo.enter_context(limit_steps(self.model, moving, update, steps, self._check_penalty))
            self._inside, self._asked = update, False
            self._stepped.clear()
            yield
            self._check_held()
        if update.fraction < 1:
            self.go(update.fraction)

    def penalty(self, batch: Any) -> Tensor:
        """Return what the update of :meth:`only` adds to the loss of `batch`, a scalar; zero where it adds nothing.

        `batch` is handed on to the update's `penalty` as it is; see :mod:`cl_core.torch.baselines`.
        """
        if self._inside is None or self._inside.penalty is None:
            return torch.zeros((), device=next(self.model.parameters()).device)
        self._asked = True
        self._stepped.clear()
        added: Tensor = self._inside.penalty(batch)
        return added

    def moved(self) -> tuple[float, ...]:
        """Return ‖Δ‖ of each block since :meth:`only` was last entered, float64; RuntimeError before the first."""
        pairs = self._pairs()
        return tuple(holding.distance(block.own, [pairs[id(one)][1] for one in block.own]) for block in self._current)

    def go(self, fraction: float) -> None:
        """Put what moved at start + `fraction` · (now − start), 0 to 1, with the start where :meth:`only` was entered.

        This holds for parameters and running statistics of the blocks that could move. Integer buffers and heads stay,
        so fit the head anew. Raises ValueError for another fraction, RuntimeError before the first :meth:`only`.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction = {fraction!r} does not fit; allowed: 0 to 1")
        pairs = [pair for key, pair in self._pairs().items() if key not in self._held]
        if fraction < 1:
            holding.go_part_of_the_way([now for now, _ in pairs], [begun for _, begun in pairs], fraction)

    def _pairs(self) -> dict[int, tuple[Tensor, Tensor]]:
        """Return each tensor of the blocks, with its value at the start, by its id."""
        if self._start is None:
            raise RuntimeError("nothing has moved yet; train inside only(...) first")
        tensors = [tensor for block in self._current for tensor in block.tensors()]
        return {id(one): (one, begun) for one, begun in zip(tensors, self._start, strict=True)}

    def _check_penalty(self, optimizer: int) -> None:
        """Raise RuntimeError where an optimizer made a step whose loss had no penalty, though the update has one.

        Several optimizers may step after one loss, each once; one may ask for the penalty within its step, in a closure.
        """
        if self._inside is None or self._inside.penalty is None:
            return
        if not self._asked or optimizer in self._stepped:
            raise RuntimeError("the update has a penalty; add movable.penalty(batch) to the loss of each step")
        self._stepped.add(optimizer)

    def _check_held(self) -> None:
        """Raise RuntimeError where something held has moved: by a write past autograd, or in a function, not a module."""
        if torch.distributed.is_available() and torch.distributed.is_initialized() and torch.distributed.get_rank() > 0:
            # A distributed wrapper brings the first process's buffers to all others.
            return
        moved = {key for key, (now, begun) in self._pairs().items() if key in self._held and not _equal(now, begun)}
        tensors = [*self.model.named_parameters(), *self.model.named_buffers()]
        names = [name for name, tensor in tensors if id(tensor) in moved]
        if names:
            raise RuntimeError(f"{', '.join(names)} moved though held; something writes past autograd and module modes")


def _list_names(block: object) -> tuple[str, ...]:
    names = (block,) if isinstance(block, str) else tuple(block) if isinstance(block, Sequence) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"block {block!r} does not fit; give the dotted name of a submodule or parameter, or a list of names"
        )
    return names


def _equal(now: Tensor, begun: Tensor) -> bool:
    return torch.equal(now, begun) or bool(torch.all((now == begun) | (now.isnan() & begun.isnan())))


def _find_blocks(model: nn.Module, blocks: Sequence[Sequence[str]]) -> list[Block]:
    """Return the blocks as the model has them now: a layer may have been replaced."""
    modules = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    parameters = dict(model.named_parameters(remove_duplicate=False))
    chosen = [name for names in blocks for name in names]
    for place, name in enumerate(chosen):
        if name not in modules and name not in parameters:
            near = get_close_matches(name, [*modules, *parameters], n=1, cutoff=0) or ["nothing"]
            raise ValueError(f"the model has no submodule or parameter {name!r}; the nearest name is {near[0]!r}")
        for other in chosen[:place]:
            if f"{name}.".startswith(f"{other}.") or f"{other}.".startswith(f"{name}."):
                raise ValueError(f"{other!r} and {name!r} overlap; name each part of the model once")
    parts: dict[str, nn.Module | nn.Parameter] = {**parameters, **modules}
    found = holding.group_blocks([parts[name] for name in names] for names in blocks)
    for names, block in zip(blocks, found, strict=True):
        if not sum(parameter.numel() for parameter in block.own):
            raise ValueError(f"block {', '.join(names)!r} has no parameter that no earlier block has; leave it out")
    return found
