"""How fast training is, as ratios against the plain way: ``python -m bench.bench_training [FILE [REPEATS]]``.

The plain way is a `TensorDataset` in a `DataLoader` and a loop in float32, with the same network as torch's own
convolutions compute it, and the same optimizer, batch and number of passes. Both run on one thread, in this process and
in turn, and their processor time is taken, so that what else the machine does hardly shows; two processes or threads
are timed by the clock on the wall, which wants a machine at rest. Each number is a ratio of medians. Networks, batches
and epochs are those of profile cpu; the images are random, as speed does not depend on them. Ratios are written to
``build/bench.json`` and never compared by a test.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader, TensorDataset

from cl_core import files
from cl_core.experiments.plan import make_plan
from cl_core.learners.arrival import arrive
from cl_core.learners.evaluation import count_correct
from cl_core.learners.networks import Network, build_network
from cl_core.learners.prefix_memory import PrefixMemory
from cl_core.learners.recipe import NetworkSpec, Recipe
from cl_core.learners.tensors import TaskData
from cl_core.learners.training import train_task

REPEATS = 5

TARGETS = {
    "resnet_float32": 1.3,
    "resnet_bfloat16": 1.6,
    "mlp_float32": 1.3,
    "mlp_bfloat16": 1.8,
    "sweep_resnet_float32": 1.5,
    "sweep_resnet_bfloat16": 2.0,
    "frozen_speedup": 4.0,
}
"""Ratios to reach or pass; `evaluation_share` is to stay at or below MOST_EVALUATION."""

MOST_EVALUATION = 0.15

_FROZEN_BLOCKS = 2
_TASKS = 10


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
    """Return the two networks of profile cpu with their recipes, by name."""
    made = {}
    for name, experiment, shape, images in (
        ("resnet", "split-cifar100", (32, 32, 3), 512),
        ("mlp", "permuted-mnist", (28, 28), 16384),
    ):
        plan = make_plan(experiment, "initialized", 100, "cpu")
        made[name] = Case(plan.network, plan.recipe.replace(precision="float32"), shape, images)
    return made


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


def sweep_seconds(case: Case, precision: str) -> float:
    """Return the seconds that two processes of one thread each take for one pass each, both warm."""
    with _workers(2, threads=1) as pool:
        for _ in range(2):
            begun = time.perf_counter()
            for job in [pool.submit(own_seconds, case, precision) for _ in range(2)]:
                job.result()
        return time.perf_counter() - begun


def plain_two_threads_seconds(case: Case) -> float:
    """Return the seconds that the plain loop with two threads takes for one pass in float32, warm."""
    with _workers(1, threads=2) as pool:
        pool.submit(plain_seconds, case).result()
        return pool.submit(plain_seconds, case, time.perf_counter).result()


def where_time_goes(way: Callable[[], float]) -> dict[str, float]:
    """Return the five operations that take most of the time of one measurement, with their shares."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        way()
    events = {event.key: float(event.self_cpu_time_total) for event in seen.key_averages()}
    total = sum(events.values())
    most = sorted(events, key=lambda name: events[name], reverse=True)[:5]
    return {name: round(events[name] / total, 3) for name in most}


def measure(*, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return every ratio, the medians behind them in images per second, and a profile of each ratio below its target."""
    made = cases()
    ratios: dict[str, float] = {}
    speeds: dict[str, int] = {}
    profiles: dict[str, dict[str, float]] = {}
    for name, case in made.items():
        ways = _ways(case)
        medians = alternating(ways, repeats)
        speeds |= {f"{name}_{way}": round(case.images / seconds) for way, seconds in medians.items()}
        for precision in ("float32", "bfloat16"):
            key = f"{name}_{precision}"
            ratios[key] = medians["plain"] / medians[precision]
            if ratios[key] < TARGETS[key]:
                profiles[key] = where_time_goes(ways[precision])
            say(_line(key, ratios))
    resnet = made["resnet"]
    sweeps = alternating(
        {
            "plain": lambda: plain_two_threads_seconds(resnet),
            "float32": lambda: sweep_seconds(resnet, "float32"),
            "bfloat16": lambda: sweep_seconds(resnet, "bfloat16"),
        },
        repeats,
    )
    for precision in ("float32", "bfloat16"):
        key = f"sweep_resnet_{precision}"
        ratios[key] = 2 * sweeps["plain"] / sweeps[precision]
        say(_line(key, ratios))
    whole = replace(resnet, recipe=resnet.recipe.replace(epochs=5))
    tasks = alternating(
        {"all": lambda: task_seconds(whole, None), "few": lambda: task_seconds(whole, _FROZEN_BLOCKS)}, repeats
    )
    ratios["frozen_speedup"] = tasks["all"] / tasks["few"]
    if ratios["frozen_speedup"] < TARGETS["frozen_speedup"]:
        profiles["frozen_speedup"] = where_time_goes(lambda: task_seconds(whole, _FROZEN_BLOCKS))
    say(_line("frozen_speedup", ratios))
    shares = {
        "evaluation_share": evaluation_share(resnet, None),
        "evaluation_share_frozen": evaluation_share(resnet, 1),
    }
    say(f"evaluation_share: {shares['evaluation_share']:.0%} (target: at most {MOST_EVALUATION:.0%})")
    say(f"evaluation_share_frozen: {shares['evaluation_share_frozen']:.0%} (no target)")
    rounded = {name: round(value, 3) for name, value in {**ratios, **shares}.items()}
    return {
        **rounded,
        "images_per_second": speeds,
        "profiles_of_misses": profiles,
        "bfloat16_in_hardware": bfloat16_in_hardware(),
        "repeats": repeats,
        "torch": torch.__version__,
        "commit": commit(),
    }


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
        console.print(f"{name} is below its target; most time goes to {shares}")
    if not measured["bfloat16_in_hardware"]:
        console.print("bfloat16 is not in this processor's hardware: it is emulated, and slower than float32")


def _ways(case: Case) -> dict[str, Callable[[], float]]:
    return {
        "plain": lambda: plain_seconds(case),
        "float32": lambda: own_seconds(case, "float32"),
        "bfloat16": lambda: own_seconds(case, "bfloat16"),
    }


def _line(name: str, ratios: dict[str, float]) -> str:
    met = "met" if ratios[name] >= TARGETS[name] else "below"
    return f"{name}: {ratios[name]:.2f}× (target {TARGETS[name]:g}×: {met})"


@contextmanager
def _workers(count: int, *, threads: int) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(threads,)
    ) as pool:
        yield pool


if __name__ == "__main__":
    main(sys.argv[1:])
