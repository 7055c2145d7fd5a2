"""Sequential training: a task arrives, the strategy says how much may move, the network learns, everything is scored."""

from collections.abc import Callable
from dataclasses import replace

from cl_core.experiments.limits import Limit
from cl_core.experiments.rows import TaskRow, number
from cl_core.experiments.work import Clock, Past, Work
from cl_core.learners.arrival import arrive
from cl_core.learners.evaluation import count_correct, logits, logits_change
from cl_core.learners.training import train_task
from cl_core.strategies import Strategy


def sequential(work: Work, strategy: Strategy, limit: Callable[[int], Limit]) -> Past:
    """Train the tasks of `work` one after another under `strategy`, from where an earlier process had come to.

    `limit` tells what holds a task's update back beside the number of blocks.
    """
    network = work.network()
    past = work.resume(network)
    resumed, blocks, seed = len(past.rows), len(network.blocks), work.plan.seed
    seen = [(data.x_eval, data.y_eval) for data in map(work.data, range(resumed))]
    before = [logits(network, x, task) for task, (x, _) in enumerate(seen)]
    for task in range(resumed, work.tasks):
        clock, facts = Clock(), {"accuracy": work.accuracy(past), "blocks": blocks}
        work.begin(task, **facts)
        data = work.data(task)
        clock.lap("preparation")

        arrived = arrive(network, data, task, work.recipe, seed, past.gradient)
        facts["magnitude"] = magnitude = strategy.magnitude(arrived.arrival)
        clock.lap("arrival")

        held = limit(task)
        report = train_task(
            network,
            data,
            task,
            magnitude,
            replace(work.recipe, learning_rate=work.recipe.learning_rate * held.rate_factor),
            seed,
            work.steps(task, **facts),
            leading=held.leading,
            constraint=held.constraint,
            step_share=held.step_share,
        )
        clock.lap("training")

        work.tell(task, "evaluation", **facts)
        seen.append((data.x_eval, data.y_eval))
        after = [logits(network, x, known) for known, (x, _) in enumerate(seen)]
        row = TaskRow(
            correct=tuple(count_correct(outputs, y) for outputs, (_, y) in zip(after, seen, strict=True)),
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
            logit_change=tuple(number(logits_change(old, new)) for old, new in zip(before, after, strict=False)),
        )
        clock.lap("evaluation")
        past.rows.append(row)
        past.seconds.append(clock.laps)
        past.gradient, before = arrived.gradient, after
        work.finish(task, past, network, **facts)
    return past
