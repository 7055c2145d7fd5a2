"""From a plan to its result: the stream drawn, the strategy made, the run done, the result put together and sealed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from cl_core import strategies, streams
from cl_core.experiments import bounds, provenance
from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.checkpoints import Checkpoint
from cl_core.experiments.controls import control_schedule
from cl_core.experiments.limits import limit_of, masked_blocks
from cl_core.experiments.plan import Plan, digest_json
from cl_core.experiments.progress import Listener, silent
from cl_core.experiments.rows import assemble
from cl_core.experiments.run_context import Past, Work
from cl_core.experiments.sequential import sequential
from cl_core.experiments.shared_prefixes import Beginnings, letters
from cl_core.experiments.store import Result
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
    kin: tuple[str, ...] = (),
    recorded: Mapping[str, Any] | None = None,
) -> Result:
    """Run `plan` and return its sealed result.

    `route` says where the images come from (None: the official archive; digits: embedded). A control needs `source`,
    the run that it follows. With `cache` the run is saved there after each task and goes on from what an
    earlier process left, to the same bits; the checkpoint stays until the caller clears it, and the caller holds the
    run's lock. `kin` are the schedules of other runs that share beginnings with a fixed run: what they have left in
    `cache` is taken over, and what they may need is left there. `recorded` is kept with the result beside what is recorded
    of any run, and decides nothing. Raises ValueError for a `source` that does not fit, DataError for data that cannot be had,
    FloatingPointError where training diverges.
    """
    require_source(plan, source)
    with _threads(plan.profile.threads) as threads:
        stream = streams.stream(plan.experiment.stream, plan.seed, plan.part, route=route, **plan.stream_options)
        if source is not None and source.data["digest"] != stream.data.digest:
            raise ValueError(f"{plan.describe()} would run on other images than {source.strategy}, which it follows")
        device = torch.device("cuda" if plan.profile.gpu and torch.cuda.is_available() else "cpu")
        machine = provenance.hardware(threads=threads, device=_device_name(device))
        identity = _identity(plan.name, plan.config, stream, source, machine)
        place = None if cache is None else Checkpoint(plan.name, identity, cache)
        work = Work(plan, stream, plan.network, plan.recipe, device, place, listener)
        if plan.strategy.kind == "bound":
            past = {"joint": bounds.joint, "separate": bounds.separate}[plan.strategy.name](work)
        else:
            sizes = work.blocks()
            limit = partial(limit_of, plan, sizes=sizes, source=source, device=device)
            alike = {name: value for name, value in plan.config.items() if name != "moves"}
            shared = cache and kin and Beginnings(plan, kin, _identity("", alike, stream, None, machine), cache)
            past = sequential(work, strategy_of(plan, sizes, source), limit, shared or None)
        return _result(work, past, source, machine, recorded or {})


def strategy_of(plan: Plan, sizes: Sequence[int], source: Result | None = None) -> Strategy:
    """Return the strategy of `plan` on shared blocks of these `sizes`.

    A control of adaptive replays a rearrangement of the magnitudes of `source`.
    """
    settings = plan.settings
    if plan.strategy.follows == "adaptive":
        assert source is not None
        magnitudes = [int(magnitude) for magnitude in source.magnitudes if magnitude is not None]
        schedule = control_schedule(
            plan.strategy.name,
            magnitudes=magnitudes,
            scores=source.scores,
            block_parameters=source.block_parameters,
            seed=plan.seed,
        )
        return strategies.Replay(schedule)
    if plan.strategy.name == "adaptive":
        return strategies.Adaptive(settings.threshold, settings.few, settings.many, settings.metric)
    if plan.strategy.name == "fixed":
        return strategies.Replay((len(sizes), *fixed_schedule(plan)))
    made: Mapping[str, Strategy] = {
        "frozen": strategies.Frozen(settings.trained),
        "frozen-0": strategies.Frozen(0),
        "masked": strategies.Frozen(masked_blocks(plan, sizes)),
    }
    return made.get(plan.strategy.name, strategies.Initialized())


def fixed_schedule(plan: Plan) -> tuple[int, ...]:
    """Return the magnitudes that a fixed run gives its tasks from the second on."""
    return tuple(plan.settings.many if letter == "m" else plan.settings.few for letter in letters(plan))


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
            "machine": dict(machine),
        }
    )


def _result(
    work: Work, past: Past, source: Result | None, machine: Mapping[str, Any], recorded: Mapping[str, Any]
) -> Result:
    plan, stream = work.plan, work.stream
    blocks = work.blocks()
    totals: Counter[str] = Counter()
    for laps in past.seconds:
        totals.update(laps)
    facts = {
        "times": {
            **{f"{name}_s": round(value, 3) for name, value in totals.items()},
            "total_s": round(totals.total(), 3),
        },
        "begun": _begun(work),
        "machine": dict(machine),
        "versions": provenance.versions(),
        **recorded,
        "files": provenance.code_digests(),
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
        **assemble(past.rows, blocks=len(blocks)),
        recorded=facts,
    ).sealed()


def _followed(plan: Plan, source: Result | None) -> dict[str, str] | None:
    if plan.followed is None or source is None:
        return None
    return {"name": plan.followed.name, "digest": source.digest, "outcome": source.outcome}


def _begun(work: Work) -> list[int]:
    """How often each task was begun: more than once where a process was killed in it, never where kin trained it."""
    if work.place is None:
        return [1] * work.tasks
    counts = Counter(line["task"] for line in work.place.journal() if line["event"] == "begun")
    return [counts[task] for task in range(work.tasks)]


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


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
