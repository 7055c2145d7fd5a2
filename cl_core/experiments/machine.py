"""The machine that a run is made on: its device, what decides its arithmetic, and how many cores the job may use."""

import hashlib
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cl_core.naming import require_name

if TYPE_CHECKING:
    import torch

_CPU_LISTING = Path("/proc/cpuinfo")
_CGROUPS = Path("/sys/fs/cgroup")
_ISA_LIMITS = ("ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "OPENBLAS_CORETYPE")

DEVICE = "CL_DEVICE"
"""Name of the environment variable that says where a run computes, ``cpu`` or ``cuda``."""

_DEVICES = ("cpu", "cuda")

ARITHMETIC = ("system", "processor", "family", "flags", "capability", "limits", "device", "threads")
"""Entries of :func:`hardware` that decide how numbers round. A name is not enough: cloud machines of two generations
are called alike."""


def choose_device(*, gpu: bool) -> "torch.device":
    """Return where a run computes: what $CL_DEVICE says, else with `gpu` a GPU where there is one, else the processor.

    Raises ValueError where it names no device, RuntimeError where there is none of that kind. Needs torch.
    """
    import torch

    present = torch.cuda.is_available()
    name = os.environ.get(DEVICE) or ("cuda" if gpu and present else "cpu")
    require_name(f"device (in ${DEVICE})", name, _DEVICES)
    if name == "cuda" and not present:
        raise RuntimeError(f"${DEVICE} is cuda, and torch {torch.__version__} sees no GPU here; unset it")
    return torch.device(name)


@contextmanager
def compute_on(device: "torch.device", *, tf32: bool) -> "Iterator[None]":
    """Let a GPU repeat itself to the bit, and round its convolutions to TF32 where `tf32` says so; leave a CPU as it is."""
    if device.type == "cpu":
        yield
        return
    import torch

    chosen = {"allow_tf32": tf32, "deterministic": True, "benchmark": False}
    before = {name: getattr(torch.backends.cudnn, name) for name in chosen}
    try:
        for name, value in chosen.items():
            setattr(torch.backends.cudnn, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(torch.backends.cudnn, name, value)


def hardware(*, threads: int, device: "torch.device | str" = "cpu") -> dict[str, Any]:
    """Return this machine's system, processor and cores, and the device and threads that a run used.

    `family` is the processor's family and model, `flags` the first 16 digits of the SHA-256 of what it can do,
    `capability` the instruction set that torch chose, and of a GPU its own and how its convolutions round, as
    :func:`compute_on` has set it; `limits` the environment's limits on it. Needs torch.
    """
    import torch

    used = torch.device(device)

    entries = _read_cpu()
    flags = " ".join(sorted(entries.get("flags", entries.get("Features", "")).split()))
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "family": " ".join(entries[key] for key in ("cpu family", "model", "CPU part") if key in entries),
        "flags": hashlib.sha256(flags.encode()).hexdigest()[:16] if flags else "",
        "capability": _describe_capability(used),
        "limits": " ".join(f"{name}={os.environ[name]}" for name in _ISA_LIMITS if os.environ.get(name)),
        "cores": count_cores(),
        "device": torch.cuda.get_device_name(used) if used.type == "cuda" else used.type,
        "threads": threads,
    }


def _describe_capability(device: "torch.device") -> str:
    import torch

    cpu: str = torch.backends.cpu.get_cpu_capability()
    if device.type == "cpu":
        return cpu
    major, minor = torch.cuda.get_device_capability(device)
    rounding = "TF32" if torch.backends.cudnn.allow_tf32 else "float32"
    return f"{cpu}, CUDA {major}.{minor}, convolutions in {rounding}"


def have_same_arithmetic(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two machines round alike: every entry of ARITHMETIC is known of both and the same."""
    return all(name in one and one[name] == other.get(name) for name in ARITHMETIC)


def processor() -> str:
    """Return the name of this machine's processor, ``unknown`` where the system does not tell."""
    return _read_cpu().get("model name") or platform.processor() or "unknown"


def count_cores() -> int:
    """Return how many cores this process may use, at least 1: of the machine's those that affinity, cgroup and job allow."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [affinity, *_read_quotas()]
    job = os.environ.get("SLURM_CPUS_PER_TASK", "")
    if job.isdecimal() and int(job) > 0:
        limits.append(int(job))
    return max(1, min(limits))


def _read_quotas() -> list[int]:
    """Return the cores that control groups, of version 2 and 1, let this process have; empty where they set no limit."""
    quotas = []
    for name, period_name in (("cpu.max", None), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = (_CGROUPS / name).read_text(encoding="utf-8").split()
            if period_name is not None:
                words += (_CGROUPS / period_name).read_text(encoding="utf-8").split()
            quota, period = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):
            continue
        if quota > 0 and period > 0:
            quotas.append(max(1, quota // period))
    return quotas


def _read_cpu() -> dict[str, str]:
    """Return what the system says of the first core, by name."""
    try:
        text = _CPU_LISTING.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
