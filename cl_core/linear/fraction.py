"""How much of the way: the fraction α of an update that is best for the mean loss, in closed form and by search.

An update that is made in part, w_t = w_{t−1} + αΔ, changes E‖w − c‖² by −2αr⟨w − c, w − w*_t⟩_S + α²(r‖w − w*_t‖²_S + V):
a parabola in α, whatever the trained set S, the samples off the interpolation peak, and the spread of the energy. With c
the mean of the tasks' truths, E‖w − c‖² is the mean loss less what no parameters can change.
Source: book, chapter "How much of the way" (eq-best-fraction, eq-gain).
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.exact import Moments, start_at, train
from cl_core.linear.problem import Floats, Mask, Problem, Trainable, masks, specify
from cl_core.linear.schedule import EXHAUSTIVE_LIMIT
from cl_core.linear.simulate import draw_batches, task_losses, update
from cl_core.linear.step import learned_share, variance

Rule = Callable[[Floats], Floats]
"""From the losses at arrival so far (draws, t) to the fractions of the newest task (draws,)."""

_SWEEPS = 500


class JointSchedule(NamedTuple):
    """Trained sizes m_1 … m_T, fractions α_1 … α_T, and the final mean loss G that they lead to."""

    sizes: tuple[int, ...]
    fractions: tuple[float, ...]
    generalization: float


class FractionRun(NamedTuple):
    """A rule's runs: losses (draws, T, T), fractions (draws, T), losses at arrival (draws, T), parameters in the end (draws, P)."""

    losses: Floats
    fractions: Floats
    arrival_losses: Floats
    parameters: Floats


def price(trained: ArrayLike, samples: ArrayLike, left_behind: ArrayLike) -> Floats:
    """Return V/r, the variance that an update pays for each unit of the gap that it learns; 0 where it moves nothing.

    `left_behind` is B ≥ 0, the squared gap outside the trained set plus the noise's variance. Infinite at the peak, unless B = 0.
    """
    share = learned_share(trained, samples)
    return np.asarray(variance(trained, samples, left_behind) / np.where(share > 0, share, 1.0))


def best_fraction(
    inner: ArrayLike,
    gap_trained: ArrayLike,
    gap_frozen: ArrayLike,
    *,
    trained: ArrayLike,
    samples: ArrayLike,
    noise: ArrayLike,
) -> Floats:
    """Return the α that is best for E‖w_t − c‖² after one update, any real number (eq-best-fraction); the arguments broadcast.

    inner = E⟨w − c, w − w*_t⟩ over the trained set S · gap_trained, gap_frozen = E‖w − w*_t‖² inside and outside of S ·
    trained m, samples n · noise σ, a standard deviation. 0 where the update moves nothing, and at the peak.
    """
    cost = price(trained, samples, np.asarray(gap_frozen, dtype=np.float64) + np.square(noise))
    below = np.asarray(gap_trained, dtype=np.float64) + cost
    moves = (learned_share(trained, samples) > 0) & (below > 0)
    return np.asarray(np.where(moves, np.asarray(inner, dtype=np.float64) / np.where(moves, below, 1.0), 0.0))


def gain(error: ArrayLike, distance: ArrayLike, cost: ArrayLike) -> Floats:
    """Return e/(e + D² + V/r), the best α where the new task's offset from c does not depend on w (eq-gain).

    error e = E‖w − c‖² and distance D² = E‖w*_t − c‖², both over the trained set · cost V/r, see :func:`price`.
    All ≥ 0; 0 where e is 0. It is a Kalman gain: after the update e is (1 − rα)e.
    """
    e = np.asarray(error, dtype=np.float64)
    below = e + np.asarray(distance, dtype=np.float64) + np.asarray(cost, dtype=np.float64)
    return np.asarray(np.where(e > 0, e / np.where(e > 0, below, 1.0), 0.0))


