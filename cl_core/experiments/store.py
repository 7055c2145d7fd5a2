"""Results on disk: one JSON a run, read purely, written once and atomically, never edited.

A result holds what a run computed, what decides it (`config`, `overrides`, `data`, `protocol`, `source`), what is only
`recorded` (times, versions, hardware, digests of files), and a `digest` of itself. Metrics are derived on reading.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cl_core import files, metrics
from cl_core.experiments.plan import digest_json
from cl_core.metric_table import MEASURES
from cl_core.naming import require_name
from cl_core.parsing import decode_text, explain_unreadable, parse_json
from cl_core.settings_base import Value

RESULTS = "results"
"""Name of the repository's folder of reference results."""

VALIDATION = "validation"
"""Folder below the results for the runs that choices were made with; they are no reference results."""

RETEST = "retest"
"""Folder below the results for first makings of reference results, on another machine; they decide nothing."""

APART = (VALIDATION, RETEST)
"""Folders below the results that hold no reference results."""

REMEDY = "give another folder with --out"
"""What helps where a result cannot be stored."""

VERSION = 1
"""Version of the files' form. A file that names none is of version 1, and version 1 is not written into a file."""

SECOND = frozenset({"class_correct", "held"})
"""Fields that are a second reading of the same numbers, and do not decide a run's outcome."""

OPTIONAL = SECOND | {"curvatures", "drifts"}
"""Fields that a file need not have: those, and what is measured only where a run is asked to."""

