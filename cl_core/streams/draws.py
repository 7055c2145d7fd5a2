"""Every random draw of a stream, named by seed, task and purpose.

Two draws with different names are independent, and no draw depends on how many were made before it. The numbers of
the purposes are part of what a seed means: never change or reuse one.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a draw is for."""

    CLASS_ORDER = 101
    PIXELS = 102
    SHARES = 103
    NOISE = 104
    TRAINING_ORDER = 105
    EVALUATION_ORDER = 106
    HELD_OUT = 107


def sequence(seed: int, task: int, purpose: Purpose) -> np.random.SeedSequence:
    """Return the seed sequence of one draw; `seed` and `task` (or class) are integers from 0 on."""
    return np.random.SeedSequence([seed, task, int(purpose)])


def generator(seed: int, task: int, purpose: Purpose) -> np.random.Generator:
    """Return a generator for one draw; `seed` and `task` (or class) are integers from 0 on."""
    return np.random.default_rng(sequence(seed, task, purpose))
