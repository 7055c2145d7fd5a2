"""The two bounds that sequential training is read against: all tasks at once, and one network for each task."""

from cl_core.experiments.divergence import explain_divergence
from cl_core.experiments.rows import TaskRow, number
from cl_core.experiments.run_context import Clock, RunContext, RunState
from cl_core.learners.evaluation import count_correct, evaluate
from cl_core.learners.joint import train_joint
from cl_core.learners.prefix_memory import PrefixMemory
from cl_core.learners.training import train_task


def joint(context: RunContext) -> RunState:
    """Train one network on all tasks at once. Only the last row is scored: there is no order, so nothing to forget.

    It is one piece of work: a process killed before its end leaves nothing to go on from.
    """
    state = context.resume(None)
    if state.rows:
        return state
    clock, network, last = Clock(), context.network(), context.tasks - 1
    context.begin(0)
    data = [context.data(task) for task in range(context.tasks)]
    clock.lap("preparation")
    with explain_divergence(context.plan):
        steps, loss = train_joint(network, data, context.recipe, context.plan.seed, context.steps(last))
    clock.lap("training")
    memory, labels = PrefixMemory(network), [images.y_eval for images in data]
    outputs = [memory.logits_of(images.x_eval, range(context.tasks)) for images in data]
    correct = tuple(count_correct(outputs[task][task], y) for task, y in enumerate(labels))
    trained = [evaluate(network, images.x_train, images.y_train, task) for task, images in enumerate(data)]
    clock.lap("evaluation")
    state.rows = [TaskRow(train_correct=count) for count in trained]
    state.rows[-1] = TaskRow(
        correct=correct,
        class_correct=context.count_over_heads(outputs, labels),
        train_correct=trained[-1],
        train_loss=number(loss),
        steps=steps,
    )
    state.seconds.append(clock.laps)
    context.finish(last, state, None)
    return state


def separate(context: RunContext) -> RunState:
    """Train a network of its own on each task, all from the same first weights. A task keeps its score: none forgets."""
    state = context.resume(None)
    for task in range(len(state.rows), context.tasks):
        with explain_divergence(context.plan, task):
            _learn_alone(context, state, task)
    return state


def _learn_alone(context: RunContext, state: RunState, task: int) -> None:
    clock, facts = Clock(), {"accuracy": context.accuracy(state)}
    context.begin(task, **facts)
    data, network = context.data(task), context.network()
    clock.lap("preparation")
    blocks = len(network.blocks)
    report = train_task(network, data, task, blocks, context.recipe, context.plan.seed, context.steps(task, **facts))
    clock.lap("training")
    own = evaluate(network, data.x_eval, data.y_eval, task)
    clock.lap("evaluation")
    earlier = state.rows[-1].correct if state.rows else ()
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
    state.rows.append(row)
    state.seconds.append(clock.laps)
    context.finish(task, state, None, **facts)