Row = tuple[float | None, ...]
Counts = tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One finished run of M tasks on a network of K shared blocks. None stands where a quantity does not exist.

    Each field's description says its shape, meaning and unit; results/README.md has them as a table.
    """

    experiment: Annotated[
        str,
        Field(description="Name of the experiment, as in the catalogue: a stream of tasks and a network."),
    ]
    strategy: Annotated[
        str,
        Field(description="Name of the strategy, control or limit that decided how much may move."),
    ]
    seed: Annotated[
        int,
        Field(
            description="Decides class order, first weights and minibatches; from 100 on the run is scored on validation images."
        ),
    ]
    profile: Annotated[str, Field(description="Size of the run: smoke, cpu or paper.")]
    protocol: Annotated[int, Field(description="Version of what a run computes; a result of an older one is stale.")]
    overrides: Annotated[
        Mapping[str, Value],
        Field(description="Settings that were changed from the profile's own, by name."),
    ]
    config: Annotated[
        Mapping[str, Value],
        Field(
            description="Every setting that the run read, with its value; digests of the source of what came from outside."
        ),
    ]
    data: Annotated[
        Mapping[str, Any],
        Field(
            description="The images: data set (name), in words (label), route, and digests of the images and of the stream of tasks."
        ),
    ]
    source: Annotated[
        Mapping[str, str] | None,
        Field(description="The run that a control follows: its name, digest and outcome; null for any other run."),
    ] = None
    classes: Annotated[tuple[int, ...], Field(description="[M] Number of classes of each task.")]
    test_sizes: Annotated[tuple[int, ...], Field(description="[M] Number of images that each task is scored on.")]
    train_sizes: Annotated[tuple[int, ...], Field(description="[M] Number of training images of each task.")]
    correct: Annotated[
        tuple[Counts, ...],
        Field(
            description="[M][M] Right answers on task k (column) after task t (row), out of test_sizes[k]; null above the diagonal."
        ),
    ]
    train_correct: Annotated[
        Counts,
        Field(description="[M] Right answers on a task's own training images after its training, out of train_sizes."),
    ]
    train_losses: Annotated[
        Row,
        Field(description="[M] Mean cross-entropy on a task's own training images after its training, in nats."),
    ]
    magnitudes: Annotated[Counts, Field(description="[M] Number of shared blocks that could move in each task.")]
    scores: Annotated[
        Row,
        Field(
            description="[M] How alike a task's gradient at its arrival and the last task's are (setting metric); null for the first task."
        ),
    ]
    split_half: Annotated[
        Row,
        Field(description="[M] The same score of the two halves of a task's own gradient sample with each other."),
    ]
    score_halves: Annotated[
        tuple[Row, ...],
        Field(description="[M][2] The score that either half of the gradient sample alone would give."),
    ]
    arrival_losses: Annotated[
        Row,
        Field(description="[M] Mean cross-entropy on a task's gradient sample at its arrival, in nats."),
    ]
    steps: Annotated[Counts, Field(description="[M] Number of gradient steps of each task.")]
    block_parameters: Annotated[
        tuple[int, ...],
        Field(description="[K] Number of parameters of each shared block, first layer first."),
    ]
    moved_share: Annotated[Row, Field(description="[M] Share of the shared parameters that could move, 0 to 1.")]
    update_norms: Annotated[tuple[Row, ...], Field(description="[M][K] Length of the change of each block by a task.")]
    relative_norms: Annotated[
        tuple[Row, ...],
        Field(description="[M][K] The same over the block's length before the task."),
    ]
    logit_changes: Annotated[
        tuple[Row, ...],
        Field(
            description="[M][M] Change of task k's logits (column) by task t (row), relative to their size; null for tasks not yet seen."
        ),
    ]
    recorded: Annotated[
        Mapping[str, Any],
        Field(
            description="What decides nothing: times (s), begun (how often each task was begun), machine, versions, digests of "
            "the code files (files), of those that came from outside (plugins), and of the book's pages and claims and a user's "
            "own claims (stated) as they stood."
        ),
    ] = field(default_factory=dict)
    class_correct: Annotated[
        tuple[Counts, ...],
        Field(
            description="[M][M] The class-incremental counts, as `correct` but for the largest output over the heads of all "
            "tasks seen; absent from results made before it was counted, and where all tasks share a head."
        ),
    ] = ()
    held: Annotated[
        Counts,
        Field(
            description="[M] Algorithm 1's count h after each task, for the rule and its controls: the leading blocks held "
            "fixed for the task, or under literal those that move; the first is the setting start, and binds nothing."
        ),
    ] = ()
    curvatures: Annotated[
        Row,
        Field(
            description="[M] ½ΔᵀHΔ in nats, the mean over the earlier tasks: Δ a task's update of the shared parameters, H the "
            "Hessian of an earlier task's loss before it, on held-out images; null for the first task, and absent unless "
            "effects are measured."
        ),
    ] = ()
    drifts: Annotated[
        Row,
        Field(
            description="[M] KL divergence in nats of the earlier heads' answers to a task's held-out images after its training "
            "from those before, the mean over these heads; null for the first task, and absent unless effects are measured."
        ),
    ] = ()
    digest: Annotated[str, Field(description="SHA-256 of all the rest, as JSON with sorted keys and no spaces.")] = ""

    @property
    def tasks(self) -> int:
        """Number M of tasks."""
        return len(self.correct)

    @property
    def outcome(self) -> str:
        """Digest of what decides and what was computed, without what is only recorded, here or in the run it follows.

        The fields of SECOND are left out, as they are a second reading of the same numbers: a run that was made before
        they were written down and the same run made today have one outcome.
        """
        content = {k: v for k, v in _content(self).items() if k not in {"recorded", "digest", *SECOND}}
        return digest_json({**content, "source": self.source and self.source["outcome"]})

    def sealed(self) -> "Result":
        """Return the result with its own digest filled in."""
        return replace(self, digest=own_digest(self))


def own_digest(result: Result) -> str:
    """Return the SHA-256 of everything in `result` but its stored digest."""
    return digest_json({k: v for k, v in _content(result).items() if k != "digest"})


def _content(result: Result) -> dict[str, Any]:
    """Return the fields of `result` that stand in its file."""
    return {name: value for name, value in vars(result).items() if name not in OPTIONAL or value != ()}


def accuracies(result: Result, which: Literal["correct", "class_correct"] = "correct") -> NDArray[np.float64]:
    """Return the accuracy matrix (M, M): a[t, k] on task k after task t, 0 to 1, NaN where there is none.

    `which` names the counts: with each task's own head, or over all heads; (0, 0) where a result has none of these.
    """
    rows = getattr(result, which)
    if not rows:
        return np.empty((0, 0))
    counts = np.array([[np.nan if c is None else c for c in row] for row in rows], dtype=np.float64)
    return counts / np.array(result.test_sizes, dtype=np.float64)


def metric(result: Result, name: str) -> float:
    """Return the metric `name` of MEASURES as a fraction; NaN where the run has none (joint training forgets nothing).

    Raises ValueError for a name that is no metric, with the nearest one.
    """
    require_name("metric", name, MEASURES)
    matrix = accuracies(result, MEASURES[name].counts)
    if matrix.size == 0:
        return float("nan")
    if name in ("avg_acc", "class_avg_acc"):
        return float(np.mean(matrix[-1]))
    alone = result.tasks < 2 and name != "task_acc"
    if alone or np.isnan(matrix[np.tril_indices(result.tasks)]).any():
        return float("nan")
    if name == "lost_share":
        return metrics.lost_share(matrix, [1 / classes for classes in result.classes])
    return float(MEASURES[name].of(matrix))


def flags(result: Result) -> tuple[str, ...]:
    """Return in words what makes a result doubtful: tasks not learned beyond chance by two standard errors."""
    doubts = []
    for task, (row, size, classes) in enumerate(zip(result.correct, result.test_sizes, result.classes, strict=True)):
        chance, count = 1 / classes, row[task]
        error = (chance * (1 - chance) / size) ** 0.5
        if count is not None and count / size <= chance + 2 * error:
            doubts.append(f"task {task + 1} is not above chance by two standard errors ({count} of {size} right)")
    return tuple(doubts)


def dumps(result: Result) -> str:
    """Return the text of a result: JSON, one key a line, one row of a matrix a line, ending in a newline."""
    lines = [f"{json.dumps(key)}: {_layout(value)}" for key, value in _content(result).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def loads(text: str | bytes, *, where: str) -> Result:
    """Return the result in `text`; `where` names its place in errors.

    Raises ValueError, in one line, if it is not one: whatever the bytes, and whatever the types in it.
    """
    with explain_unreadable(where, "JSON", cure="restore it from git or run it again"):
        text = decode_text(text) if isinstance(text, bytes) else text
        raw = parse_json(text)
    version = raw.pop("version", 1) if isinstance(raw, dict) else 1
    if version != VERSION or isinstance(version, bool):
        raise ValueError(
            f"{where} is of version {version!r} of the results' form, and this code reads version {VERSION}; update cl_core"
        )
    names = {entry.name for entry in fields(Result)}
    keys = set(raw) if isinstance(raw, dict) else set()
    if keys | OPTIONAL != names:
        missing, unknown = sorted(names - keys - OPTIONAL), [key[:40] for key in sorted(keys - names)[:5]]
        raise ValueError(f"{where} is not a result of version {VERSION}: missing {missing}, unknown {unknown}")
    _require_types(text, raw, where)
    result = Result(**{key: _frozen(value) for key, value in raw.items()})
    _require_shapes(result, where)
    _require_ranges(result, where)
    return result


def load(name: str | Path) -> Result:
    """Return one result: a repository name such as ``results/cpu/split-cifar100/two-level-0.json``, or a path.

    A repository name is read on record, through :mod:`cl_core.files`; a Path is read as it is.
    """
    with explain_unreadable(name, "a file that can be read", cure="give a result's file"):
        if isinstance(name, Path) and name.is_fifo():
            raise ValueError("it is a pipe, and a reader would wait for whoever writes into it")
        content = name.read_bytes() if isinstance(name, Path) else files.read_bytes(name)
    return loads(content, where=str(name))


def stored(pattern: str = "*") -> list[str]:
    """Return the names of the repository's results below results/ that match `pattern`, sorted; the listing is recorded.

    A result stands in a folder of its profile; files directly in results/ are about the results. What stands apart, in a
    folder of APART, is no reference result: it is listed by a pattern that begins with that folder alone.
    """
    apart = is_apart(pattern)
    return [
        name
        for name in files.names(f"{RESULTS}/{pattern}")
        if name.endswith(".json") and name.count("/") > 1 and is_apart(name.removeprefix(f"{RESULTS}/")) == apart
    ]


def is_apart(name: str) -> bool:
    """Return whether the result called `name` below the results folder is no reference result."""
    return name.partition("/")[0] in APART


def find(
    experiment: str, strategy: str, profile: str, *, overrides: Mapping[str, Value] | None = None
) -> Iterator[Result]:
    """Yield the repository's results of one experiment, strategy and profile with just these overrides, by seed."""
    wanted = dict(overrides or {})
    own = re.compile(re.escape(strategy) + r"(~[0-9a-f]+)?-[0-9]+\.json")
    names = stored(f"{profile}/{experiment}/{strategy}[-~]*")
    results = [load(name) for name in names if own.fullmatch(name.rpartition("/")[2])]
    yield from sorted((r for r in results if dict(r.overrides) == wanted), key=lambda result: result.seed)


