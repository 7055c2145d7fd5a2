"""From a plan to its result: the stream drawn, the strategy made, the run done, the result put together and sealed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from cl_core.experiments import provenance
from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.machine import ARITHMETIC, choose_device, compute_on, hardware
from cl_core.experiments.plan import Plan, digest_json, require_blocks
from cl_core.experiments.progress import Listener, silent
from cl_core.experiments.rows import assemble
from cl_core.experiments.run_context import RunContext, RunState
from cl_core.experiments.sequential import train_sequentially
from cl_core.experiments.shared_prefixes import SharedPrefixes
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import StrategyInputs
from cl_core.plugins import explain_failure
from cl_core.settings_base import Value
from cl_core.strategies import Strategy
from cl_core.streams import Stream
from cl_core.streams.manifest import Route


def execute(
    plan: Plan,
    *,
    route: Route | None = None,
    source: Result | None = None,
    cache: Path | None = None,
    listener: Listener = silent,
    siblings: tuple[str, ...] = (),
    recorded: Mapping[str, Any] | None = None,
) -> Result:
    """Run `plan` and return its sealed result.

    `route` says where the images come from (None: the official archive, or embedded for the digits). A control needs `source`,
    the run that it follows. With `cache` the run is saved there after each task and goes on from what an
    earlier process left, to the same bits; the checkpoint stays until the caller clears it, and the caller holds the
    run's lock. `siblings` are the schedules of other fixed runs, whose schedules may begin alike: what they have left
    in `cache` is taken over, and what they may need is left there. `recorded` is kept with the result beside what is
    recorded of any run, and decides nothing. Raises ValueError for a `source` that does not fit, DataError for data that cannot be had,
    FloatingPointError where training diverges.
    """
    require_source(plan, source)
    device = choose_device(gpu=plan.profile.gpu)
    with (
        _threads(plan.profile.threads) as threads,
        compute_on(device, tf32=plan.profile.gpu),
        explain_failure(plan.plugins.values()),
    ):
        stream = plan.draw_stream(route)
        if source is not None and source.data["digest"] != stream.data.digest:
            raise ValueError(f"{plan.describe()} would run on other images than {source.strategy}, which it follows")
        machine = hardware(threads=threads, device=device)
        identity = _identity(plan.name, plan.config, stream, source, machine)
        checkpoint = None if cache is None else Checkpoint(plan.name, identity, cache)
        context = RunContext(plan, stream, plan.network, plan.recipe, device, checkpoint, listener)
        sizes = context.block_sizes()
        require_blocks(plan, len(sizes))
        strategy = plan.strategy.make(StrategyInputs(plan.settings, plan.seed, sizes, device, source))
        if not isinstance(strategy, Strategy):
            state = strategy(context)
        else:
            alike = {name: value for name, value in plan.config.items() if name != "moves"}
            prefixes = (
                cache
                and siblings
                and SharedPrefixes(plan, siblings, _identity("", alike, stream, None, machine), cache)
            )
            state = train_sequentially(context, strategy, prefixes or None)
        return _result(context, state, source, machine, recorded or {})


def require_source(plan: Plan, source: Result | None) -> None:
    """Raise ValueError unless a control has the run that it follows, and any other run has none."""
    wanted = plan.followed
    if wanted is None:
        if source is not None:
            raise ValueError(f"{plan.strategy.name} follows no other run; only controls do")
        return
    name = wanted.strategy.name
    if source is None:
        raise ValueError(f"{plan.strategy.name} follows a finished {name} run, and there is none: {wanted.command()}")
    same = (source.experiment, source.strategy, source.seed, source.profile, dict(source.config), source.protocol)
    if same != (wanted.experiment.name, name, wanted.seed, wanted.profile.name, wanted.config, PROTOCOL):
        raise ValueError(
            f"{plan.describe()} follows {wanted.describe()}, and the run given is {source.experiment} · "
            f"{source.strategy} · seed {source.seed} · {source.profile}, or was made with other settings"
        )


def _identity(
    name: str, config: Mapping[str, Value], stream: Stream, source: Result | None, machine: Mapping[str, Any]
) -> str:
    return digest_json(
        {
            "run": name,
            "config": dict(config),
            "protocol": PROTOCOL,
            "stream": stream.digest,
            "source": source.outcome if source else None,
            "code": provenance.code_digests(),
            "versions": provenance.versions(),
            "machine": {name: machine[name] for name in ARITHMETIC},
        }
    )


def _result(
    context: RunContext, state: RunState, source: Result | None, machine: Mapping[str, Any], recorded: Mapping[str, Any]
) -> Result:
    plan, stream = context.plan, context.stream
    blocks = context.block_sizes()
    totals: Counter[str] = Counter()
    for laps in state.seconds:
        totals.update(laps)
    facts = {
        "times": {
            **{f"{name}_s": round(value, 3) for name, value in totals.items()},
            "total_s": round(totals.total(), 3),
        },
        "begun": _begun(context),
        "machine": dict(machine),
        "versions": provenance.versions(),
        **recorded,
        "files": provenance.code_digests(),
        **_plugin_files(plan),
    }
    return Result(
        experiment=plan.experiment.name,
        strategy=plan.strategy.name,
        seed=plan.seed,
        profile=plan.profile.name,
        protocol=PROTOCOL,
        overrides=dict(plan.overrides),
        config=plan.config,
        data={
            "name": stream.data.name,
            "label": stream.data.label,
            "route": stream.data.route,
            "digest": stream.data.digest,
            "stream": stream.digest,
        },
        source=_followed(plan, source),
        classes=tuple(len(task.classes) for task in stream.tasks),
        test_sizes=tuple(len(task.held) for task in stream.tasks),
        train_sizes=tuple(len(task.train) for task in stream.tasks),
        block_parameters=blocks,
        **assemble(state.rows, blocks=len(blocks)),
        held=_count_held(plan, [row.magnitude for row in state.rows], len(blocks)),
        recorded=facts,
    ).sealed()


def _count_held(plan: Plan, magnitudes: Sequence[int | None], blocks: int) -> tuple[int | None, ...]:
    """Return Algorithm 1's count h after each task, from the blocks that moved; nothing where they do not tell it."""
    if "start" not in plan.strategy.reads or plan.settings.counted_in == "parameters":
        return ()
    counted = (m if m is None or plan.strategy.name == "literal" else blocks - m for m in magnitudes[1:])
    return (plan.settings.start, *counted)


def _plugin_files(plan: Plan) -> dict[str, dict[str, str]]:
    """Return the digests of the files of what comes from outside; nothing where nothing does."""
    files = {name: digest[:16] for plugin in plan.plugins.values() for name, digest in plugin.files.items()}
    return {"plugins": files} if files else {}


def _followed(plan: Plan, source: Result | None) -> dict[str, str] | None:
    if plan.followed is None or source is None:
        return None
    return {"name": plan.followed.name, "digest": source.digest, "outcome": source.outcome}


def _begun(context: RunContext) -> list[int]:
    """How often each task was begun: more than once where a process was killed in it, never where a sibling trained it."""
    if context.checkpoint is None:
        return [1] * context.tasks
    counts = Counter(line["task"] for line in context.checkpoint.journal() if line["event"] == "begun")
    return [counts[task] for task in range(context.tasks)]


@contextmanager
def _threads(wanted: int) -> Iterator[int]:
    """Compute with `wanted` threads (0: as many as the machine chose), yield how many there are, and undo it."""
    before = torch.get_num_threads()
    if wanted == 0:
        yield before
        return
    try:
        with threadpool_limits(wanted):
            torch.set_num_threads(wanted)
            yield wanted
    finally:
        torch.set_num_threads(before)