def gains(error: float, distance: float, *, share: float, cost: float, tasks: int) -> Floats:
    """Return the gains α_1 … α_T of tasks drawn around one centre, from the first error e on, e ← (1 − rα)e each time.

    distance D² and cost V/r ≥ 0 are the same at every task · share r in [0, 1]. Raises ValueError if tasks < 1.
    """
    if tasks < 1:
        raise ValueError(f"tasks = {tasks}; give 1 or more")
    course = np.empty(tasks)
    for task in range(tasks):
        course[task] = gain(error, distance, cost)
        error *= 1 - share * course[task]
    return course


def read_gains(arrival_losses: ArrayLike, *, parameters: int, samples: int, noise: float) -> Floats:
    """Return the gains (..., t) computed from the losses at arrival ‖y − Φw‖²/n (..., t), everything trained and σ known.

    A loss at arrival is e + D² + σ² in expectation. The first task goes the whole way; the first two losses split into
    e and D², taken as equal in both tasks (eq-split); from then on e follows its recursion. In [0, 1]; from the
    third task on the higher its loss at arrival, the lower its gain. Raises ValueError at the peak.
    """
    gaps = np.asarray(arrival_losses, dtype=np.float64) - noise**2
    share, v = float(learned_share(parameters, samples)), float(variance(parameters, samples, noise**2))
    if not np.isfinite(v):
        raise ValueError(f"P = {parameters} and n = {samples} lie at the peak; give |P − n| > 1")
    told = np.ones(gaps.shape)
    if gaps.shape[-1] < 2 or share == 0:
        return told
    first, second = gaps[..., 0], np.maximum(gaps[..., 1], 0.0)
    # e is at least what the whole first update leaves of D² and adds, and no more than the gap.
    error = second - (second - (1 - share) * first - v) / (2 * share)
    error = np.clip(error, np.minimum((share * second + v) / (1 + share), second), second)
    for task in range(1, gaps.shape[-1]):
        told[..., task] = np.minimum(gain(error, np.maximum(gaps[..., task] - error, 0.0), v / share), 1.0)
        error = error * (1 - share * told[..., task])
    return told


def best_fractions(
    targets: ArrayLike,
    samples: int | ArrayLike,
    trainable: Trainable | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    *,
    over: Literal["seen", "all"] = "seen",
) -> Floats:
    """Return (T,) fractions in [0, 1], each best for the mean loss right after its task, given those before.

    `over` names the tasks of that mean: those seen so far, or all T. The last is best for G, given the others; the others
    look no further than their own task (:func:`best_joint_schedule` does). Other arguments as
    :func:`cl_core.linear.expected_losses`. Raises ValueError on arguments that do not fit.
    """
    given = specify(targets, samples, trainable, noise, start)
    moments, fractions = start_at(given.start), np.zeros(given.tasks)
    for task in range(given.tasks):
        centre = given.targets[: task + 1 if over == "seen" else None].mean(axis=0)
        fractions[task] = _best_next(moments, given, task, centre)
        given = replace(given, fraction=fractions)
        moments = train(moments, given, task, given.trainable[task])
    return fractions


def best_joint_schedule(
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    sizes: Sequence[int],
    start: ArrayLike | None = None,
) -> JointSchedule:
    """Return sizes and fractions with the least expected G that the search finds; the first task moves everything, all the way.

    Every schedule of `sizes` (m trailing coordinates) at tasks 2 … T is tried; its fractions are tuned one at a time, each
    exactly, as G is a parabola in each, until none changes: no change of one fraction alone is better. Raises ValueError on
    arguments that do not fit, or past EXHAUSTIVE_LIMIT schedules.
    """
    given = specify(targets, samples, int(np.shape(targets)[-1]) if np.ndim(targets) == 2 else 0, noise, start)
    if len(sizes) ** (given.tasks - 1) > EXHAUSTIVE_LIMIT:
        raise ValueError(f"{len(sizes)} sizes at {given.tasks} tasks are too many schedules to tune; give fewer sizes")
    if len(sizes) == 0:
        raise ValueError("sizes is empty; give at least one number of trained coordinates")
    best: JointSchedule | None = None
    for tail in itertools.product(sorted(set(sizes)), repeat=given.tasks - 1):
        chosen = (given.parameters, *tail)
        fractions, value = _tune(replace(given, trainable=masks(chosen, given.tasks, given.parameters)))
        if best is None or value < best.generalization:
            best = JointSchedule(chosen, tuple(float(part) for part in fractions), value)
    assert best is not None
    return best


