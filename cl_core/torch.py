"""Any PyTorch model under a strategy: blocks by name, with your own loop, optimizer, loss and data loader.

Three lines a task, where ``arrival`` is None before the first::

    arrival = movable.arrival(task, lambda batch: cross_entropy(model(batch[0]), batch[1]), loader, arrival)
    with movable.only(strategy.update(arrival)):
        fit(model)
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from cl_core.strategies import Arrival, Update, find_score, score

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Block:
    """All modules and parameters under a block's names, and those parameters that no earlier block has: its `own`."""

    modules: list[nn.Module]
    parameters: list[nn.Parameter]
    own: list[nn.Parameter]

    def tensors(self) -> list[Tensor]:
        return [*self.parameters, *(buffer for module in self.modules for buffer in module.buffers(recurse=False))]


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
        self.blocks = tuple((block,) if isinstance(block, str) else tuple(block) for block in blocks)
        self._start: list[Tensor] | None = None
        self._inside = False
        _find_blocks(model, self.blocks)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of parameters of each block, tied weights counted once; those that you froze yourself count too."""
        return tuple(sum(one.numel() for one in block.own) for block in _find_blocks(self.model, self.blocks))

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

        `loss(batch)` is the mean loss of one of `batches`, a scalar; each batch counts the same. `previous` is the
        arrival of the task before; `metric`, one of :data:`cl_core.strategies.SCORES`, compares it with the one before
        that, for a strategy that looks at all scores. The model is in eval mode meanwhile; then each module gets its
        own mode back. The gradient (sum of `sizes`,) is float64, on the host, and zero where the loss does not use a parameter or you
        froze it. Raises ValueError where no batch leads to a gradient or `previous` has another size, RuntimeError
        inside :meth:`only`, FloatingPointError for a loss that is not finite.
        """
        if self._inside:
            raise RuntimeError("arrival() inside only() would miss what is held; call it before")
        find_score(metric)
        shared = [parameter for block in _find_blocks(self.model, self.blocks) for parameter in block.own]
        sums = [torch.zeros_like(one, dtype=torch.promote_types(one.dtype, torch.float32)) for one in shared]
        wanted = [(one, total) for one, total in zip(shared, sums, strict=True) if one.requires_grad]
        value, count, used = 0.0, 0, False
        with ExitStack() as undo:
            for module in self.model.modules():
                undo.callback(setattr, module, "training", module.training)
            self.model.eval()
            for batch in batches:
                mean = loss(batch)
                parts = torch.autograd.grad(mean, [one for one, _ in wanted], allow_unused=True) if wanted else ()
                for (_, total), part in zip(wanted, parts, strict=True):
                    total += 0 if part is None else part
                used = used or any(part is not None for part in parts)
                value, count = value + mean.item(), count + 1
        if not used:
            raise ValueError(f"the loss of task {task} uses no block in {count} batches; give one of this very model")
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss of task {task} is {value / count} at its arrival; it has no gradient")
        gradient = torch.cat([total.reshape(-1).cpu().double() for total in sums]).numpy() / count
        before = None if previous is None else previous.gradient
        if before is not None and before.shape != gradient.shape:
            raise ValueError(f"previous has {before.size} parameters, this {gradient.size}; keep to the same blocks")
        scores = () if previous is None else (*previous.scores, score(metric, previous) if previous.scores else None)
        return Arrival(task, len(self.blocks), gradient, before, value / count, scores)

    @contextmanager
    def only(self, update: Update | int) -> Iterator[None]:
        """Hold, within a ``with``, all blocks but those that `update` lets move; a number is that many trailing blocks.

        Held parameters and running statistics stay to the bit: no gradient reaches them, what is left of one is
        dropped, so that neither momentum nor weight decay goes on, and a held module goes into eval mode whenever it
        is called, whatever ``model.train()`` says. At the end they get their ``requires_grad`` and modes back.
        A copy of all blocks as they begin is kept for :meth:`moved` and :meth:`go`.
        For DistributedDataParallel give Movable the bare module, take an arrival on the same batches in each process,
        and wrap anew inside the context, since the wrapper asks only once what takes gradients.
        Raises ValueError for blocks that do not fit or an update that limits more, RuntimeError inside itself.
        """
        if self._inside:
            raise RuntimeError("only() is in force already; leave it before you enter it again")
        update = update if isinstance(update, Update) else Update(update)
        blocks, most = _find_blocks(self.model, self.blocks), len(self.blocks)
        if not 0 <= update.blocks <= most:
            raise ValueError(f"magnitude {update.blocks} does not fit {most} blocks; give 0 to {most}")
        if update != Update(update.blocks, leading=update.leading):
            raise ValueError(f"only() holds blocks and does nothing else of {update}; give its blocks alone")
        held = blocks[update.blocks :] if update.leading else blocks[: most - update.blocks]
        self._current, self._held = blocks, {id(tensor) for block in held for tensor in block.tensors()}
        self._start = [tensor.detach().clone() for block in blocks for tensor in block.tensors()]
        modules = _unique(module for block in held for module in block.modules)
        parameters = _unique(parameter for block in held for parameter in block.parameters)
        with ExitStack() as undo:
            undo.callback(setattr, self, "_inside", False)
            for module in modules:
                undo.callback(setattr, module, "training", module.training)
                undo.callback(module.register_forward_pre_hook(_stay_in_eval).remove)
                module.training = False
            for parameter in parameters:
                undo.callback(parameter.requires_grad_, parameter.requires_grad)
                parameter.requires_grad_(False).grad = None
            self._inside = True
            yield

    def moved(self) -> tuple[float, ...]:
        """Return ‖Δ‖ of each block since :meth:`only` was last entered, float64; RuntimeError before the first."""
        pairs = self._pairs()

        def norm(one: nn.Parameter) -> float:
            now, begun = pairs[id(one)]
            return float(torch.linalg.vector_norm(now.detach().cpu().double() - begun.cpu().double()))

        return tuple(math.hypot(*map(norm, block.own)) for block in self._current)

    def go(self, fraction: float) -> None:
        """Put what moved at start + `fraction` · (now − start), 0 to 1, with the start where :meth:`only` was entered.

        This holds for parameters and running statistics of the blocks that could move. Integer buffers and heads stay,
        so fit the head anew. Raises ValueError for another fraction, RuntimeError before the first :meth:`only`.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction = {fraction!r} does not fit; allowed: 0 to 1")
        with torch.no_grad():
            for tensor, begun in self._pairs().values():
                if tensor.is_floating_point() and id(tensor) not in self._held and fraction < 1:
                    tensor.copy_(torch.lerp(begun, tensor, fraction))

    def _pairs(self) -> dict[int, tuple[Tensor, Tensor]]:
        """Return each tensor of the blocks, with its value at the start, by its id."""
        if self._start is None:
            raise RuntimeError("nothing has moved yet; train inside only(...) first")
        tensors = [tensor for block in self._current for tensor in block.tensors()]
        return {id(one): (one, begun) for one, begun in zip(tensors, self._start, strict=True)}


def _find_blocks(model: nn.Module, blocks: Sequence[Sequence[str]]) -> list[_Block]:
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
    parts: list[_Block] = []
    earlier: set[int] = set()
    for names in blocks:
        inner = _unique(module for name in names if name in modules for module in modules[name].modules())
        alone = [parameters[name] for name in names if name in parameters]
        every = _unique([*(one for module in inner for one in module.parameters(recurse=False)), *alone])
        parts.append(_Block(inner, every, [parameter for parameter in every if id(parameter) not in earlier]))
        earlier.update(map(id, every))
        if not sum(parameter.numel() for parameter in parts[-1].own):
            raise ValueError(f"block {', '.join(names)!r} has no parameter that no earlier block has; leave it out")
    return parts


def _unique(items: Iterable[T]) -> list[T]:
    return list({id(item): item for item in items}.values())


def _stay_in_eval(module: nn.Module, _: Any) -> None:
    if module.training:
        module.eval()