def save(result: Result, path: Path) -> None:
    """Write `result`, sealed, to `path` atomically. Raises FileExistsError where a result stands: none is ever edited."""
    if path.exists():
        raise FileExistsError(f"{path} exists, and no command edits a result; move it away to run it again")
    if result.digest != own_digest(result):
        raise ValueError(f"the result for {path} carries no digest of itself; save result.sealed()")
    files.write_text(path, dumps(result), doing="store the result", remedy=REMEDY)


def _layout(value: Any) -> str:
    compact = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, Sequence) and not isinstance(value, str) and value and isinstance(value[0], Sequence):
        rows = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in value)
        return "[\n  " + ",\n  ".join(rows) + "\n]"
    if isinstance(value, Mapping) and value:
        pairs = (f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False, allow_nan=False)}" for k, v in value.items())
        return "{\n  " + ",\n  ".join(pairs) + "\n}"
    return compact


def _frozen(value: Any) -> Any:
    return (
        tuple(_frozen(item) if isinstance(item, list) else item for item in value) if isinstance(value, list) else value
    )


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Data(_Part):
    name: str
    label: str
    route: str
    digest: str
    stream: str | None = None


class _Source(_Part):
    name: str
    digest: str
    outcome: str


class _Recorded(_Part):
    times: Mapping[str, float] = {}
    begun: list[int] = []
    machine: Mapping[str, str | int] = {}
    versions: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    pages: Mapping[str, str] = {}
    claims: Mapping[str, str] = {}
    stated: Mapping[str, str] = {}
    plugins: Mapping[str, str] = {}


