"""Every random draw of a stream or a learner, named by seed, task and purpose.

Two draws with different names are independent, and no draw depends on the strategy, nor on how many were made before
it: the first task and every batch order come out the same whatever may move. The numbers of the purposes are part of
what a seed means: never change or reuse one. Those of streams start at 101, those of learners at 201.
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

    BLOCKS = 201
    HEAD = 202
    ARRIVAL_SAMPLE = 203
    BATCH_ORDER = 204
    JOINT_ORDER = 205
    MASK = 206
    LANCZOS = 207
    FISHER = 208
    MEMORY = 209
    MEMORY_ORDER = 210
    AUGMENTATION = 211
    DROPOUT = 212
    SECOND_ORDER = 213


def sequence(seed: int, task: int, purpose: Purpose) -> np.random.SeedSequence:
    """Return the seed sequence of one draw; `seed` and `task` (or class, or block) are integers from 0 on."""
    return np.random.SeedSequence([seed, task, int(purpose)])


def generator(seed: int, task: int, purpose: Purpose) -> np.random.Generator:
    """Return a generator for one draw; `seed` and `task` (or class, or block) are integers from 0 on."""
    return np.random.default_rng(sequence(seed, task, purpose))
