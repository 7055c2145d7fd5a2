"""The two bounds that sequential training is read against: all tasks at once, and one network for each task."""

from cl_core.experiments.rows import TaskRow, number
from cl_core.experiments.run_context import Clock, Past, Work
from cl_core.learners.evaluation import evaluate
from cl_core.learners.joint import train_joint
from cl_core.learners.training import train_task


def joint(work: Work) -> Past:
    """Train one network on all tasks at once. Only the last row is scored: there is no order, so nothing to forget.

    It is one piece of work: a process killed before its end leaves nothing to go on from.
    """
    past = work.resume(None)
    if past.rows:
        return past
    clock, network, last = Clock(), work.network(), work.tasks - 1
    work.begin(0)
    data = [work.data(task) for task in range(work.tasks)]
    clock.lap("preparation")
    steps, loss = train_joint(network, data, work.recipe, work.plan.seed, work.steps(last))
    clock.lap("training")
    correct = tuple(evaluate(network, known.x_eval, known.y_eval, task) for task, known in enumerate(data))
    trained = [evaluate(network, known.x_train, known.y_train, task) for task, known in enumerate(data)]
    clock.lap("evaluation")
    past.rows = [TaskRow(train_correct=count) for count in trained]
    past.rows[-1] = TaskRow(correct=correct, train_correct=trained[-1], train_loss=number(loss), steps=steps)
    past.seconds.append(clock.laps)
    work.finish(last, past, None)
    return past


def separate(work: Work) -> Past:
    """Train a network of its own on each task, all from the same first weights. A task keeps its score: none forgets."""
    past = work.resume(None)
    for task in range(len(past.rows), work.tasks):
        clock, facts = Clock(), {"accuracy": work.accuracy(past)}
        work.begin(task, **facts)
        data, network = work.data(task), work.network()
        clock.lap("preparation")
        blocks = len(network.blocks)
        report = train_task(network, data, task, blocks, work.recipe, work.plan.seed, work.steps(task, **facts))
        clock.lap("training")
        own = evaluate(network, data.x_eval, data.y_eval, task)
        clock.lap("evaluation")
        earlier = past.rows[-1].correct if past.rows else ()
        row = TaskRow(
            correct=(*earlier, own),
            train_correct=report.train_correct,
            train_loss=number(report.loss),
            magnitude=report.magnitude,
            steps=report.steps,
            moved_share=report.moved_share,
            update_norms=report.update_norms,
            relative_norms=report.relative_norms,
        )
        past.rows.append(row)
        past.seconds.append(clock.laps)
        work.finish(task, past, None, **facts)
    return past
