"""The controls of the rules that read the gradients: schedules that look at none.

The yoked ones are made from a finished run of the rule, of the same experiment and seed. They separate *reading the
gradients* from *moving that much*: a control moves as much as the rule did, without looking. What the rule moved before
its own choice began stays; the rest is rearranged. `clock` and `walk` follow no run: they take Algorithm 1's steps by the
task's number alone, or at random.
"""

from collections.abc import Sequence

import numpy as np

from cl_core.block_sizes import trailing_sizes
from cl_core.hybrid_rule import integrate

FREE_FROM = 2
"""The first task, counted from 0, whose magnitude a control of the two-level rule chooses: its own choice begins there."""

_PURPOSE = (2**32 - 1, 1)
_WALK = (2**32 - 1, 2)


def random(magnitudes: Sequence[int], seed: int, free_from: int = FREE_FROM) -> tuple[int, ...]:
    """Return the rule's `magnitudes` with those from task `free_from` on in a random order fixed by `seed`.

    The multiset of magnitudes is the same.
    """
    draws = np.random.default_rng(np.random.SeedSequence([seed, *_PURPOSE]))
    order = draws.permutation(len(magnitudes) - free_from)
    free = magnitudes[free_from:]
    return (*magnitudes[:free_from], *(free[i] for i in order))


def inverted(magnitudes: Sequence[int], scores: Sequence[float | None], free_from: int = FREE_FROM) -> tuple[int, ...]:
    """Return the rule's `magnitudes` from task `free_from` on given out the other way round: the higher the score, the more.

    The multiset of magnitudes is the same. A missing score counts as the lowest, as the rule itself takes it.
    """
    free = [-np.inf if score is None else score for score in scores[free_from:]]
    by_score = np.argsort(np.array(free), kind="stable")
    given = np.empty(len(free), dtype=np.int64)
    given[by_score] = np.sort(np.array(magnitudes[free_from:], dtype=np.int64))
    return (*magnitudes[:free_from], *(int(magnitude) for magnitude in given))


def constant(magnitudes: Sequence[int], block_parameters: Sequence[int], free_from: int = FREE_FROM) -> tuple[int, ...]:
    """Return one magnitude for every task from `free_from` on: the one whose share of parameters is nearest the mean share.

    `block_parameters` holds the number of parameters of each shared block. A tie goes to the smaller magnitude.
    """
    free = magnitudes[free_from:]
    if not free:
        return tuple(magnitudes)
    mean = np.mean(trailing_sizes(free, block_parameters))
    sizes = np.array(trailing_sizes(range(len(block_parameters) + 1), block_parameters))
    nearest = int(np.argmin(np.abs(sizes - mean)))
    return (*magnitudes[:free_from], *(nearest for _ in free))


def degenerate(magnitudes: Sequence[int], free_from: int = FREE_FROM) -> bool:
    """Whether the rule chose one magnitude throughout, so that its controls are itself and compare nothing."""
    return len(set(magnitudes[free_from:])) < 2


def clock(tasks: int, blocks: int, *, step: int, modules: int, start: int) -> tuple[int, ...]:
    """Return what Algorithm 1 lets each of `tasks` tasks move of `blocks` where every task counts as related.

    The task's number alone decides: gradual freezing.
    """
    return _moved((1.0,) * (tasks - 1), blocks, step=step, modules=modules, start=start)


def walk(tasks: int, blocks: int, seed: int, *, step: int, modules: int, start: int) -> tuple[int, ...]:
    """Return what Algorithm 1 lets each of `tasks` tasks move of `blocks` where a fair coin, fixed by `seed`, decides."""
    coins = np.random.default_rng(np.random.SeedSequence([seed, *_WALK])).random(tasks - 1) < 0.5
    return _moved([1.0 if coin else -1.0 for coin in coins], blocks, step=step, modules=modules, start=start)


def _moved(scores: Sequence[float], blocks: int, *, step: int, modules: int, start: int) -> tuple[int, ...]:
    _, *held = integrate((None, *scores), 0.0, step, modules, start)
    return (blocks, *(blocks - h for h in held))
