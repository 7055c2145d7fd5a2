"""The table of a design: a sealed record a run, many in one file, ``results/designs/NAME.jsonl``.

Each line is a JSON object with sorted keys and its own digest. A record is added by writing the file anew, whole, so
that a reader never sees a part of a line; none is ever changed. A run that diverged is a record too, with the reason.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from cl_core import files, metrics
from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.machine import ARITHMETIC
from cl_core.experiments.plan import Plan, digest_json
from cl_core.experiments.provenance import code_digest
from cl_core.experiments.store import REMEDY, RESULTS, Result
from cl_core.parsing import decode_text, explain_unreadable, parse_json
from cl_core.runs import ledger
from cl_core.runs.designs import DESIGNS, ROLES, Design
from cl_core.runs.images import explain_other_images
from cl_core.runs.locks import HeldError, hold_file
from cl_core.runs.staleness import State
from cl_core.settings_base import Value
from cl_core.streams.manifest import SOURCES

FOLDER = f"{RESULTS}/designs"
"""Where the tables are, in the repository."""

VERSION = 1
"""Version of a record's form."""


@dataclass(frozen=True, kw_only=True)
class DesignRecord:
    """One run of a design on M tasks; of a run that diverged nothing is counted, and `failure` says why."""

    version: Annotated[int, Field(description="Version of this form.")] = VERSION
    design: Annotated[str, Field(description="Name of the design.")]
    protocol: Annotated[int, Field(description="Number of the protocol in the design's order, from 0 on.")]
    role: Annotated[str, Field(description="What is run: initialized, frozen, frozen-0, adaptive or averaged.")]
    levels: Annotated[Mapping[str, str], Field(description="The protocol's level on each axis, by the axis's name.")]
    experiment: Annotated[str, Field(description="Name of the experiment, as in the catalogue.")]
    strategy: Annotated[
        str, Field(description="The strategy that is the role: adaptive by the other reading is literal.")
    ]
    seed: Annotated[int, Field(description="Decides class order, first weights and minibatches.")]
    profile: Annotated[str, Field(description="Size of the run: smoke, cpu or paper.")]
    computes: Annotated[int, Field(description="Version of what a run computes, a result's `protocol`.")]
    config: Annotated[Mapping[str, Value], Field(description="Every setting that the run read, with its value.")]
    failure: Annotated[str, Field(description="Why training diverged; empty for a run that came to its end.")] = ""
    data: Annotated[
        Mapping[str, Any],
        Field(
            description="The images: data set, label, route, and digests of images and stream; empty after a failure."
        ),
    ] = field(default_factory=dict)
    classes: Annotated[tuple[int, ...], Field(description="[M] Number of classes of each task.")] = ()
    test_sizes: Annotated[tuple[int, ...], Field(description="[M] Number of images that each task is scored on.")] = ()
    correct: Annotated[
        tuple[tuple[int | None, ...], ...],
        Field(description="[M][M] Right answers on task k (column) after task t (row); null above the diagonal."),
    ] = ()
    magnitudes: Annotated[
        tuple[int | None, ...], Field(description="[M] Number of shared blocks that could move in each task.")
    ] = ()
    scores: Annotated[
        tuple[float | None, ...],
        Field(
            description="[M] How alike a task's gradient at its arrival and the last task's are; null for the first."
        ),
    ] = ()
    moved_share: Annotated[
        tuple[float | None, ...], Field(description="[M] Share of the shared parameters that could move, 0 to 1.")
    ] = ()
    steps: Annotated[tuple[int | None, ...], Field(description="[M] Number of gradient steps of each task.")] = ()
    distances: Annotated[
        tuple[float, ...], Field(description="[M] Length of the change of all shared parameters by each task.")
    ] = ()
    recorded: Annotated[
        Mapping[str, Any],
        Field(
            description="What decides nothing: seconds, machine, versions, one digest of the code (code), and digests of "
            "the claims on the design as they stood (claims)."
        ),
    ] = field(default_factory=dict)
    digest: Annotated[str, Field(description="SHA-256 of all the rest, as JSON with sorted keys and no spaces.")] = ""

    @property
    def key(self) -> tuple[int, str]:
        """Number of the protocol, and role."""
        return self.protocol, self.role

    def sealed(self) -> "DesignRecord":
        """Return the record with its own digest filled in."""
        return replace(self, digest=own_digest(self))

    def accuracies(self) -> NDArray[np.float64]:
        """Return the accuracy matrix (M, M), 0 to 1, NaN where there is none; (0, 0) after a failure."""
        if self.failure:
            return np.empty((0, 0))
        counts = np.array([[np.nan if c is None else c for c in row] for row in self.correct], dtype=np.float64)
        return counts / np.array(self.test_sizes, dtype=np.float64)

    def measure(self, name: str) -> float:
        """Return ``avg_acc``, ``task_acc`` or ``forgetting`` in points; NaN after a failure. Raises KeyError for another."""
        measures = {
            "avg_acc": metrics.average_accuracy,
            "task_acc": metrics.task_accuracy,
            "forgetting": metrics.forgetting,
        }
        of = measures[name]
        return float("nan") if self.failure else 100 * of(self.accuracies())


