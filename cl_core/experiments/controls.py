"""The yoked controls: schedules made from a finished two-level run of the same experiment and seed.

They separate *reading the gradients* from *moving that much*: a control moves as much as two-level did, without looking.
The first task trains everything and the second moves what two-level moved there; the rest is rearranged.
"""

from collections.abc import Sequence

import numpy as np

from cl_core.strategies import trailing_sizes

FREE_FROM = 2
"""The first task, counted from 0, whose magnitude a control chooses: two-level's own choice begins there."""

_PURPOSE = (2**32 - 1, 1)


def random(magnitudes: Sequence[int], seed: int) -> tuple[int, ...]:
    """Return two-level's `magnitudes` with those from the third task on in a random order fixed by `seed`.

    The multiset of magnitudes is the same.
    """
    draws = np.random.default_rng(np.random.SeedSequence([seed, *_PURPOSE]))
    order = draws.permutation(len(magnitudes) - FREE_FROM)
    free = magnitudes[FREE_FROM:]
    return (*magnitudes[:FREE_FROM], *(free[i] for i in order))


def inverted(magnitudes: Sequence[int], scores: Sequence[float | None]) -> tuple[int, ...]:
    """Return two-level's `magnitudes` from the third task on given out the other way round: the higher the score, the more.

    The multiset of magnitudes is the same. A missing score counts as the lowest, as the rule itself takes it.
    """
    free = [-np.inf if score is None else score for score in scores[FREE_FROM:]]
    by_score = np.argsort(np.array(free), kind="stable")
    given = np.empty(len(free), dtype=np.int64)
    given[by_score] = np.sort(np.array(magnitudes[FREE_FROM:], dtype=np.int64))
    return (*magnitudes[:FREE_FROM], *(int(magnitude) for magnitude in given))


def constant(magnitudes: Sequence[int], block_parameters: Sequence[int]) -> tuple[int, ...]:
    """Return one magnitude for every task from the third on: the one whose share of parameters is nearest the mean share.

    `block_parameters` holds the number of parameters of each shared block. A tie goes to the smaller magnitude.
    """
    free = magnitudes[FREE_FROM:]
    if not free:
        return tuple(magnitudes)
    mean = np.mean(trailing_sizes(free, block_parameters))
    sizes = np.array(trailing_sizes(range(len(block_parameters) + 1), block_parameters))
    nearest = int(np.argmin(np.abs(sizes - mean)))
    return (*magnitudes[:FREE_FROM], *(nearest for _ in free))


def degenerate(magnitudes: Sequence[int]) -> bool:
    """Whether two-level chose one magnitude throughout, so that its controls are itself and compare nothing."""
    return len(set(magnitudes[FREE_FROM:])) < 2
