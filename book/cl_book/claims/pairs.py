"""Runs paired by their seed: those that saw the same images, as other differences are no difference of the sides."""

from collections.abc import Mapping, Sequence

from cl_core.experiments.store import Result
from cl_core.runs.images import explain_other_images

BySeed = Mapping[int, Result]
"""The runs of one side, by their seed."""


def pair_by_seed(sides: Sequence[BySeed]) -> dict[int, tuple[Result, ...]]:
    """Return the runs of all `sides` by seed, for the seeds at which every side has one and all saw the same images."""
    shared = sorted(set.intersection(*map(set, sides))) if sides else []
    rows = {seed: tuple(side[seed] for side in sides) for seed in shared}
    return {seed: row for seed, row in rows.items() if not explain_other_images(run.data for run in row)}