def own_digest(record: DesignRecord) -> str:
    """Return the SHA-256 of everything in `record` but its stored digest."""
    return digest_json({name: value for name, value in vars(record).items() if name != "digest"})


def record_run(
    design: Design, protocol: int, role: str, plan: Plan, done: Result | str, recorded: Mapping[str, Any]
) -> DesignRecord:
    """Return the sealed record of a run: of its result, or of the reason why it diverged."""
    common = DesignRecord(
        design=design.name,
        protocol=protocol,
        role=role,
        levels=design.draw()[protocol],
        experiment=plan.experiment.name,
        strategy=plan.strategy.name,
        seed=plan.seed,
        profile=plan.profile.name,
        computes=PROTOCOL,
        config=plan.config,
        recorded={**recorded, "code": code_digest()},
    )
    if isinstance(done, str):
        return replace(common, failure=done).sealed()
    facts = done.recorded
    machine = {name: facts["machine"][name] for name in ARITHMETIC if name in facts["machine"]}
    return replace(
        common,
        data=dict(done.data),
        classes=done.classes,
        test_sizes=done.test_sizes,
        correct=done.correct,
        magnitudes=done.magnitudes,
        scores=done.scores,
        moved_share=done.moved_share,
        steps=done.steps,
        distances=tuple(float(np.hypot.reduce([n or 0.0 for n in row])) for row in done.update_norms),
        recorded={
            **common.recorded,
            "seconds": facts["times"]["total_s"],
            "machine": machine,
            "versions": facts["versions"],
        },
    ).sealed()