@cache
def _adapter() -> TypeAdapter[Result]:
    return TypeAdapter(Result)


def _require_types(text: str | bytes, raw: Mapping[str, Any], where: str) -> None:
    """Raise ValueError where an entry is of another type than its field."""
    place = ""
    try:
        _adapter().validate_json(text, strict=True)
        for place, kind in (("data", _Data), ("source", _Source), ("recorded", _Recorded)):
            if raw[place] is not None:
                kind.model_validate(raw[place])
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        entry = ".".join(str(part) for part in (place, *fault["loc"]) if part != "")
        raise ValueError(
            f"{where} is not a result: {entry}: {fault['msg']}; restore it from git or run it again"
        ) from None


def _require_ranges(result: Result, where: str) -> None:
    """Raise ValueError where a count or a share lies out of its range."""
    for name, least in (("classes", 1), ("test_sizes", 1), ("train_sizes", 1), ("block_parameters", 0)):
        if any(value < least for value in getattr(result, name)):
            raise ValueError(f"{where}: an entry of {name} is below {least}")
    if result.seed < 0:
        raise ValueError(f"{where}: seed {result.seed} is below 0")
    lengths = [value for row in (*result.update_norms, *result.relative_norms) for value in row]
    for name, values in (("steps", result.steps), ("train_losses", result.train_losses), ("a norm", lengths)):
        if any(value is not None and value < 0 for value in values):
            raise ValueError(f"{where}: an entry of {name} is below 0")
    blocks = len(result.block_parameters)
    limits: Mapping[str, tuple[float, ...]] = {
        "train_correct": result.train_sizes,
        "magnitudes": (blocks,) * result.tasks,
        "moved_share": (1,) * result.tasks,
    }
    for name, most in limits.items():
        for value, limit in zip(getattr(result, name), most, strict=True):
            if value is not None and not 0 <= value <= limit:
                raise ValueError(f"{where}: {value} in {name} is not from 0 to {limit}")


def _require_shapes(result: Result, where: str) -> None:
    tasks, blocks = result.tasks, len(result.block_parameters)
    per_task = (
        "classes",
        "test_sizes",
        "train_sizes",
        "train_correct",
        "train_losses",
        "magnitudes",
        "scores",
        "split_half",
        "score_halves",
    )
    for name in (
        *per_task,
        "arrival_losses",
        "steps",
        "moved_share",
        "update_norms",
        "relative_norms",
        "logit_changes",
    ):
        if len(getattr(result, name)) != tasks:
            raise ValueError(f"{where}: {name} has {len(getattr(result, name))} entries for {tasks} tasks")
    for name, width in (
        ("correct", tasks),
        ("logit_changes", tasks),
        ("update_norms", blocks),
        ("relative_norms", blocks),
        ("score_halves", 2),
    ):
        if any(len(row) != width for row in getattr(result, name)):
            raise ValueError(f"{where}: a row of {name} does not have {width} entries")
    for name in ("held", "curvatures", "drifts"):
        if getattr(result, name) and len(getattr(result, name)) != tasks:
            raise ValueError(f"{where}: {name} has {len(getattr(result, name))} entries for {tasks} tasks")
    if result.class_correct and [len(row) for row in result.class_correct] != [tasks] * tasks:
        raise ValueError(f"{where}: class_correct is not {tasks} rows of {tasks} entries")
    for name in ("correct", "class_correct"):
        for row in getattr(result, name):
            for count, size in zip(row, result.test_sizes, strict=True):
                if count is not None and not 0 <= count <= size:
                    raise ValueError(f"{where}: {count} right answers out of {size} in `{name}`")
