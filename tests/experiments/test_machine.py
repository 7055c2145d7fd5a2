"""The machine of a run: known by what decides its arithmetic, with the cores that the job may use."""

import os
import subprocess
import sys

import pytest
import torch

from cl_core.experiments import machine
from cl_core.experiments.machine import ARITHMETIC, count_cores, hardware, have_same_arithmetic

LISTING = (
    "processor : 0\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nflags\t\t: fpu {}avx2\n\nprocessor : 1\n"
)


@pytest.fixture
def listing(tmp_path, monkeypatch):
    """Write what the system says of its processor."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine, "_CPU_LISTING", path)
    path.write_text(LISTING.format(""), encoding="utf-8")
    return path


def test_a_machine_is_the_same_as_itself(listing):
    here = hardware(threads=1)
    assert (here["processor"], here["family"], here["threads"], here["device"]) == ("AMD EPYC", "25 1", 1, "cpu")
    assert set(ARITHMETIC) < set(here)
    assert have_same_arithmetic(here, hardware(threads=1))
    assert not have_same_arithmetic(here, hardware(threads=2))


@pytest.mark.parametrize(
    "change",
    [
        lambda path, _: path.write_text(LISTING.format("avx512f "), encoding="utf-8"),
        lambda path, _: path.write_text(LISTING.format("").replace("family\t: 25", "family\t: 26"), encoding="utf-8"),
        lambda _, environment: environment.setenv("DNNL_MAX_CPU_ISA", "SSE41"),
        lambda _, environment: environment.setattr("torch.backends.cpu.get_cpu_capability", lambda: "DEFAULT"),
    ],
    ids=["other flags", "other family", "limited by the environment", "another instruction set"],
)
def test_two_machines_of_one_name_are_told_apart(listing, monkeypatch, change):
    before = hardware(threads=1)
    change(listing, monkeypatch)
    after = hardware(threads=1)
    assert before["processor"] == after["processor"]
    assert not have_same_arithmetic(before, after)


def test_a_machine_of_which_only_the_name_is_known_is_none_that_is_known():
    old = {"system": "Linux x86_64", "processor": "AMD EPYC", "cores": 2, "device": "cpu", "threads": 1}
    assert not have_same_arithmetic(old, old)
    assert not have_same_arithmetic({}, {})


def test_the_number_of_cores_decides_no_bit(listing):
    here = hardware(threads=1)
    assert have_same_arithmetic(here, {**here, "cores": 64})


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CPU_LISTING", tmp_path / "none")
    assert hardware(threads=1)["flags"] == ""
    assert machine.processor()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"cpu.max": "150000 100000"}, 1),
        ({"cpu.max": "300000 100000"}, 3),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "nonsense"}, 8),
        ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({}, 8),
    ],
)
def test_the_cores_are_those_of_the_control_group(tmp_path, monkeypatch, written, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert count_cores() == expected
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "2")
    assert count_cores() == min(expected, 2)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system knows no affinity")
def test_the_cores_are_those_that_the_process_may_use():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    code += "from cl_core.experiments.machine import count_cores; print(count_cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize(
    ("named", "gpu", "present", "device"),
    [
        (None, False, True, "cpu"),
        (None, True, True, "cuda"),
        (None, True, False, "cpu"),
        ("", True, True, "cuda"),
        ("cpu", True, True, "cpu"),
        ("cuda", False, True, "cuda"),
    ],
)
def test_the_device_is_the_named_one_else_the_profile_s_where_there_is_one(monkeypatch, named, gpu, present, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: present)
    monkeypatch.delenv(machine.DEVICE, raising=False)
    if named is not None:
        monkeypatch.setenv(machine.DEVICE, named)
    assert machine.choose_device(gpu=gpu) == torch.device(device)


def test_a_device_that_there_is_not_is_said_in_one_line(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setenv(machine.DEVICE, "gpu")
    with pytest.raises(
        ValueError, match=r"^There is no device \(in \$CL_DEVICE\) 'gpu'; did you mean 'cpu'\? There are cpu, cuda.$"
    ):
        machine.choose_device(gpu=True)
    monkeypatch.setenv(machine.DEVICE, "cuda")
    with pytest.raises(RuntimeError, match=r"^\$CL_DEVICE is cuda, and torch .* sees no GPU here; unset it$"):
        machine.choose_device(gpu=False)


@pytest.mark.parametrize(("tf32", "rounding"), [(True, "TF32"), (False, "float32")])
def test_a_gpu_repeats_itself_and_its_machine_says_how_it_rounds(listing, monkeypatch, tf32, rounding):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "Card 1")
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: (9, 0))
    cudnn = torch.backends.cudnn
    before = (cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark)
    with machine.compute_on(torch.device("cuda"), tf32=tf32):
        assert (cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark) == (tf32, True, False)
        there = hardware(threads=1, device="cuda")
    assert (cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark) == before
    assert there["device"] == "Card 1"
    assert there["capability"].endswith(f", CUDA 9.0, convolutions in {rounding}")
    assert not have_same_arithmetic(there, hardware(threads=1))


def test_a_processor_is_left_as_it_is():
    before = torch.backends.cudnn.deterministic
    with machine.compute_on(torch.device("cpu"), tf32=True):
        assert torch.backends.cudnn.deterministic == before
