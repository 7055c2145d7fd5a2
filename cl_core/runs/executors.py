"""Who does a sweep's runs: processes on this machine, or the workers of a Dask cluster.

An executor gives a pool, a :class:`concurrent.futures.Executor`; the sweep does not know which one it has.
"""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, Protocol, TypeVar

from cl_core.runs.worker import prepare_worker

P = ParamSpec("P")
T = TypeVar("T")


class Executor(Protocol):
    """Workers for a sweep. `shared`: they work in the caller's folders; else they give back results alone.

    A worker that dies breaks the future of its own run alone, so that the sweep knows which run it was.
    """

    shared: bool

    def start_pool(self) -> futures.Executor:
        """Return a pool that hands jobs to the workers; called again if the one before broke."""
        ...

    def count_slots(self) -> int:
        """Return how many runs can be done at a time now."""
        ...

    def shutdown(self) -> None:
        """Stop the workers at once; what they were doing goes on from its checkpoints another time."""
        ...


class LocalExecutor:
    """`jobs` processes on this machine, one thread each. They end with the process that made them, however it ends."""

    shared = True

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise ValueError(f"jobs = {jobs} does not fit; give 1 or more")
        self._jobs = jobs
        self._lifelines: list[Connection] = []

    def start_pool(self) -> futures.Executor:
        """Return a pool of new processes."""
        # A forked child of a process that has run torch may hang.
        context = multiprocessing.get_context("spawn")
        reader, writer = context.Pipe(duplex=False)
        self._lifelines += [reader, writer]
        return _SeparateProcesses(
            self._jobs,
            lambda: futures.ProcessPoolExecutor(1, mp_context=context, initializer=prepare_worker, initargs=(reader,)),
        )

    def count_slots(self) -> int:
        """Return the number of processes."""
        return self._jobs

    def shutdown(self) -> None:
        """End the processes, whatever they are doing."""
        for end in self._lifelines:
            end.close()
        self._lifelines.clear()


class _SeparateProcesses(futures.Executor):
    """Processes in a pool each, as a process that dies breaks all that its pool does."""

    def __init__(self, jobs: int, make_pool: Callable[[], futures.Executor]) -> None:
        self._make_pool = make_pool
        self._pools = [make_pool() for _ in range(jobs)]
        self._given: list[futures.Future[Any] | None] = [None] * jobs

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> futures.Future[T]:
        """Hand `fn` to a process that is idle, else to the first; one that has died is replaced."""
        idle = (slot for slot, given in enumerate(self._given) if given is None or given.done())
        slot = next(idle, 0)
        try:
            future = self._pools[slot].submit(fn, *args, **kwargs)
        except futures.BrokenExecutor:
            self._pools[slot] = self._make_pool()
            future = self._pools[slot].submit(fn, *args, **kwargs)
        self._given[slot] = future
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end after what they do now."""
        for pool in self._pools:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)


class DaskExecutor:
    """The workers of a Dask cluster that `client` speaks to; a run of a worker that dies goes to another."""

    shared = False

    def __init__(self, client: Any) -> None:
        self._client = client

    def start_pool(self) -> futures.Executor:
        """Return the client as a pool."""
        # Runs are not pure: the same job may find another state of the worker's cache.
        pool: futures.Executor = self._client.get_executor(pure=False)
        return pool

    def count_slots(self) -> int:
        """Return the number of the cluster's threads, at least one: it may be growing."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def shutdown(self) -> None:
        """Leave the cluster; its workers drop what this client asked for."""
        self._client.close()


@contextmanager
def open_executor(*, jobs: int, scheduler: str | None = None, cluster: str | None = None) -> Iterator[Executor]:
    """Yield the executor that is asked for: a Dask scheduler's address, ``local:N`` for a Dask cluster here, else local processes.

    A local cluster listens on 127.0.0.1 alone, without a dashboard. Raises ValueError for what does not fit and
    RuntimeError where Dask is not installed.
    """
    if scheduler is not None and cluster is not None:
        raise ValueError("give --scheduler or --cluster, not both")
    if scheduler is not None and not scheduler.strip():
        raise ValueError(f"--scheduler {scheduler!r} names no address; write one such as tcp://10.0.0.1:8786")
    if scheduler is None and cluster is None:
        local = LocalExecutor(jobs)
        try:
            yield local
        finally:
            local.shutdown()
        return
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise RuntimeError("a cluster needs Dask: pip install 'cl-core[cluster]'") from None
    # A worker that dies takes its run down with it; the run itself is not to blame, so it is given out again.
    with dask.config.set({"distributed.scheduler.allowed-failures": 10}):
        if scheduler is not None:
            with Client(scheduler, timeout="20s") as client:
                yield DaskExecutor(client)
            return
        workers = _local_workers(str(cluster))
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
            ) as workers_here,
            Client(workers_here) as client,
        ):
            yield DaskExecutor(client)


def _local_workers(text: str) -> int:
    kind, _, count = text.partition(":")
    if kind != "local" or not count.isdecimal() or int(count) < 1:
        raise ValueError(f"--cluster {text!r} does not fit; write local:2 for a Dask cluster of two workers here")
    return int(count)
