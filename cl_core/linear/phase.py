"""Two tasks, three answers: frozen training, initialized training and no update, side by side.

The second task arrives when the parameters err on the first by e; the tasks are δ apart. Everything is told by squared lengths,
for directions with ⟨δ_u, e_u⟩ = ⟨δ_q, e_q⟩ = 0, which is what directions do on average. Source: book, chapter "Small distances".
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.blocks import TwoBlocks
from cl_core.linear.laws import GAUSSIAN, Law
from cl_core.linear.problem import Floats, masks, specify
from cl_core.linear.simulate import draw_batches, task_losses, update
from cl_core.linear.step import learned_share, one_update, variance


class Measures(NamedTuple):
    """The three measures after the second task; arrays of one shape. As errors: lower is better."""

    forgetting: Floats
    """E[L_1(w_2) − L_1(w_1)]."""
    new_loss: Floats
    """E L_2(w_2)."""
    mean_loss: Floats
    """G = ½ E[L_1(w_2) + L_2(w_2)]."""


class Outcomes(NamedTuple):
    """What each answer leads to."""

    frozen: Measures
    initialized: Measures
    unchanged: Measures

    def gain(self) -> Measures:
        """Return initialized less frozen, measure by measure: positive where frozen training is the better."""
        return Measures(*(np.asarray(all_ - few) for few, all_ in zip(self.frozen, self.initialized, strict=True)))

    def idle_gain(self) -> Floats:
        """Return what no update gains in mean loss over the better of the two: positive where doing nothing is best."""
        return np.asarray(np.minimum(self.frozen.mean_loss, self.initialized.mean_loss) - self.unchanged.mean_loss)


class GainLines(NamedTuple):
    """Frozen's gain over initialized as straight lines in ‖δ‖²: one value at distance zero, three slopes (eq-three-lines)."""

    at_zero: Floats
    forgetting: Floats
    new_loss: Floats
    mean_loss: Floats


def compare(
    blocks: TwoBlocks,
    samples: int,
    *,
    distance: ArrayLike,
    placed: ArrayLike,
    error_shared: ArrayLike,
    error_specific: ArrayLike,
    noise: ArrayLike,
) -> Outcomes:
    """Return the expected measures of the three answers; the arguments broadcast.

    distance = ‖δ‖² · placed = φ, the part of it that lies in the q-block, 0 to 1 · error_shared = ‖e_u‖² ·
    error_specific = ‖e_q‖² · noise = σ, a standard deviation. Raises ValueError on a negative length or a φ outside [0, 1].
    """
    d, phi, e_u, e_q, sigma = _checked(distance, placed, error_shared, error_specific, noise)
    shared, own = (1 - phi) * d, phi * d
    few = one_update(
        blocks.specific,
        samples,
        drift=own,
        repairable=e_q,
        gap_trained=own + e_q,
        gap_frozen=shared + e_u,
        noise=sigma,
    )
    everything = one_update(
        blocks.parameters,
        samples,
        drift=d,
        repairable=e_u + e_q,
        gap_trained=d + e_u + e_q,
        gap_frozen=np.zeros_like(d),
        noise=sigma,
    )
    old = e_u + e_q
    return Outcomes(
        Measures(few.forgetting, few.new_loss, (old + few.forgetting + few.new_loss) / 2),
        Measures(everything.forgetting, everything.new_loss, (old + everything.forgetting + everything.new_loss) / 2),
        Measures(np.zeros_like(d), d + old, old + d / 2),
    )


def gain_lines(
    blocks: TwoBlocks,
    samples: int,
    *,
    placed: ArrayLike,
    error_shared: ArrayLike,
    error_specific: ArrayLike,
    noise: ArrayLike,
) -> GainLines:
    """Return frozen's gain over initialized as lines in the squared distance (eq-three-lines); arguments as :func:`compare`.

    Not finite where one of the two trains at the interpolation peak.
    """
    _, phi, e_u, e_q, sigma = _checked(0.0, placed, error_shared, error_specific, noise)
    r_few, r_all = learned_share(blocks.specific, samples), learned_share(blocks.parameters, samples)
    v_few, v_all = variance(blocks.specific, samples, 1.0), variance(blocks.parameters, samples, 1.0)
    at_zero = r_few * e_q - r_all * (e_u + e_q) - v_few * e_u + (v_all - v_few) * sigma**2
    noisy = (1 - phi) * v_few
    return GainLines(
        at_zero, np.asarray(r_all - phi * r_few - noisy), np.asarray(phi * r_few - r_all - noisy), np.asarray(-noisy)
    )


