"""Fixed schedules that begin alike train alike: the tasks of a common prefix are trained once.

All schedules of few and many blocks form a tree: sixteen of five tasks are 31 trainings, not 80. Runs of one sweep
that differ in nothing but their schedule are *siblings*. A run leaves its state after each task whose prefix it shares
with a sibling, and takes over what one of them has left. Whatever is left is a checkpoint in the cache folder, written
whole, locked while it is being made, and removed when no sibling needs it any more.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan, assemble_plan, digest_json
from cl_core.experiments.strategy_table import schedule_word

_FOLDER = "prefixes"


@dataclass(frozen=True)
class SharedPrefixes:
    """The prefixes that the fixed run `plan` shares with its `siblings`, given by their schedules (setting `moves`).

    `identity` is a digest of all that decides the bits of a run, its own schedule apart.
    """

    plan: Plan
    siblings: tuple[str, ...]
    identity: str
    cache: Path

    @contextmanager
    def hold(self, task: int) -> Iterator[Checkpoint | None]:
        """Yield the checkpoint of the state after `task`, held for this process; None where no sibling shares it."""
        checkpoint = self.checkpoint(task)
        if checkpoint is None:
            yield None
            return
        with checkpoint.lock():
            yield checkpoint

    def checkpoint(self, task: int) -> Checkpoint | None:
        """Return the checkpoint of the state after `task`, counted from 0; None where no sibling has begun alike."""
        prefix = schedule_word(self.plan.settings)[:task]
        if not self._sharing(prefix):
            return None
        alike = digest_json({name: value for name, value in self.plan.config.items() if name != "moves"})[:10]
        run = f"{self.plan.folder}/{_FOLDER}~{alike}-{self.plan.seed}"
        return Checkpoint(f"{run}/after-{task}-{prefix}", digest_json([self.identity, prefix]), self.cache)

    def clear(self, results: Path) -> None:
        """Remove the states that no sibling needs any more, as all that share them stand in the folder `results`."""
        word = schedule_word(self.plan.settings)
        for task in range(len(word) + 1):
            checkpoint, sharing = self.checkpoint(task), self._sharing(word[:task])
            if checkpoint is not None and all((results / sibling.name).exists() for sibling in sharing):
                checkpoint.clear()

    def _sharing(self, prefix: str) -> list[Plan]:
        siblings = [_with_moves(self.plan, moves) for moves in self.siblings]
        return [sibling for sibling in siblings if schedule_word(sibling.settings).startswith(prefix)]


def any_left(cache: Path) -> bool:
    """Return whether the folder `cache` holds the state of any shared prefix."""
    # os.walk passes over a folder that another process removes meanwhile.
    return any(
        "checkpoint.npz" in names and Path(folder).parent.name.startswith(f"{_FOLDER}~")
        for folder, _, names in os.walk(cache / "runs")
    )


def siblings_of(plan: Plan, others: Sequence[Plan]) -> tuple[str, ...]:
    """Return the schedules of those of `others` that differ from the fixed run `plan` in nothing else; else none."""
    if "moves" not in plan.config:
        return ()
    candidates = [other for other in others if other.strategy == plan.strategy and other.name != plan.name]
    return tuple(
        other.settings.moves for other in candidates if _with_moves(plan, other.settings.moves).name == other.name
    )


def _with_moves(plan: Plan, moves: str) -> Plan:
    overrides = {**plan.overrides, "moves": moves}
    return assemble_plan(plan.experiment, plan.strategy, plan.seed, plan.profile, overrides=overrides)
