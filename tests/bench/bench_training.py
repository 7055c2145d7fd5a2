"""How fast training is, as ratios against two plain ways: ``python -m bench.bench_training [FILE [REPEATS]]``.

The plain ways are a `TensorDataset` in a `DataLoader` with a loop in float32, and, where it is installed, Avalanche's
`Naive`; both with the same network as torch's own convolutions compute it, the same images, optimizer and batch. All
run on one thread, in this process and in turn, and their processor time is taken, so that what else the machine does
hardly shows. Each number is a ratio of medians. Networks, batches and epochs are those of profile cpu; the images are
random, as speed does not depend on them. What could not be measured alike is "not measured", never "met". Rows are
written to ``build/bench.json`` and never compared by a test.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader, TensorDataset

from bench import naive
from bench.peak import count_operations, measure_peak
from bench.rows import Row
from cl_core import files
from cl_core.experiments.machine import processor
from cl_core.experiments.plan import make_plan
from cl_core.learners.arrival import arrive
from cl_core.learners.evaluation import count_correct
from cl_core.learners.networks import Network, build_network
from cl_core.learners.prefix_memory import PrefixMemory
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task

REPEATS = 5

AGAINST_LOADER = {"float32": 1.3, "bfloat16": 2.0}
AGAINST_NAIVE = {"float32": 1.5, "bfloat16": 2.0}
"""Times as fast as the plain ways, which compute in float32, by our precision."""

FROZEN_SPEEDUP = 4.0
MOST_EVALUATION = 0.1

_FROZEN_BLOCKS = 2
_TASKS = 10
_EMULATED = "this processor's kernels do not compute in bfloat16, which is then emulated"
_NO_NAIVE = "Avalanche is not installed: make peers, and PYTHONPATH with its folder"


@dataclass(frozen=True)
class Case:
    """A network, how it is trained, and how many images to time it on."""

    spec: NetworkSpec
    recipe: Recipe
    image_shape: tuple[int, ...]
    images: int

    def network(self) -> Network:
        """Return the network, untrained."""
        return build_network(self.spec, tasks=_TASKS, classes=10, image_shape=self.image_shape, seed=0)

    def data(self, images: int, scored: int = 2) -> TaskData:
        """Return random images: `images` to train on and `scored` to score on."""
        draws = torch.Generator().manual_seed(0)
        channels = self.image_shape[2] if len(self.image_shape) == 3 else 1
        x, x_eval = (
            torch.randn(count, *self.image_shape[:2], channels, generator=draws).permute(0, 3, 1, 2)
            for count in (images, scored)
        )
        y, y_eval = (torch.randint(10, (count,), generator=draws) for count in (images, scored))
        return TaskData(x, y, x_eval, y_eval)


def cases() -> dict[str, Case]:
    """Return the two networks of profile cpu with their recipes, and the ResNet at twice its width, by name."""
    made = {}
    for name, experiment, shape, images in (
        ("resnet", "split-cifar100", (32, 32, 3), 512),
        ("mlp", "permuted-mnist", (28, 28), 16384),
    ):
        plan = make_plan(experiment, "initialized", 100, "cpu")
        made[name] = Case(plan.network, plan.recipe.replace(precision="float32"), shape, images)
    narrow = made["resnet"]
    return {**made, "resnet-wide": replace(narrow, spec=narrow.spec.replace(width=2 * narrow.spec.width))}


def plain_seconds(case: Case, clock: Callable[[], float] = time.process_time) -> float:
    """Return the seconds that the plain loop takes for one pass over the case's images, in float32."""
    network = case.network().to(memory_format=torch.contiguous_format).train()  # type: ignore[call-overload]
    data, recipe = case.data(case.images), case.recipe
    images = data.x_train.contiguous()
    loader = DataLoader(TensorDataset(images, data.y_train), batch_size=recipe.batch, shuffle=True, drop_last=True)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )
    begun = clock()
    for x, y in loader:
        loss = functional.cross_entropy(network(x, 0), y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return clock() - begun


def own_seconds(case: Case, precision: str) -> float:
    """Return the seconds that this package's training takes for one pass, up to its last step."""
    network, data = case.network(), case.data(case.images)
    ends = [0.0]

    def progress(done: int, total: int) -> None:
        ends[0] = time.process_time()

    begun = time.process_time()
    train_task(network, data, 0, len(network.blocks), case.recipe.replace(precision=precision, epochs=1), 0, progress)
    return ends[0] - begun


def task_seconds(case: Case, magnitude: int | None) -> float:
    """Return the seconds that one whole task takes when `magnitude` blocks may move (None: all)."""
    network, data = case.network(), case.data(case.images)
    begun = time.process_time()
    train_task(network, data, 0, len(network.blocks) if magnitude is None else magnitude, case.recipe, 0)
    return time.process_time() - begun


def evaluation_share(case: Case, magnitude: int | None) -> float:
    """Return the share of a run spent on scoring, in a run of ten tasks after the first of which `magnitude` blocks move.

    Each task has the case's number of training images and a fifth as many to score on, as in Split CIFAR-100. Scoring
    is that of all tasks seen so far, and of the task's own training images.
    """
    images = case.images
    network, recipe = case.network(), case.recipe
    memory = PrefixMemory(network)
    tasks = [case.data(images, images // 5) for _ in range(_TASKS)]
    scoring, gradient, last = 0.0, None, [0.0]

    def progress(done: int, total: int) -> None:
        last[0] = time.process_time()

    begun = time.process_time()
    for task, data in enumerate(tasks):
        arrived = arrive(network, data, task, recipe.replace(gradient_samples=images // 5), 0, gradient)
        gradient = arrived.gradient
        moved = len(network.blocks) if task == 0 or magnitude is None else magnitude
        train_task(network, data, task, moved, recipe, 0, progress)
        for known in range(task + 1):
            count_correct(memory.logits(tasks[known].x_eval, known), tasks[known].y_eval)
        scoring += time.process_time() - last[0]
    return scoring / (time.process_time() - begun)


def alternating(ways: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Return the median of `repeats` measurements of each way, taken in turn after one that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            seconds = way()
            if repeat:
                taken[name].append(seconds)
    return {name: statistics.median(values) for name, values in taken.items()}


def where_time_goes(way: Callable[[], float]) -> dict[str, float]:
    """Return the five operations that take most of the time of one measurement, with their shares."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        way()
    events = {event.key: float(event.self_cpu_time_total) for event in seen.key_averages()}
    total = sum(events.values())
    most = sorted(events, key=lambda name: events[name], reverse=True)[:5]
    return {name: round(events[name] / total, 3) for name in most}


def measure(*, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return every row, the medians behind them in images per second, and a profile of each row that missed its target."""
    made = cases()
    rows: list[Row] = []
    speeds: dict[str, int] = {}
    profiles: dict[str, dict[str, float]] = {}

    def tell(row: Row, way: Callable[[], float] | None = None) -> None:
        rows.append(row)
        say(str(row))
        if row.verdict == "missed" and way is not None:
            profiles[row.name] = where_time_goes(way)

    for name, case in made.items():
        ways = _list_ways(case)
        medians = alternating(ways, repeats)
        speeds |= {f"{name} · {way}": round(case.images / seconds) for way, seconds in medians.items()}
        for precision in ("float32", "bfloat16"):
            for peer, targets in (("DataLoader", AGAINST_LOADER), ("Naive", AGAINST_NAIVE)):
                row = _compare(f"{name} · {precision} · against {peer}", medians, peer, precision, targets[precision])
                tell(row, ways[precision])
        for precision, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
            tell(_reach(f"{name} · {precision} · share of the peak", case, medians, precision, kind, repeats))
    whole = replace(made["resnet"], recipe=made["resnet"].recipe.replace(epochs=5))
    tasks = alternating(
        {"all": lambda: task_seconds(whole, None), "few": lambda: task_seconds(whole, _FROZEN_BLOCKS)}, repeats
    )
    tell(
        Row("a task of two trailing blocks against one of all", tasks["all"] / tasks["few"], FROZEN_SPEEDUP),
        lambda: task_seconds(whole, _FROZEN_BLOCKS),
    )
    tell(
        Row("evaluation, share of a run", evaluation_share(made["resnet"], None), MOST_EVALUATION, most=True),
        lambda: evaluation_share(made["resnet"], None),
    )
    tell(Row("evaluation, share of a frozen run", evaluation_share(made["resnet"], 1)))
    return {
        "rows": [row.as_json() for row in rows],
        "images_per_second": speeds,
        "profiles_of_misses": profiles,
        "processor": processor(),
        "bfloat16_in_hardware": bfloat16_in_hardware(),
        "repeats": repeats,
        "torch": torch.__version__,
        "commit": commit(),
    }


def _compare(name: str, medians: dict[str, float], peer: str, precision: str, target: float) -> Row:
    if precision == "bfloat16" and not bfloat16_in_hardware():
        return Row(name, None, target, why_not=_EMULATED)
    if peer not in medians:
        return Row(name, None, target, why_not=_NO_NAIVE)
    return Row(name, medians[peer] / medians[precision], target)


def _reach(name: str, case: Case, medians: dict[str, float], precision: str, kind: torch.dtype, repeats: int) -> Row:
    if precision == "bfloat16" and not bfloat16_in_hardware():
        return Row(name, None, why_not=_EMULATED)
    asked = count_operations(case.network(), case.data(case.recipe.batch), case.recipe.batch) * case.images
    return Row(name, asked / medians[precision] / measure_peak(kind, repeats))


def bfloat16_in_hardware() -> bool:
    """Return whether this processor's kernels compute in bfloat16; where they do not, bfloat16 is emulated and slow."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def commit() -> str | None:
    """Return the checkout's commit, with ``+`` where files differ from it; None outside a checkout or without git."""
    top = files.root()
    if top is None:
        return None
    try:
        head, status = (
            subprocess.run(["git", *words], cwd=top, capture_output=True, text=True, check=True).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if status else "")


def main(arguments: list[str]) -> None:
    """Measure, print each ratio, and write the file named by the first argument (default ``build/bench.json``).

    The second is the number of measurements that each median is taken of (default 5).
    """
    torch.set_num_threads(1)
    console = Console(highlight=False)
    target = Path(arguments[0]) if arguments else (files.root() or Path()) / "build" / "bench.json"
    measured = measure(repeats=int(arguments[1]) if len(arguments) > 1 else REPEATS, say=console.print)
    files.write_text(target, json.dumps(measured, indent=1) + "\n")
    for name, shares in measured["profiles_of_misses"].items():
        console.print(f"{name}: missed; most time goes to {shares}")
    console.print(f"processor: {measured['processor']}")


def _list_ways(case: Case) -> dict[str, Callable[[], float]]:
    ways: dict[str, Callable[[], float]] = {
        "DataLoader": lambda: plain_seconds(case),
        "float32": lambda: own_seconds(case, "float32"),
        "bfloat16": lambda: own_seconds(case, "bfloat16"),
    }
    if naive.is_there():
        ways["Naive"] = lambda: naive.train_naively(case.network(), case.data(case.images), case.recipe)
    return ways


if __name__ == "__main__":
    main(sys.argv[1:])