def run_fractions(
    rule: Rule,
    targets: ArrayLike,
    samples: int | ArrayLike,
    noise: float | ArrayLike,
    start: ArrayLike | None = None,
    *,
    draws: int,
    seed: int,
) -> FractionRun:
    """Run a rule that reads the losses at arrival on draws of the stream, everything trained, each update made in part.

    The draws are those of :func:`cl_core.linear.simulate.draw_losses` with the same seed. Raises ValueError on arguments
    that do not fit, and on fractions outside of [0, 1].
    """
    given = specify(targets, samples, int(np.shape(targets)[-1]) if np.ndim(targets) == 2 else 0, noise, start)
    runs = []
    for batch in draw_batches(given, draws=draws, seed=seed):
        count = len(batch[0].labels)
        parameters = np.broadcast_to(given.start, (count, given.parameters))
        losses = np.empty((count, given.tasks, given.tasks))
        fractions, arrivals = np.empty((count, given.tasks)), np.empty((count, given.tasks))
        for task, drawn in enumerate(batch):
            residual = (drawn.features @ parameters[:, :, None])[:, :, 0] - drawn.labels
            arrivals[:, task] = np.square(residual).sum(axis=1) / max(1, residual.shape[1])
            fractions[:, task] = rule(arrivals[:, : task + 1])
            if not ((fractions[:, task] >= 0) & (fractions[:, task] <= 1)).all():
                raise ValueError(f"the rule gives fractions outside of 0 to 1 at task {task}; clip them")
            parameters = update(parameters, drawn, given.trainable[task], fractions[:, task])
            losses[:, task] = task_losses(parameters, given.targets)
        runs.append((losses, fractions, arrivals, parameters))
    return FractionRun(*(np.concatenate(parts) for parts in zip(*runs, strict=True)))


def _best_next(moments: Moments, given: Problem, task: int, centre: Floats) -> float:
    mask: Mask = given.trainable[task]
    target = given.targets[task]
    if moments.unbounded.any():
        return 0.0
    gap = moments.gap(target)
    inner = moments.variance + (moments.mean - centre) * (moments.mean - target)
    told = best_fraction(
        inner[mask].sum(),
        gap[mask].sum(),
        gap[~mask].sum(),
        trained=int(mask.sum()),
        samples=given.samples[task],
        noise=given.noise[task],
    )
    return float(np.clip(told, 0.0, 1.0))


def _tune(given: Problem) -> tuple[Floats, float]:
    fractions = np.ones(given.tasks)
    fractions[1:] = 1 / np.arange(2, given.tasks + 1)
    value = _final(given, fractions)
    for _ in range(_SWEEPS):
        before = fractions.copy()
        for task in range(1, given.tasks):
            fractions, value = _tune_one(given, fractions, task, value)
        if np.abs(fractions - before).max() < 1e-12:
            break
    return fractions, value


def _tune_one(given: Problem, fractions: Floats, task: int, value: float) -> tuple[Floats, float]:
    """Set one fraction to the lowest point of the parabola through G at 0, ½ and 1, or to the better end."""

    def at(part: float) -> tuple[float, Floats]:
        changed = fractions.copy()
        changed[task] = part
        return _final(given, changed), changed

    none, half, whole = (at(part)[0] for part in (0.0, 0.5, 1.0))
    bend, slope = 2 * (none - 2 * half + whole), -3 * none + 4 * half - whole
    inside = [float(np.clip(-slope / (2 * bend), 0.0, 1.0))] if np.isfinite(bend) and bend > 0 else []
    least, changed = min((at(part) for part in (*inside, 0.0, 1.0)), key=lambda found: found[0])
    return (changed, least) if least < value else (fractions, value)


def _final(given: Problem, fractions: Floats) -> float:
    given = replace(given, fraction=fractions)
    moments = start_at(given.start)
    for task, mask in enumerate(given.trainable):
        moments = train(moments, given, task, mask)
    return float(moments.losses(given.targets).mean())
