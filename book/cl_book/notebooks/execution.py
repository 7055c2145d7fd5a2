"""Execute a notebook with papermill: one thread, the running Python, and a record of the files read."""

import contextlib
import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from cl_book.notebooks import notebook as notebooks
from cl_book.notebooks.normalise import find_home, normalise_notebook
from cl_book.notebooks.notebook import METADATA, Notebook
from cl_core import files
from cl_core.extras import missing_extra

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
_FOLDERS = ("CL_CACHE_DIR", "CL_DATA_DIR")
_REMEDY = "set TMPDIR to a folder on another disk"
_PAPERMILL_MARK = "papermill-error-cell-tag"
_INJECTED = "injected-parameters"
"""Tag of the cell in which papermill sets a run's parameters, behind the chapter's own."""


@dataclass(frozen=True)
class Failure:
    """A cell that raised: its number among the code cells from 1, its source, and the error as Python shows it.

    `signal` is the number of the signal that stopped the run in this cell, 0 where none did.
    """

    cell: int
    source: str
    error: str
    signal: int = 0


@dataclass(frozen=True)
class Execution:
    """A notebook after a run: normalised, with what it read (names and ``listing:`` patterns), seconds, and the failure."""

    notebook: Notebook
    reads: tuple[str, ...]
    seconds: float
    failure: Failure | None


def make_bare(notebook: Notebook) -> Notebook:
    """Return a copy of `notebook` as it is executed: normalised, the chapter's own cells alone, without outputs and notes."""
    bare = normalise_notebook(notebook)
    bare.metadata.pop(METADATA, None)
    bare.cells = [
        cell for cell in bare.cells if not (notebooks.is_setup(cell) or _INJECTED in cell.metadata.get("tags", []))
    ]
    for cell in notebooks.select_code_cells(bare):
        cell.outputs, cell.execution_count = [], None
    return bare


def execute(notebook: Notebook, *, folder: Path, parameters: Mapping[str, object] | None = None) -> Execution:
    """Run `notebook` with `parameters` in `folder` and return the result; a failing cell is a result and not an exception.

    The kernel is the Python that runs this, with one thread, a fixed hash seed and no configuration of its user.
    A run stopped by Ctrl-C or SIGTERM is a result too, as far as it came, if a cell has begun. Raises RuntimeError if
    the kernel does not start, FileError where the scratch folder cannot be written, KeyboardInterrupt where nothing had begun.
    """
    import papermill

    bare = make_bare(notebook)
    start, death, stopped = time.perf_counter(), "", 0
    with _terminate_as_interrupt(), tempfile.TemporaryDirectory() as scratch:
        reads, executed, log = (Path(scratch) / name for name in ("reads", "executed.ipynb", "log"))
        surroundings = {
            **_ONE_THREAD,
            "PYTHONHASHSEED": "0",
            "IPYTHONDIR": str(Path(scratch) / "ipython"),
            "MPLCONFIGDIR": str(_choose_matplotlib_folder(Path(scratch))),
            files.RECORD: str(reads),
            # The kernel stands in another folder, from which a relative one would be another.
            **{name: str(Path(os.environ[name]).expanduser().resolve()) for name in _FOLDERS if os.environ.get(name)},
        }
        if find_home() is None:
            # IPython does not start without one.
            surroundings["HOME"] = scratch
        try:
            with _set_environment(surroundings), files.explain_failure("run in", Path(scratch), remedy=_REMEDY):
                papermill.execute_notebook(
                    bare,
                    str(executed),
                    parameters=dict(parameters or {}),
                    cwd=str(folder.resolve()),
                    kernel_name="python3",
                    kernel_manager_class=_make_kernel_manager(log),
                    progress_bar=False,
                )
        except files.FileError:
            raise
        except KeyboardInterrupt as interruption:
            stopped = interruption.number if isinstance(interruption, _Terminated) else signal.SIGINT
            death = f"stopped by {signal.Signals(stopped).name}"
            if not executed.exists():
                raise
        except Exception as error:
            # A cell's own error stands in the outputs; anything else killed the kernel under a cell.
            death = "\n".join([f"{type(error).__name__}: {error}", *_read_log_end(log)])
            if not executed.exists():
                raise RuntimeError(f"the notebook could not be run: {death}") from error
        seconds = time.perf_counter() - start
        try:
            result = notebooks.load(executed)
        except ValueError:
            # Stopped while the file was being written.
            if stopped:
                raise KeyboardInterrupt from None
            raise
        record = reads.read_text(encoding="utf-8").splitlines() if reads.exists() else []
    result.cells = [cell for cell in result.cells if _PAPERMILL_MARK not in cell.metadata.get("tags", [])]
    result = normalise_notebook(result)
    failure = _find_failure(result, death)
    if failure is not None and stopped:
        failure = replace(failure, error=death, signal=stopped)
    return Execution(notebook=result, reads=tuple(sorted(set(record))), seconds=seconds, failure=failure)


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which batch systems and `timeout` send before they kill."""

    number = signal.SIGTERM


@contextlib.contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end the work within as Ctrl-C does, so that it is cleared up after."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A second one must not stop the clearing up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Terminated

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _choose_matplotlib_folder(scratch: Path) -> Path:
    """Return a folder for matplotlib's settings, of which there are none, and its list of fonts, which takes seconds.

    It is kept in this project's cache; where that cannot be written, in `scratch`.
    """
    try:
        from cl_core.experiments.checkpoints import locate_cache

        folder = locate_cache().absolute() / "matplotlib"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ModuleNotFoundError):
        return scratch / "matplotlib"
    own = (folder / "matplotlibrc").exists() or not os.access(folder, os.W_OK)
    return scratch / "matplotlib" if own else folder


def _read_log_end(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:] if log.exists() else []


def _find_failure(notebook: Notebook, death: str) -> Failure | None:
    cells = list(enumerate(notebooks.select_code_cells(notebook), start=1))
    for number, cell in cells:
        for output in cell.outputs:
            if output.output_type == "error":
                return Failure(cell=number, source=cell.source, error=f"{output.ename}: {_tell_extra(output.evalue)}")
    if not death:
        return None
    number, cell = next(((number, cell) for number, cell in cells if cell.execution_count is None), cells[-1])
    return Failure(cell=number, source=cell.source, error=death)


def _tell_extra(said: str) -> str:
    """Return what an error said, and of a package that an extra brings, which one."""
    missing = re.fullmatch(r"No module named '([\w.]+)'", said)
    return (missing and missing_extra(ModuleNotFoundError(name=missing[1]))) or said


@contextlib.contextmanager
def _set_environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _make_kernel_manager(log: Path) -> type[Any]:
    """Return a kernel manager that starts this interpreter, whatever kernels its user has installed under its name.

    What the kernel itself has to say, mostly on its way out, goes to `log`; what cells print does not.
    """
    import zmq
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class ThisPython(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(resource_dir="", **get_kernel_dict())

        async def start_kernel(self, **options: Any) -> None:
            with log.open("ab") as stderr:
                await super().start_kernel(stderr=stderr, **options)

        @default("transport_encryption")
        def _encrypted_where_possible(self) -> str:
            return "auto" if zmq.has("curve") else "disabled"

    return ThisPython