def dumps(record: DesignRecord) -> str:
    """Return the record as one line of JSON without its end."""
    return json.dumps(vars(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str, *, where: str) -> DesignRecord:
    """Return the record in one line of a table. Raises ValueError, in one line that begins with `where`, for what is none."""
    with explain_unreadable(where, "a record of a design", cure="restore it from git"):
        raw = parse_json(text)
        names = {entry.name for entry in fields(DesignRecord)}
        if not isinstance(raw, dict) or set(raw) != names:
            raise ValueError(f"it does not have just the fields {', '.join(sorted(names))}")
        record: DesignRecord = TypeAdapter(DesignRecord).validate_json(text, strict=True)
        if record.version != VERSION:
            raise ValueError(f"it is of version {record.version}, and this code reads version {VERSION}")
        return record


def parse_table(content: bytes, *, name: str) -> tuple[DesignRecord, ...]:
    """Return the records of a table in their order. Raises ValueError, naming the line, where it does not hold together."""
    lines = decode_text(content).splitlines()
    records = tuple(loads(line, where=f"{name}, line {number}") for number, line in enumerate(lines, start=1))
    seen: set[tuple[int, str]] = set()
    for number, record in enumerate(records, start=1):
        if record.key in seen:
            raise ValueError(f"{name}, line {number}: protocol {record.protocol}, {record.role}, stands there twice")
        seen.add(record.key)
    return records


def read_table(path: Path) -> tuple[DesignRecord, ...]:
    """Return the records of the table at `path`, none where there is no file."""
    return parse_table(path.read_bytes(), name=str(path)) if path.exists() else ()


@contextmanager
def hold_table(path: Path) -> Iterator[Callable[[DesignRecord], None]]:
    """Hold the table at `path` for this process, and yield what adds a sealed record to it, atomically.

    Raises RuntimeError while another process holds it. Adding raises ValueError for a run that stands there already, or
    is on other images than its protocol's others.
    """
    try:
        with hold_file(path, doing="fill the table", remedy=REMEDY):
            yield lambda record: _add(path, record)
    except HeldError:
        raise RuntimeError(f"another process fills the table {path}; wait for it, or stop it") from None


def append(path: Path, record: DesignRecord) -> None:
    """Add a sealed record to the table at `path`. Raises RuntimeError and ValueError as :func:`hold_table` does."""
    with hold_table(path) as add:
        add(record)


def _add(path: Path, record: DesignRecord) -> None:
    if record.digest != own_digest(record):
        raise ValueError("the record carries no digest of itself; append record.sealed()")
    before = path.read_bytes() if path.exists() else b""
    others = [other for other in parse_table(before, name=str(path)) if other.protocol == record.protocol]
    if any(other.key == record.key for other in others):
        raise ValueError(
            f"{path} has protocol {record.protocol}, {record.role}, already, and no record is ever changed"
        )
    if why := explain_other_images(each.data for each in (*others, record)):
        raise ValueError(f"{path}: in protocol {record.protocol} {why}; give another folder with --out")
    files.write_bytes(path, before + dumps(record).encode() + b"\n", doing="store the record", remedy=REMEDY)


def read_stored(design: str) -> tuple[DesignRecord, ...]:
    """Return the records of the repository's table of `design`, read on record; none where there is none yet.

    Raises ValueError for a table that cannot be read.
    """
    name = f"{FOLDER}/{design}.jsonl"
    return _parse_cached(files.read_bytes(name), name) if name in files.names(name) else ()


def read_current(design: str) -> tuple[DesignRecord, ...]:
    """Return those of the repository's records of `design` that are not stale. Raises ValueError as :func:`read_stored` does."""
    name = f"{FOLDER}/{design}.jsonl"
    return _current_cached(files.read_bytes(name), name) if name in files.names(name) else ()


def list_stored() -> tuple[str, ...]:
    """Return the names of the tables that the repository has below FOLDER."""
    return tuple(files.names(f"{FOLDER}/*.jsonl"))


@lru_cache(maxsize=4)
def _parse_cached(content: bytes, name: str) -> tuple[DesignRecord, ...]:
    return parse_table(content, name=name)


@lru_cache(maxsize=4)
def _current_cached(content: bytes, name: str) -> tuple[DesignRecord, ...]:
    return current(_parse_cached(content, name))


def states(records: Iterable[DesignRecord], *, confirmed: bool | None = None) -> dict[tuple[int, str], State]:
    """Return, for each record, why it is stale, and whether its code is unconfirmed.

    `confirmed`: whether golden runs confirm today's code (None: the ledger is asked).
    """
    today = code_digest()
    known = ledger.confirmation_of(today) is not None if confirmed is None else confirmed
    every = tuple(records)
    mixed = {number: _explain_mixed(row) for number, row in _by_protocol(every).items()}
    return {record.key: _state(record, today, known, mixed[record.protocol]) for record in every}


def current(records: Sequence[DesignRecord]) -> tuple[DesignRecord, ...]:
    """Return the records that are not stale."""
    found = states(records)
    return tuple(record for record in records if not found[record.key].stale)


def _by_protocol(records: Iterable[DesignRecord]) -> dict[int, dict[str, DesignRecord]]:
    rows: dict[int, dict[str, DesignRecord]] = {}
    for record in records:
        rows.setdefault(record.protocol, {})[record.role] = record
    return rows


def _explain_mixed(row: Mapping[str, DesignRecord]) -> str:
    why = explain_other_images(record.data for record in row.values())
    return why and f"in its protocol {why}"


def _state(record: DesignRecord, code: str, confirmed: bool, mixed: str) -> State:
    reasons = [mixed] if mixed else []
    if record.digest != own_digest(record):
        reasons.append("its content does not match its own digest: it was edited")
    if record.computes != PROTOCOL:
        reasons.append(f"protocol {record.computes}, now {PROTOCOL}")
    try:
        plan = DESIGNS[record.design].plan(record.protocol, record.role)
    except (KeyError, ValueError) as error:
        reasons.append(f"the design no longer has this run: {error}")
    else:
        if dict(record.levels) != dict(DESIGNS[record.design].draw()[record.protocol]):
            reasons.append("the design draws other levels for this protocol")
        now = (plan.experiment.name, plan.strategy.name, plan.seed, plan.profile.name, dict(plan.config))
        if now != (record.experiment, record.strategy, record.seed, record.profile, dict(record.config)):
            reasons.append("the design's run has other settings now")
        reasons += _impossible(record, plan)
    changed = record.recorded.get("code") != code and not confirmed
    return State(stale=tuple(reasons), unconfirmed=("a file that a run reaches",) if changed else ())


def _impossible(record: DesignRecord, plan: Plan) -> list[str]:
    """Return why no run can have given these numbers; nothing where one can."""
    if record.failure:
        return [] if not record.correct else ["it diverged, and has counts"]
    tasks = len(record.classes)
    shaped = [record.test_sizes, record.correct, record.magnitudes, record.scores, record.steps, record.distances]
    if not tasks or any(len(each) != tasks for each in (*shaped, *record.correct)):
        return ["its lists do not have an entry for each task"]
    for task, row in enumerate(record.correct):
        for old, count in enumerate(row):
            fits = count is not None and 0 <= count <= record.test_sizes[old]
            if fits != (old <= task) or (old > task and count is not None):
                return [f"task {old + 1} after task {task + 1}: {count} right of {record.test_sizes[old]}"]
    if record.data.get("name") != plan.dataset:
        return [f"data {record.data.get('name')!r}, now {plan.dataset!r}"]
    known = SOURCES[plan.dataset].labels
    if record.data.get("route") not in ("official", "embedded") and record.data.get("digest") not in known:
        return ["its images are not among those that this version knows"]
    return []


def complete_protocols(records: Iterable[DesignRecord]) -> dict[int, dict[str, DesignRecord]]:
    """Return, by number, the protocols whose runs are all there and on the same images, each by its role."""
    rows = sorted(_by_protocol(records).items())
    return {number: row for number, row in rows if set(row) == set(ROLES) and not _explain_mixed(row)}
