"""Fixed schedules that begin alike train alike: the tasks of a common beginning are trained once.

All schedules of few and many blocks form a tree: sixteen of five tasks are 31 trainings, not 80. Runs of one sweep
that differ in nothing but their schedule are *kin*. A run leaves its state after each task whose beginning it shares
with kin, and takes over what one of them has left. Whatever is left is a checkpoint in the cache folder, written
whole, locked while it is being made, and removed when no kin needs it any more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.plan import Plan, assemble_plan, digest_json


@dataclass(frozen=True)
class Beginnings:
    """The beginnings that the fixed run `plan` shares with others: `kin` are their schedules, as the setting `moves`.

    `identity` is a digest of all that decides the bits of a run, its own schedule apart.
    """

    plan: Plan
    kin: tuple[str, ...]
    identity: str
    cache: Path

    @contextmanager
    def hold(self, task: int) -> Iterator[Checkpoint | None]:
        """Yield the place of the state after `task`, held for this process; None where no kin shares it."""
        place = self.place(task)
        if place is None:
            yield None
            return
        with place.lock():
            yield place

    def place(self, task: int) -> Checkpoint | None:
        """Return the place of the state after `task`, counted from 0; None where no kin has begun alike."""
        begun = letters(self.plan)[:task]
        if not self._sharing(begun):
            return None
        alike = digest_json({name: value for name, value in self.plan.config.items() if name != "moves"})[:10]
        run = f"{self.plan.profile.name}/{self.plan.experiment.name}/beginnings~{alike}-{self.plan.seed}"
        return Checkpoint(f"{run}/after-{task}-{begun}", digest_json([self.identity, begun]), self.cache)

    def clear(self, results: Path) -> None:
        """Remove the states that no kin needs any more, as all that share them stand in the folder `results`."""
        for task in range(len(letters(self.plan)) + 1):
            place = self.place(task)
            sharing = self._sharing(letters(self.plan)[:task])
            if place is not None and all((results / made.name).exists() for made in sharing):
                place.clear()

    def _sharing(self, begun: str) -> list[Plan]:
        kin = [_with_moves(self.plan, moves) for moves in self.kin]
        return [made for made in kin if letters(made).startswith(begun)]


def letters(plan: Plan) -> str:
    """Return the schedule of a fixed run: a letter, m or f, for each task from the second on."""
    moves = plan.settings.moves
    return moves * (plan.settings.tasks - 1) if len(moves) == 1 else moves


def kin_of(plan: Plan, others: Sequence[Plan]) -> tuple[str, ...]:
    """Return the schedules of those of `others` that differ from the fixed run `plan` in nothing else; else none."""
    if plan.strategy.name != "fixed":
        return ()
    found = [made for made in others if made.strategy.name == "fixed" and made.name != plan.name]
    return tuple(made.settings.moves for made in found if _with_moves(plan, made.settings.moves).name == made.name)


def _with_moves(plan: Plan, moves: str) -> Plan:
    overrides = {**plan.overrides, "moves": moves}
    return assemble_plan(plan.experiment, plan.strategy, plan.seed, plan.profile, overrides=overrides)
