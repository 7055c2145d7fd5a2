"""The old task's loss around the weights it ended with: slope, curvature, and what they predict of an update.

ℓ(θ + Δ) − ℓ(θ) = ⟨∇ℓ, Δ⟩ + ½ ΔᵀHΔ + o(‖Δ‖²). In eval mode, running statistics held where they are, over chosen blocks.
½ΔᵀHΔ and ½λ_max‖Δ‖² are predictions of the increase near a minimum, with a range that has to be looked at; neither is
a bound that holds. Where a rectifier switches along Δ the loss has a kink, and both miss what it adds. λ_max is the
algebraically largest eigenvalue, so it may be below the largest in size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from cl_core.draws import Purpose, generator
from cl_core.learners.networks import Network

Loss = Callable[[Tensor], Tensor]
"""A loss as a function of a flat vector of parameters."""


@dataclass(frozen=True)
class Prediction:
    """What the loss did along an update Δ, and what was predicted.

    `increase` is ℓ(θ + Δ) − ℓ(θ), measured; `slope` is ⟨∇ℓ, Δ⟩; `quadratic` is ½ΔᵀHΔ; `largest` is ½λ_max‖Δ‖² with
    `eigenvalue` λ_max; `length` is ‖Δ‖.
    """

    increase: float
    slope: float
    quadratic: float
    largest: float
    eigenvalue: float
    length: float


def flatten_parameters(network: Network, blocks: Sequence[int]) -> Tensor:
    """Return the parameters of the given shared blocks as one vector (P,), a copy."""
    return torch.cat([p.detach().reshape(-1) for block in blocks for p in network.blocks[block].parameters()])


def make_loss_function(network: Network, x: Tensor, y: Tensor, task: int, blocks: Sequence[int]) -> Loss:
    """Return the mean loss of `task` on images `x`, labels `y`, as a function of the parameters of `blocks`.

    Everything else, running statistics too, is held as `network` has it now: later changes to it do not show.
    """
    chosen = {
        f"blocks.{block}.{name}": parameter
        for block in blocks
        for name, parameter in network.blocks[block].named_parameters()
    }
    sizes = [parameter.numel() for parameter in chosen.values()]
    shapes = [parameter.shape for parameter in chosen.values()]
    held = {
        name: tensor.detach().clone()
        for name, tensor in (*network.named_parameters(), *network.named_buffers())
        if name not in chosen
    }

    def loss(vector: Tensor) -> Tensor:
        parts = (part.view(shape) for part, shape in zip(torch.split(vector, sizes), shapes, strict=True))
        network.eval()
        outputs = functional_call(network, {**held, **dict(zip(chosen, parts, strict=True))}, (x, task))
        return functional.cross_entropy(outputs, y)

    return loss


def hessian_vector_product(loss: Loss, at: Tensor, vector: Tensor) -> Tensor:
    """Return H v, the Hessian of `loss` at `at` times `vector`, all (P,): the gradient of ⟨∇loss, vector⟩."""
    # Backward twice and not torch.func's forward over backward: as exact, faster here, and it loads no compiler.
    place = at.detach().requires_grad_()
    slope = _compute_slope(loss, place, create_graph=True)
    if not slope.requires_grad:  # a linear loss
        return torch.zeros_like(at)
    (product,) = torch.autograd.grad(slope @ vector, place)
    return product


def _compute_slope(loss: Loss, at: Tensor, *, create_graph: bool = False) -> Tensor:
    """Return ∇loss at `at`, which must require gradients."""
    return torch.autograd.grad(loss(at), at, create_graph=create_graph)[0]


def largest_eigenvalue(loss: Loss, at: Tensor, *, seed: int, steps: int = 60, tolerance: float = 1e-4) -> float:
    """Return the algebraically largest eigenvalue of the Hessian of `loss` at `at`, from below, by Lanczos.

    The start is drawn by `seed`; each new direction is orthogonalised against all before it, twice. Ends when an
    error bound of the eigenvalue falls below `tolerance` times its size, at the latest after `steps` products.
    """
    draws = generator(seed, 0, Purpose.LANCZOS).standard_normal(len(at))
    direction = torch.from_numpy(draws).to(at)
    direction = direction / torch.linalg.vector_norm(direction)
    basis: list[Tensor] = []
    diagonal: list[float] = []
    beside: list[float] = []
    value = 0.0
    for _ in range(min(steps, len(at))):
        basis.append(direction)
        product = hessian_vector_product(loss, at, direction)
        diagonal.append(float(product @ direction))
        directions = torch.stack(basis)
        for _ in range(2):
            product = product - directions.T @ (directions @ product)
        rest = float(torch.linalg.vector_norm(product))
        values, vectors = torch.linalg.eigh(_make_tridiagonal(diagonal, beside))
        value = float(values[-1])
        error = rest * abs(float(vectors[-1, -1]))
        if error <= tolerance * abs(value) or rest <= 1e-12 * max(1.0, abs(value)):
            break
        beside.append(rest)
        direction = product / rest
    return value


def predict(loss: Loss, before: Tensor, after: Tensor, *, seed: int, eigenvalue: float | None = None) -> Prediction:
    """Compare the measured change of `loss` from `before` to `after`, both (P,), with what its derivatives predict.

    `eigenvalue` is λ_max at `before` where it is already known; `seed` draws the start of its computation.
    """
    update = after - before
    top = largest_eigenvalue(loss, before, seed=seed) if eigenvalue is None else eigenvalue
    square = float(update @ update)
    with torch.no_grad():
        increase = float(loss(after) - loss(before))
    return Prediction(
        increase=increase,
        slope=float(_compute_slope(loss, before.detach().requires_grad_()) @ update),
        quadratic=0.5 * float(update @ hessian_vector_product(loss, before, update)),
        largest=0.5 * top * square,
        eigenvalue=top,
        length=square**0.5,
    )


def _make_tridiagonal(diagonal: Sequence[float], beside: Sequence[float]) -> Tensor:
    matrix = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
    if beside:
        off = torch.diag(torch.tensor(beside, dtype=torch.float64), 1)
        matrix = matrix + off + off.T
    return matrix
