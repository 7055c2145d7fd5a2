"""Every random draw of a learner, named by seed, task and purpose.

No draw depends on the strategy, nor on how many were made before it: the first task and every batch order come out
the same whatever may move. The numbers are part of what a seed means: never change or reuse one. Those of the
streams start at 101.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a draw is for."""

    BLOCKS = 201
    HEAD = 202
    ARRIVAL_SAMPLE = 203
    BATCH_ORDER = 204
    JOINT_ORDER = 205
    MASK = 206
    LANCZOS = 207


def generator(seed: int, task: int, purpose: Purpose) -> np.random.Generator:
    """Return a generator for one draw; `seed` and `task` (or block) are integers from 0 on."""
    return np.random.default_rng(np.random.SeedSequence([seed, task, int(purpose)]))