def old_error(blocks: TwoBlocks, learned: ArrayLike) -> tuple[Floats, Floats]:
    """Return (‖e_u‖², ‖e_q‖²): an old error of 1, spread evenly, of whose shared part the share `learned` (0 to 1) is gone.

    Raises ValueError on a share outside [0, 1].
    """
    gone = np.asarray(learned, dtype=np.float64)
    if not ((gone >= 0) & (gone <= 1)).all():
        raise ValueError(f"learned = {gone}; give shares from 0 (as badly as the rest) to 1 (exactly)")
    return (1 - gone) * blocks.shared / blocks.parameters, np.full_like(gone, blocks.specific / blocks.parameters)


def realise(
    blocks: TwoBlocks,
    *,
    distance: float,
    placed: float,
    error_shared: float,
    error_specific: float,
    seed: int,
) -> tuple[Floats, Floats]:
    """Return targets (2, P) and a start (P,) that have exactly these squared lengths, with δ ⊥ e in each block.

    With `samples=(0, n)` the first task moves nothing, so that a simulation starts at the second task's arrival. Raises
    ValueError if a block has fewer than 2 coordinates (nothing is orthogonal there).
    """
    if min(blocks.sizes) < 2:
        raise ValueError(f"blocks of sizes {blocks.sizes}; give 2 coordinates or more each, or nothing is orthogonal")
    d, phi, e_u, e_q, _ = _checked(distance, placed, error_shared, error_specific, 0.0)
    generator = np.random.default_rng(seed)
    step, error = [], []
    for size, far, wrong in zip(blocks.sizes, ((1 - phi) * d, phi * d), (e_u, e_q), strict=True):
        directions = np.linalg.qr(generator.standard_normal((size, 2)))[0]
        step.append(np.sqrt(far) * directions[:, 0])
        error.append(np.sqrt(wrong) * directions[:, 1])
    first = generator.standard_normal(blocks.parameters) / np.sqrt(blocks.parameters)
    return np.array([first, first + np.concatenate(step)]), first + np.concatenate(error)


def draw_outcomes(
    targets: Floats,
    start: Floats,
    blocks: TwoBlocks,
    samples: int,
    *,
    noise: float,
    draws: int,
    seed: int,
    law: Law = GAUSSIAN,
) -> Outcomes:
    """Return the measures (draws,) of every draw of the second task's samples, the same draw under each answer.

    targets (2, P) and start (P,) as from :func:`realise`; the losses are excess risks under `law`. Raises ValueError on
    arguments that do not fit.
    """
    sizes = (blocks.specific, blocks.parameters, 0)
    losses = draw_by_size(targets, start, samples, sizes, noise=noise, draws=draws, seed=seed, law=law)
    old = law.risk(start - targets[0])
    return Outcomes(
        *(
            Measures(after[:, 0] - old, after[:, 1], after.mean(axis=1))
            for after in (losses[:, answer] for answer in range(3))
        )
    )


def draw_by_size(
    targets: Floats,
    start: Floats,
    samples: int,
    sizes: Sequence[int],
    *,
    noise: float,
    draws: int,
    seed: int,
    law: Law = GAUSSIAN,
) -> Floats:
    """Return the losses on both tasks after the second, (draws, len(sizes), 2), for each number of trained trailing coordinates.

    All sizes see the same draws. Arguments as :func:`draw_outcomes`; raises ValueError on arguments that do not fit.
    """
    given = specify(targets, [0, samples], len(start), [0.0, noise], start)
    trained = masks(list(sizes), len(sizes), given.parameters)
    parts = []
    for _, drawn in draw_batches(given, draws=draws, seed=seed, law=law):
        before = np.broadcast_to(given.start, (drawn.labels.shape[0], given.parameters))
        after = [task_losses(update(before, drawn, mask), given.targets, law) for mask in trained]
        parts.append(np.stack(after, axis=1))
    return np.concatenate(parts)


def _checked(
    distance: ArrayLike, placed: ArrayLike, error_shared: ArrayLike, error_specific: ArrayLike, noise: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    given = {
        "distance": np.asarray(distance, dtype=np.float64),
        "placed": np.asarray(placed, dtype=np.float64),
        "error_shared": np.asarray(error_shared, dtype=np.float64),
        "error_specific": np.asarray(error_specific, dtype=np.float64),
        "noise": np.asarray(noise, dtype=np.float64),
    }
    for name, value in given.items():
        if not (value >= 0).all():
            raise ValueError(f"{name} has the entry {value.min()}; give 0 or more")
    if (given["placed"] > 1).any():
        raise ValueError(f"placed has the entry {given['placed'].max()}; it is a share, give 0 to 1")
    d, phi, e_u, e_q, sigma = np.broadcast_arrays(*given.values())
    return d, phi, e_u, e_q, sigma
