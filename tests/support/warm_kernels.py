"""Kernels for nbval from a process that has loaded the notebooks' libraries: ``pytest -p support.warm_kernels …``.

Loading them takes more of a processor than most cells do, and each notebook would do it again. The names of a notebook
are its own all the same: what it does not import it does not have. Where a fork is not safe nothing changes; and
``cl-core refresh``, whose outputs nbval compares, starts a process for each notebook.
"""

import multiprocessing
import multiprocessing.forkserver
import os
import sys
from pathlib import Path
from typing import Any

import jupyter_client.provisioning.local_provisioner as provisioner

FORKS = multiprocessing.get_context("forkserver") if sys.platform == "linux" else None


class ForkedKernel:
    """The part of a :class:`subprocess.Popen` that a kernel's manager uses."""

    stdin = stdout = stderr = None

    def __init__(self, command: list[str], env: dict[str, str], cwd: str | None) -> None:
        apart, ready = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=_run, args=(command, env, cwd, ready), daemon=True)
        self.process.start()
        # Signals go to the kernel's group, which until then is this process's own.
        apart.recv()

    @property
    def pid(self) -> int:
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self.process.join(timeout)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


def launch(command: list[str], env: dict[str, str], cwd: str | None = None, **_: Any) -> ForkedKernel:
    """Start the kernel of ``python -m ipykernel_launcher …``, as jupyter_client asks for it."""
    return ForkedKernel(command, env, cwd)


def _run(command: list[str], env: dict[str, str], cwd: str | None, ready: Any) -> None:
    os.setsid()
    ready.send(None)
    os.environ.clear()
    # A kernel ends with its parent, which is the process that it was forked from.
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(cwd or ".")
    # As for `python -m` there, so that modules beside the notebook are found.
    sys.path.insert(0, str(Path.cwd()))
    from ipykernel import kernelapp

    kernelapp.launch_new_instance(argv=command[command.index("ipykernel_launcher") + 1 :])


def pytest_configure() -> None:
    """Have every kernel that is started from here on forked."""
    if FORKS is not None:
        # As each kernel sets it, before matplotlib is loaded.
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        FORKS.set_forkserver_preload(["support.loaded_libraries"])
        provisioner.launch_kernel = launch


def pytest_unconfigure() -> None:
    """Wait for the process, so that what it and its kernels took counts as this one's."""
    if FORKS is not None:
        multiprocessing.forkserver._forkserver._stop()
