"""An executor that works in this process, for sweeps whose workers need not be processes."""

from concurrent.futures import BrokenExecutor, Executor, Future


class AtOnce(Executor):
    """Does each run as it is handed in, in this process; breaks at the calls that its executor's `breaks` names."""

    def __init__(self, owner):
        self.owner = owner

    def submit(self, work, job):
        self.owner.jobs.append(job.strategy)
        if len(self.owner.jobs) in self.owner.breaks:
            raise BrokenExecutor("a worker died")
        future = Future()
        try:
            future.set_result(work(job))
        except Exception as error:
            future.set_exception(error)
        return future


class ExecutorHere:
    """An executor of one worker, in this process."""

    def __init__(self, shared=True, breaks=()):
        self.shared, self.breaks, self.jobs, self.started, self.shut_down = shared, breaks, [], 0, False

    def start_pool(self):
        self.started += 1
        return AtOnce(self)

    def count_slots(self):
        return 1

    def shutdown(self):
        self.shut_down = True
