"""Sequential training: a task arrives, the strategy says how much may move, the network learns, everything is scored."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from torch import Tensor

from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.limits import Limit
from cl_core.experiments.rows import TaskRow, number
from cl_core.experiments.run_context import Clock, Past, Work, leave, take_up
from cl_core.experiments.shared_prefixes import Beginnings
from cl_core.learners.arrival import arrive
from cl_core.learners.evaluation import count_correct, logits, logits_change
from cl_core.learners.networks import Network
from cl_core.learners.training import train_task
from cl_core.strategies import Strategy


def sequential(
    work: Work, strategy: Strategy, limit: Callable[[int], Limit], beginnings: Beginnings | None = None
) -> Past:
    """Train the tasks of `work` one after another under `strategy`, from where an earlier process had come to.

    `limit` tells what holds a task's update back beside the number of blocks; `beginnings`, which tasks other runs
    train alike.
    """
    network = work.network()
    course = _Course(work, network, work.resume(network))
    while (task := len(course.past.rows)) < work.tasks:
        with beginnings.hold(task) if beginnings else nullcontext() as place:
            if place is None or not course.take_over(place):
                course.learn(task, strategy, limit(task))
                if place is not None:
                    leave(place, course.past, network)
                course.finish()
    return course.past


class _Course:
    """A network on its way through the tasks: what it has done, and its answers to the tasks that it has seen."""

    def __init__(self, work: Work, network: Network, past: Past) -> None:
        self.work, self.network, self.past = work, network, past
        self._seen: list[tuple[Tensor, Tensor]] = []
        self._answers: list[Tensor] = []
        self._facts: dict[str, Any] = {}

    def take_over(self, place: Checkpoint) -> bool:
        """Go on from what another run has left at `place`; return whether there is anything."""
        found = take_up(place, self.network)
        if found is None:
            return False
        spent = [*self.past.seconds, *({} for _ in found.rows[len(self.past.seconds) :])]
        self.past, self._answers = Past(found.rows, spent, found.gradient), []
        return True

    def learn(self, task: int, strategy: Strategy, limit: Limit) -> None:
        """Train `task` under `strategy`, and score all tasks so far."""
        work, network, past, seed = self.work, self.network, self.past, self.work.plan.seed
        self._look_back(task)
        clock, facts = Clock(), {"accuracy": work.accuracy(past), "blocks": len(network.blocks)}
        work.begin(task, **facts)
        data = work.data(task)
        clock.lap("preparation")

        arrived = arrive(network, data, task, work.recipe, seed, past.gradient)
        facts["magnitude"] = magnitude = strategy.magnitude(arrived.arrival)
        clock.lap("arrival")

        report = train_task(
            network,
            data,
            task,
            magnitude,
            # Not checked: a factor may lead below the least learning rate that can be set.
            work.recipe.model_copy(update={"learning_rate": work.recipe.learning_rate * limit.rate_factor}),
            seed,
            work.steps(task, **facts),
            leading=limit.leading,
            constraint=limit.constraint,
            step_share=limit.step_share,
        )
        clock.lap("training")

        work.tell(task, "evaluation", **facts)
        self._seen.append((data.x_eval, data.y_eval))
        after = [logits(network, x, known) for known, (x, _) in enumerate(self._seen)]
        row = TaskRow(
            correct=tuple(count_correct(outputs, y) for outputs, (_, y) in zip(after, self._seen, strict=True)),
            train_correct=report.train_correct,
            train_loss=number(report.loss),
            magnitude=magnitude,
            score=number(arrived.score),
            split_half=number(arrived.split_half),
            score_halves=tuple(number(score) for score in arrived.score_halves),
            arrival_loss=number(arrived.arrival.loss),
            steps=report.steps,
            moved_share=report.moved_share,
            update_norms=report.update_norms,
            relative_norms=report.relative_norms,
            logit_change=tuple(number(logits_change(old, new)) for old, new in zip(self._answers, after, strict=False)),
        )
        clock.lap("evaluation")
        past.rows.append(row)
        past.seconds.append(clock.laps)
        past.gradient, self._answers, self._facts = arrived.gradient, after, facts

    def finish(self) -> None:
        """Save the run as it stands after the task just learned."""
        self.work.finish(len(self.past.rows) - 1, self.past, self.network, **self._facts)

    def _look_back(self, task: int) -> None:
        """Have the images of the tasks before `task`, and the network's answers to them, where another run trained."""
        for data in map(self.work.data, range(len(self._seen), task)):
            self._seen.append((data.x_eval, data.y_eval))
        if len(self._answers) < task:
            self._answers = [logits(self.network, x, known) for known, (x, _) in enumerate(self._seen)]
