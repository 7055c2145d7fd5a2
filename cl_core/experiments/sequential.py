"""Sequential training: a task arrives, the strategy says how much may move, the network learns, everything is scored."""

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
from torch import Tensor

from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.divergence import explain_divergence
from cl_core.experiments.rows import TaskRow, number
from cl_core.experiments.run_context import Clock, RunContext, RunState, restore_state, save_state
from cl_core.experiments.shared_prefixes import SharedPrefixes
from cl_core.learners.arrival import arrive
from cl_core.learners.effects import EffectsWatch, logits_change
from cl_core.learners.evaluation import count_correct
from cl_core.learners.prefix_memory import PrefixMemory
from cl_core.learners.stages import train_frozen_then_whole
from cl_core.learners.trained_gradient import gradient_after
from cl_core.learners.training import train_task
from cl_core.strategies import Strategy, Update


def train_sequentially(context: RunContext, strategy: Strategy, prefixes: SharedPrefixes | None = None) -> RunState:
    """Train the tasks of `context` one after another under `strategy`, from where an earlier process had come to.

    `prefixes` tells which tasks other runs train alike.
    """
    trainer = ContinualTrainer(context, strategy)
    while (task := len(trainer.state.rows)) < context.tasks:
        with prefixes.hold(task) if prefixes else nullcontext() as checkpoint:
            if checkpoint is None or not trainer.take_over(checkpoint):
                with explain_divergence(context.plan, task):
                    trainer.learn(task)
                    if checkpoint is not None:
                        save_state(checkpoint, trainer.state, trainer.network)
                    trainer.finish()
    return trainer.state


class ContinualTrainer:
    """A network on its way through the tasks: what it has done, and its answers to the tasks that it has seen."""

    def __init__(self, context: RunContext, strategy: Strategy) -> None:
        self.context, self.strategy, self.network = context, strategy, context.network()
        self._memory = PrefixMemory(self.network)
        self.state = context.resume(self.network)
        strategy.restore(self.state.memory)
        self._seen: list[tuple[Tensor, Tensor]] = []
        self._answers: list[Tensor] = []
        self._facts: dict[str, Any] = {}

    def take_over(self, checkpoint: Checkpoint) -> bool:
        """Go on from what another run has left at `checkpoint`; return whether there is anything."""
        left = restore_state(checkpoint, self.network)
        if left is None:
            return False
        spent = [*self.state.seconds, *({} for _ in left.rows[len(self.state.seconds) :])]
        self.state, self._answers = RunState(left.rows, spent, left.gradient, left.memory), []
        self.strategy.restore(left.memory)
        return True

    def learn(self, task: int) -> None:
        """Train `task` as the strategy allows, and score all tasks so far."""
        context, network, state, seed = self.context, self.network, self.state, self.context.plan.seed
        self._look_back(task)
        clock, facts = Clock(), {"accuracy": context.accuracy(state), "blocks": len(network.blocks)}
        context.begin(task, **facts)
        data = context.data(task)
        watch = None
        if task and context.plan.settings.effects:
            watch = EffectsWatch(network, self._seen, data.x_eval)
        clock.lap("preparation")

        scores = tuple(row.score for row in state.rows)
        losses = tuple(math.nan if row.arrival_loss is None else row.arrival_loss for row in state.rows)
        arrived = arrive(network, data, task, context.recipe, seed, state.gradient, scores, losses=losses)
        update = _require_update(self.strategy.update(arrived.arrival), self.strategy, task)
        facts["magnitude"] = update.blocks
        clock.lap("arrival")

        settle = None if type(self.strategy).settle is Strategy.settle else self.strategy.settle
        recipe, steps = context.plan.recipe_of(task), context.steps(task, **facts)
        if task > 0 and context.plan.config.get("budget") == "frozen-then-whole":
            report = train_frozen_then_whole(network, data, task, update, recipe, seed, steps)
        else:
            report = train_task(network, data, task, update, recipe, seed, steps, settle=settle)
        self.strategy.learned(task, network, data)
        gradient = arrived.gradient
        if task == 0 and context.recipe.first_gradient == "trained":
            gradient = gradient_after(network, data, task, context.recipe, seed)
        clock.lap("training")

        context.tell(task, "evaluation", **facts)
        effects = watch.compare(network) if watch else None
        self._seen.append((data.x_eval, data.y_eval))
        outputs = [self._memory.logits_of(x, range(len(self._seen))) for x, _ in self._seen]
        after = [of_heads[old] for old, of_heads in enumerate(outputs)]
        row = TaskRow(
            correct=tuple(count_correct(logits, y) for logits, (_, y) in zip(after, self._seen, strict=True)),
            class_correct=context.count_over_heads(outputs, [y for _, y in self._seen]),
            train_correct=report.train_correct,
            train_loss=number(report.loss),
            magnitude=report.magnitude,
            score=number(arrived.score),
            split_half=number(arrived.split_half),
            score_halves=tuple(number(score) for score in arrived.score_halves),
            arrival_loss=number(arrived.arrival.loss),
            steps=report.steps,
            moved_share=report.moved_share,
            update_norms=report.update_norms,
            relative_norms=report.relative_norms,
            logit_change=tuple(number(logits_change(old, new)) for old, new in zip(self._answers, after, strict=False)),
            curvature=number(effects.curvature) if effects else None,
            drift=number(effects.drift) if effects else None,
        )
        clock.lap("evaluation")
        state.rows.append(row)
        state.seconds.append(clock.laps)
        state.gradient, state.memory = gradient, self.strategy.state()
        self._answers, self._facts = after, facts

    def finish(self) -> None:
        """Save the run as it stands after the task just learned."""
        self.context.finish(len(self.state.rows) - 1, self.state, self.network, **self._facts)

    def _look_back(self, task: int) -> None:
        """Have the images of the tasks before `task`, and the network's answers to them, where another run trained."""
        for data in map(self.context.data, range(len(self._seen), task)):
            self._seen.append((data.x_eval, data.y_eval))
        if len(self._answers) < task:
            self._answers = [self._memory.logits(x, old) for old, (x, _) in enumerate(self._seen)]


def _require_update(answer: Update | int, strategy: Strategy, task: int) -> Update:
    """Return what a strategy answered, a number as that many blocks. Raises ValueError for anything else."""
    if isinstance(answer, int | np.integer) and not isinstance(answer, bool):
        return Update(int(answer))
    if not isinstance(answer, Update):
        raise ValueError(
            f"{type(strategy).__name__}.update answers {answer!r} at task {task}; answer a number of blocks or a "
            "cl_core.strategies.Update"
        )
    return answer
