"""Golden runs: tiny runs whose outcome is stored, one for each strategy, network and kind of stream.

They guard behaviour. When one comes out otherwise, either it is a bug, or what runs compute has changed on purpose:
then raise ``PROTOCOL`` in the catalogue, write the golden runs anew, and repeat the stored results, which are now
stale. ``python -m cl_book.golden`` compares, with ``--write`` it writes; it refuses to replace what was
computed under the same protocol.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cl_core import files
from cl_core.experiments.catalogue import CATALOGUE, PROFILES, PROTOCOL
from cl_core.experiments.plan import Plan, assemble_plan, digest_json, list_settings
from cl_core.experiments.settings import SETTINGS
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import STRATEGIES, Treatment
from cl_core.runs.ledger import renamings
from cl_core.settings_base import Value
from cl_core.streams import DEFINITIONS

FOLDER = "tests/experiments/golden"
"""Where the golden runs are stored, from the top of the repository."""

NETWORKS = ("resnet", "mlp")

_SEED = 100
_TINY: Mapping[str, Value] = {"epochs": 1, "joint_epochs": 1, "head_warmup_steps": 3, "gradient_samples": 32}
_NETWORK: Mapping[str, Mapping[str, Value]] = {
    "resnet": {"width": 2, "many": 8, "modules": 8},
    "mlp": {"width": 8, "many": 2, "modules": 2},
}
_STREAM: Mapping[str, Mapping[str, Value]] = {
    "digits-split": {"batch": 64},
    "digits-permuted": {"batch": 256, "tasks": 3},
    "digits-correlated": {"batch": 16, "tasks": 4},
    "digits-corrupted": {"batch": 64},
    "digits-long": {"batch": 64, "tasks": 4},
    "digits-deng": {"batch": 64},
}
_LIMITS: Mapping[str, Value] = {name: field.examples[0] for name, field in SETTINGS.items() if field.examples}
_TOLERANCE = 1e-6


_VARIED: Mapping[str, tuple[str, str, Sequence[Value]]] = {
    "gains": ("averaged", "fractions", ("constant", "reversed", "gain", "raised")),
    "pulls": ("pulled", "pull", (0.03, 0.1, 0.3, 1.0)),
}
"""Groups of one strategy at the values of a setting that the reference runs give it."""

_OWN: Mapping[str, Callable[[Treatment], bool]] = {
    "averages": lambda strategy: "fractions" in strategy.reads,
    "baselines": lambda strategy: strategy.kind == "baseline",
    "steps": lambda strategy: "step" in strategy.reads,
}
_EXTRAS = (*_OWN, *_VARIED)
"""Groups on the first stream: averaging, the field's methods, Algorithm 1 with its controls, and those of _VARIED."""


_RENAMED = tuple(_STREAM)
"""The groups whose files were stored before any strategy was renamed."""


def groups() -> list[str]:
    """Return the names of the groups of golden runs, one for each stream and network, such as ``digits-split-mlp``."""
    return [f"{stream}-{network}" for stream in (*_STREAM, *_EXTRAS) for network in NETWORKS]


def plans(group: str) -> Iterator[Plan]:
    """Yield the runs of a group, each after the one that it follows."""
    part, _, network = group.rpartition("-")
    stream = next(iter(_STREAM)) if part in _EXTRAS else part
    experiment = replace(CATALOGUE[stream], network=network)
    given = {**_TINY, **_NETWORK[network], **_STREAM[stream], **_LIMITS, "threshold": 0.0}
    later = int(given.get("tasks", DEFINITIONS[stream].tasks)) - 1
    given["moves"] = ("fm" * later)[:later]
    for strategy in STRATEGIES.values():
        own = next((group for group, belongs in _OWN.items() if belongs(strategy)), None)
        varied = _VARIED.get(part)
        if strategy.name != varied[0] if varied else own != (part if part in _EXTRAS else None):
            continue
        used = list_settings(experiment, strategy)
        for changed in [{varied[1]: value} for value in varied[2]] if varied else [{}]:
            overrides = {name: value for name, value in {**given, **changed}.items() if name in used}
            yield assemble_plan(experiment, strategy, _SEED, PROFILES["smoke"], overrides=overrides)


def compute(group: str) -> dict[str, Any]:
    """Run a group and return its outcomes by strategy, in a group of _VARIED with the setting. Needs torch."""
    from cl_core.experiments.runner import execute

    done: dict[str, Result] = {}
    for plan in plans(group):
        source = None if plan.strategy.follows is None else done[plan.strategy.follows]
        varied = _VARIED.get(group.rpartition("-")[0])
        value = getattr(plan.settings, varied[1]) if varied else ""
        setting = f" {varied[1]}={value if isinstance(value, str) else f'{value:g}'}" if varied else ""
        done[plan.strategy.name + setting] = execute(plan, source=source)
    return {name: outcome(result) for name, result in done.items()}


def outcome(result: Result) -> dict[str, Any]:
    """Return what is stored of a run: counts and magnitudes, and numbers to nine digits."""
    return {
        "correct": [list(row) for row in result.correct],
        "train_correct": list(result.train_correct),
        "magnitudes": list(result.magnitudes),
        "steps": list(result.steps),
        "scores": [_rounded(score) for score in result.scores],
        "split_half": [_rounded(score) for score in result.split_half],
        "train_losses": [_rounded(loss) for loss in result.train_losses],
        "update_norms": [_rounded(_length(row)) for row in result.update_norms],
        "moved_share": [_rounded(share) for share in result.moved_share],
        "logit_changes": [_rounded(row[0]) for row in result.logit_changes],
    }


def differences(stored: Any, now: Any, where: str = "") -> list[str]:
    """Return where two outcomes differ: counts at all, numbers by more than one part in a million."""
    if isinstance(stored, dict) and isinstance(now, dict):
        keys = sorted({*stored, *now})
        return [d for key in keys for d in differences(stored.get(key), now.get(key), f"{where} {key}".strip())]
    if isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        return [d for i, (a, b) in enumerate(zip(stored, now, strict=True)) for d in differences(a, b, f"{where}[{i}]")]
    if isinstance(stored, float) and isinstance(now, float):
        return [] if math.isclose(stored, now, rel_tol=_TOLERANCE, abs_tol=1e-9) else [f"{where}: {stored}, now {now}"]
    return [] if stored == now else [f"{where}: {stored}, now {now}"]


def load(path: Path) -> dict[str, Any]:
    """Return a stored group: its protocol and its runs by strategy, under the names that strategies have today.

    The files of the first groups are older than the ledger's renamings and are not written again for them.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if path.stem.startswith(_RENAMED):
        names = {old: new for entry in renamings() for old, new in entry.names.items()}
        content["runs"] = {names.get(name, name): run for name, run in content["runs"].items()}
    return content


def digest(folder: Path) -> str:
    """Return the SHA-256 over the stored golden runs in `folder`, whatever their files' layout."""
    return digest_json({group: load(folder / f"{group}.json") for group in groups()})


def write(path: Path, runs: Mapping[str, Any]) -> bool:
    """Store the outcomes of a group; return whether anything changed.

    Raises ValueError where a stored run of the same protocol would change: raise ``PROTOCOL`` first. New runs may be
    added without.
    """
    if path.exists():
        stored = load(path)
        differing = [d for name in stored["runs"] for d in differences(stored["runs"][name], runs.get(name), name)]
        if differing and stored["protocol"] >= PROTOCOL:
            raise ValueError(
                f"{path.name} holds other numbers under the same protocol {stored['protocol']} ({differing[0]}, and "
                f"{len(differing) - 1} more); if the change is meant, raise PROTOCOL in cl_core/experiments/catalogue.py"
            )
        if not differing and stored["protocol"] == PROTOCOL and set(stored["runs"]) == set(runs):
            return False
    lines = (f"  {json.dumps(name)}: {json.dumps(run)}" for name, run in runs.items())
    files.write_text(path, f'{{"protocol": {PROTOCOL}, "runs": {{\n' + ",\n".join(lines) + "\n}}\n")
    return True


def main() -> None:
    """Compare all golden runs with what is stored, or write them."""
    parser = argparse.ArgumentParser(prog="python -m cl_book.golden", description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the outcomes; refused under an unchanged protocol")
    parser.add_argument("--folder", type=Path, default=(files.root() or Path.cwd()) / FOLDER)
    options = parser.parse_args()
    failed = False
    for group in groups():
        path, runs = options.folder / f"{group}.json", compute(group)
        if options.write:
            try:
                state = "written" if write(path, runs) else "unchanged"
            except ValueError as error:
                state, failed = f"refused: {error}", True
        else:
            stored = load(path)["runs"]
            differing = differences(stored, {name: runs.get(name) for name in stored})
            state, failed = (f"DIFFERS: {differing[0]}" if differing else "as stored"), failed or bool(differing)
        sys.stdout.write(f"{group}: {state}\n")
    sys.exit(failed)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.9g}")


def _length(row: tuple[float | None, ...]) -> float | None:
    known = [value for value in row if value is not None]
    return math.hypot(*known) if known else None


if __name__ == "__main__":
    main()
